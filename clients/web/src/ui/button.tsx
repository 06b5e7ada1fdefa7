// Buttons: at least 44 px high, and never quieter than what they do.

import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';

export type ButtonLook = 'primary' | 'secondary' | 'quiet';

const LOOKS: Record<ButtonLook, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover pressed:bg-accent-press',
  secondary: 'border border-accent-ink bg-surface text-accent-ink hover:bg-accent-faint pressed:bg-accent-soft',
  quiet: 'text-accent-ink hover:bg-accent-faint pressed:bg-accent-soft',
};

const SIZES = { large: 'min-h-14 px-6', medium: 'min-h-11 px-4' } as const;

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children'> {
  readonly look?: ButtonLook;
  readonly size?: keyof typeof SIZES;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Button({ look = 'secondary', size = 'medium', className = '', ...rest }: ButtonProps): ReactNode {
  return (
    <AriaButton
      {...rest}
      className={`inline-flex cursor-pointer items-center justify-center gap-2 rounded-8 py-1.5 text-center leading-130 font-bold disabled:cursor-default disabled:border-line disabled:bg-sunken disabled:text-muted ${LOOKS[look]} ${SIZES[size]} ${className}`}
    />
  );
}
