// Counters: the product. A large plus, a small minus, who counted how many; or the whole number typed in.

import { createContext, type ReactNode, useContext, useEffect, useId, useRef } from 'react';
import { useReady, useSnapshot } from '../../core/hooks';
import { type Intent, tally, type Tally } from '../../core/records';
import type { Registry } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { announce } from '../../ui/announce';
import { TapButton } from '../../ui/tap-button';
import { Unsaved, useBox } from '../../ui/value-box';
import { type Reading, readCount } from '../../i18n/values';
import { deviceName } from './conflict';
import { useEditor } from './editor';

const NOBODY: Tally['by_device'] = {};

/** Whether counters take typed numbers at the moment. */
export const TypingContext = createContext(false);

/** 「この端末 4」「職員2号機 2」, this tablet first; and the heads carried over, which are in the number too. */
function countedBy(counted: Tally, own: string, registry: Registry): readonly string[] {
  const parts = Object.entries(counted.by_device)
    .sort(([a], [b]) => (a === own ? -1 : b === own ? 1 : a < b ? -1 : 1))
    .map(([device, count]) => `${device === own ? ja.thisTablet : deviceName(registry, device)} ${count}`);
  return counted.carried > 0 ? [ja.attendance.carriedOver(counted.carried), ...parts] : parts;
}

interface TypedProps {
  readonly label: string;
  readonly measure: string;
  /** This tablet. */
  readonly own: string;
  /** Whether anybody has counted this measure. */
  readonly isReported: boolean;
  readonly total: number | null;
  /** Of the total, who counted how many. */
  readonly counts: Tally['by_device'];
  /** Of the total, what was counted beside the measure: less cannot be typed. */
  readonly beside: number;
}

type Seen = Pick<TypedProps, 'total' | 'counts' | 'beside'>;

/** Takes back what was counted on this tablet; of the first count of a measure nothing remains. */
function uncount(measure: string, own: string, by: number, isFirst: boolean): Intent {
  return isFirst ? { type: 'void', measure, seen: by, counts: { [own]: by } } : { type: 'count', measure, by: -by, reason: 'undo' };
}

function Typed({ label, measure, own, isReported, total, counts, beside }: TypedProps): ReactNode {
  const { view, edit } = useEditor();
  const isApart = view.typed_apart.includes(measure);
  const reasonId = useId();
  /** What the person saw when they began to type: others may count meanwhile, and theirs must stay. Null: nobody types. */
  const begun = useRef<Seen | null>(null);
  const end = (): Seen => {
    const seen = begun.current ?? { total: null, counts, beside };
    begun.current = null;
    return seen;
  };

  const keep = async (count: number): Promise<void> => {
    const { total: before } = end();
    const by = count - (before ?? 0);
    if (before !== null && by === 0 && !isApart) return;
    await edit([{ type: 'count', measure, by, reason: 'recount' }], { label: `${label} ${count}`, intents: [uncount(measure, own, by, !isReported)] });
  };
  /** An emptied box: nobody reported any. */
  const clear = async (): Promise<void> => {
    const seen = end();
    if (seen.total === null || seen.total === seen.beside) return;
    const counted = seen.total - seen.beside;
    await edit([{ type: 'void', measure, seen: counted, counts: seen.counts }], { label: ja.counter.undoVoid(label), intents: [{ type: 'count', measure, by: counted, reason: 'undo' }] });
  };
  const read = (typed: string): Reading<number> => {
    const reading = readCount(typed);
    return reading.ok && reading.value < beside ? { ok: false, reason: ja.counter.atLeast(beside) } : reading;
  };
  const box = useBox({ label, stored: total === null ? '' : String(total), read, keep, clear, again: isApart });

  return (
    <>
      <input
        aria-label={ja.counter.entry(label)}
        aria-invalid={box.reason !== null}
        aria-describedby={reasonId}
        inputMode="numeric"
        autoComplete="off"
        maxLength={20}
        className="num h-16 w-28 rounded-8 border border-line-strong bg-surface px-3 text-right text-[1.75rem] aria-invalid:border-2 aria-invalid:border-danger"
        value={box.text}
        placeholder="—"
        onFocus={(event) => event.target.select()}
        onChange={(event) => {
          begun.current ??= { total, counts, beside };
          box.change(event.target.value);
        }}
        onBlur={box.leave}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) event.currentTarget.blur();
        }}
      />
      <div className="col-span-full [&:not(:has(p))]:-mt-3"><Unsaved id={reasonId} reason={box.reason} /></div>
    </>
  );
}

export interface CounterProps {
  readonly label: string;
  readonly measure: string;
  /** What undo calls it, when the label alone would be unclear. */
  readonly name?: string;
  /** What was counted beside its measure and belongs to the number shown; 0: nothing. */
  readonly beside?: number;
}

export function Counter({ label, measure, name = label, beside = 0 }: CounterProps): ReactNode {
  const { view, edit } = useEditor();
  const { identity } = useReady();
  const { registry } = useSnapshot();
  const typing = useContext(TypingContext);
  const counted = tally(view, measure);
  const total = counted === null && beside === 0 ? null : (counted?.total ?? 0) + beside;
  const own = counted?.by_device[identity.device] ?? 0;

  const tapped = useRef(false);
  useEffect(() => {
    if (tapped.current && total !== null) announce(name, String(total));
  }, [name, total]);

  /** Taps that are not durable yet. */
  const underWay = useRef(0);

  const count = (by: 1 | -1): void => {
    // several quick taps on − come before the number has changed
    if (by < 0 && own + underWay.current <= 0) return;
    tapped.current = true;
    const isFirst = counted === null && underWay.current === 0;
    underWay.current += by;
    const stored = edit([{ type: 'count', measure, by, reason: by < 0 ? 'mistake' : null }], {
      label: ja.counter.undoPlus(name, by),
      intents: [uncount(measure, identity.device, by, isFirst)],
    });
    void stored.finally(() => {
      underWay.current -= by;
    });
  };

  return (
    <section
      aria-label={name}
      className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-3 rounded-12 border border-line bg-surface py-3 pr-3 pl-5 slim:grid-cols-1 slim:px-2"
    >
      <div>
        <h3 className="text-[1.0625rem]">{label}</h3>
        {total === null ? (
          <p className="text-[1.25rem] leading-[3rem] text-muted">{ja.none}</p>
        ) : (
          <p className="num text-[2.5rem] leading-[3rem] whitespace-nowrap">{total}</p>
        )}
        <p className="min-h-5 text-[0.8125rem] leading-150 text-muted">
          {(counted === null ? [] : countedBy(counted, identity.device, registry)).map((part, index) => (
            <span key={part} className="inline-block whitespace-nowrap">{index > 0 && ja.separator}{part}</span>
          ))}
        </p>
      </div>
      {view.typed_apart.includes(measure) && <p className="col-span-full text-[0.875rem] text-wait">{ja.counter.typedApart}</p>}
      {typing ? (
        <Typed label={name} measure={measure} own={identity.device} isReported={counted !== null} total={total} counts={counted?.by_device ?? NOBODY} beside={beside} />
      ) : (
        <div className="flex items-center gap-2">
          <TapButton
            look="quiet"
            className="size-13 shrink-0 !rounded-full slim:size-11 border border-line !p-0 text-[1.5rem] !font-normal !text-muted"
            label={ja.counter.minus(name)}
            isDisabled={own <= 0}
            onTap={() => count(-1)}
          >
            −
          </TapButton>
          <TapButton look="primary" className="size-[5.5rem] !rounded-16 slim:w-auto slim:min-w-0 slim:flex-1 !p-0 text-[2.625rem] !leading-100 !font-normal" label={ja.counter.plus(name)} onTap={() => count(1)}>
            ＋
          </TapButton>
        </div>
      )}
    </section>
  );
}

/** Side by side as the width allows. */
export function CounterGrid({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className="grid gap-3 grid-cols-[repeat(auto-fill,minmax(min(19.5rem,100%),1fr))]">{children}</div>;
}
