// Counters: the product. A large plus, a small minus, who counted how many; or the whole number typed in.

import { createContext, type ReactNode, useContext, useRef, useState } from 'react';
import { useReady, useSnapshot } from '../../core/hooks';
import { type Intent, tally, type Tally } from '../../core/records';
import type { Registry } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { deviceName } from './conflict';
import { useEditor } from './editor';
import { parseCount } from './numbers';

/** Whether counters take typed numbers at the moment. */
export const TypingContext = createContext(false);

/** 「この端末 4」「職員2号機 2」, this tablet first. */
export function countedBy(counted: Tally, own: string, registry: Registry): readonly string[] {
  return Object.entries(counted.by_device)
    .sort(([a], [b]) => (a === own ? -1 : b === own ? 1 : a < b ? -1 : 1))
    .map(([device, count]) => `${device === own ? ja.thisTablet : deviceName(registry, device)} ${count}`);
}

function Typed({ label, measure, total }: { readonly label: string; readonly measure: string; readonly total: number | null }): ReactNode {
  const { edit } = useEditor();
  const [text, setText] = useState<string | null>(null);
  const [invalid, setInvalid] = useState(false);
  /** What the person saw when they began to type: others may count meanwhile, and theirs must stay. */
  const seen = useRef<number | null>(total);

  const keep = (): void => {
    if (text === null) return;
    const count = parseCount(text);
    if (text.trim() === '') {
      setText(null);
      if (seen.current === null) return;
      const before = seen.current;
      edit([{ type: 'void', measure, seen: before }], { label: ja.counter.undoVoid(label), intents: [{ type: 'count', measure, by: before, reason: 'undo' }] });
      return;
    }
    setInvalid(count === null);
    if (count === null) return;
    setText(null);
    const by = count - (seen.current ?? 0);
    if (seen.current !== null && by === 0) return;
    const back: Intent = seen.current === null ? { type: 'void', measure, seen: count } : { type: 'count', measure, by: -by, reason: 'undo' };
    const undo = { label: `${label} ${count}`, intents: [back] };
    edit([{ type: 'count', measure, by, reason: 'recount' }], undo);
  };

  return (
    <div className="flex flex-col items-end gap-1">
      <input
        aria-label={ja.counter.entry(label)}
        aria-invalid={invalid}
        inputMode="numeric"
        autoComplete="off"
        maxLength={6}
        className="num h-16 w-28 rounded-8 border border-line-strong bg-surface px-3 text-right text-[1.75rem]"
        value={text ?? (total === null ? '' : String(total))}
        placeholder="—"
        onFocus={(event) => {
          seen.current = total;
          event.target.select();
        }}
        onChange={(event) => {
          if (text === null) seen.current = total;
          setText(event.target.value);
        }}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) event.currentTarget.blur();
        }}
      />
      {invalid && <span role="alert" className="text-[0.875rem] text-danger">{ja.counter.invalid}</span>}
    </div>
  );
}

export interface CounterProps {
  readonly label: string;
  readonly measure: string;
  /** What undo calls it, when the label alone would be unclear. */
  readonly name?: string;
}

export function Counter({ label, measure, name = label }: CounterProps): ReactNode {
  const { view, edit } = useEditor();
  const { identity } = useReady();
  const { registry } = useSnapshot();
  const typing = useContext(TypingContext);
  const counted = tally(view, measure);
  const total = counted?.total ?? null;
  const own = counted?.by_device[identity.device] ?? 0;

  const count = (by: 1 | -1): void =>
    edit([{ type: 'count', measure, by, reason: by < 0 ? 'mistake' : null }], {
      label: ja.counter.undoPlus(name, by),
      intents: [{ type: 'count', measure, by: -by, reason: 'undo' }],
    });

  return (
    <section
      aria-label={name}
      className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-3 rounded-12 border border-line bg-surface py-3 pr-3 pl-5"
    >
      <div>
        <h3 className="text-[1.0625rem]">{label}</h3>
        {total === null ? (
          <p className="text-[1.25rem] leading-[3rem] text-muted">{ja.none}</p>
        ) : (
          <p className="num text-[2.5rem] leading-[3rem]">{total}</p>
        )}
        <p className="min-h-5 text-[0.8125rem] leading-150 text-muted">
          {(counted === null ? [] : countedBy(counted, identity.device, registry)).map((part, index) => (
            <span key={part} className="inline-block whitespace-nowrap">{index > 0 && ja.separator}{part}</span>
          ))}
        </p>
      </div>
      {typing ? (
        <Typed label={name} measure={measure} total={total} />
      ) : (
        <div className="flex items-center gap-2">
          <Button
            look="quiet"
            className="size-13 !rounded-full border border-line !p-0 text-[1.5rem] !font-normal !text-muted"
            aria-label={ja.counter.minus(name)}
            isDisabled={own <= 0}
            onPress={() => count(-1)}
          >
            −
          </Button>
          <Button look="primary" className="size-[5.5rem] !rounded-16 !p-0 text-[2.625rem] !leading-100 !font-normal" aria-label={ja.counter.plus(name)} onPress={() => count(1)}>
            ＋
          </Button>
        </div>
      )}
    </section>
  );
}

/** Side by side as the width allows. */
export function CounterGrid({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className="grid gap-3 grid-cols-[repeat(auto-fill,minmax(min(19.5rem,100%),1fr))]">{children}</div>;
}
