// One of a few: words to press, side by side.

import type { ReactNode } from 'react';
import { Label, Radio, RadioGroup } from 'react-aria-components';

export interface ChipsProps {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly value: string | null;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

export function Chips({ label, hideLabel = false, value, options, onChange }: ChipsProps): ReactNode {
  return (
    <RadioGroup value={value} onChange={onChange} orientation="horizontal" className="flex flex-col gap-1.5">
      <Label className={hideLabel ? 'sr-only' : 'font-bold'}>{label}</Label>
      <div className="flex flex-wrap gap-2">
        {options.map((option) => (
          <Radio
            key={option.value}
            value={option.value}
            className="relative flex min-h-11 cursor-pointer items-center rounded-full border border-line-strong bg-surface px-4 py-1.5 leading-130 hover:bg-accent-faint selected:border-accent selected:bg-accent selected:font-bold selected:text-on-accent"
          >
            {option.label}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
