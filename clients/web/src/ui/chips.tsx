// One of a few: words to press, side by side. The browser's own radio buttons, under the words.

import { type ReactNode, useId } from 'react';

export interface ChipsProps {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly value: string | null;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

export function Chips({ label, hideLabel = false, value, options, onChange }: ChipsProps): ReactNode {
  const id = useId();
  return (
    <div role="radiogroup" aria-labelledby={id} className="flex flex-col gap-1.5">
      <span id={id} className={hideLabel ? 'sr-only' : 'font-bold'}>{label}</span>
      <div className="flex flex-wrap gap-2">
        {options.map((option) => (
          <label
            key={option.value}
            className="relative flex min-h-11 cursor-pointer items-center rounded-full border border-line-strong bg-surface px-4 py-1.5 leading-130 outline-offset-2 outline-focus hover:bg-accent-faint has-checked:border-accent has-checked:bg-accent has-checked:font-bold has-checked:text-on-accent has-focus-visible:outline-3"
          >
            <input type="radio" name={id} value={option.value} checked={option.value === value} onChange={() => onChange(option.value)} className="sr-only" />
            {option.label}
          </label>
        ))}
      </div>
    </div>
  );
}
