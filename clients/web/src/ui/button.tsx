// Buttons: at least 44 px high, and never quieter than what they do.
//
// A button acts once: while what it began is not over, further presses are none.

import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { useOnce } from './once';

export type ButtonLook = 'primary' | 'secondary' | 'quiet';

const LOOKS: Record<ButtonLook, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover pressed:bg-accent-press',
  secondary: 'border border-accent-ink bg-surface text-accent-ink hover:bg-accent-faint pressed:bg-accent-soft',
  quiet: 'text-accent-ink hover:bg-accent-faint pressed:bg-accent-soft',
};

const SIZES = { large: 'min-h-14 px-6', medium: 'min-h-11 px-4' } as const;

export interface Look {
  readonly look?: ButtonLook;
  readonly size?: keyof typeof SIZES;
  readonly className?: string;
}

export function classesOf({ look = 'secondary', size = 'medium', className = '' }: Look): string {
  return `inline-flex cursor-pointer items-center justify-center gap-2 rounded-8 py-1.5 text-center leading-130 font-bold disabled:cursor-default disabled:border-line disabled:bg-sunken disabled:text-muted ${LOOKS[look]} ${SIZES[size]} ${className}`;
}

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'onPress'>, Look {
  /** A promise is open for as long as the act goes on. */
  readonly onPress?: () => unknown;
  readonly children: ReactNode;
}

const nothing = (): void => undefined;

export function Button({ look, size, className, onPress, ...rest }: ButtonProps): ReactNode {
  const { run, goesOn } = useOnce(onPress ?? nothing);
  return (
    <AriaButton
      {...rest}
      {...(goesOn ? { 'aria-busy': true } : {})}
      onPress={() => run()}
      className={classesOf({ ...(look && { look }), ...(size && { size }), ...(className && { className }) })}
    />
  );
}
