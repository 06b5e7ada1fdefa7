// Boxes for dates, times and numbers. What a box shows is what is stored, or it is marked 未保存 with the reason beside it.
//
// A value is kept when the box is left or the hand has rested for a while, and only when it is whole: what is passed on the
// way to it (1 before 12, a day before its second digit) is never stored.

import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { ja } from '../i18n/ja';
import { INPUT, Labelled, type LabelledProps, SHOWN_MS } from './field';
import { useLeaving } from './leaving';
import { notices } from './notices';
import { DAYS, type Reading } from '../i18n/values';

const REST_MS = 2_500;

export interface Box {
  readonly text: string;
  /** Why what stands in the box is not stored. */
  readonly reason: string | null;
  readonly change: (text: string, isPart?: boolean) => void;
  readonly leave: () => void;
}

export interface BoxOptions<T> {
  readonly label: string;
  /** What the record holds, as the box shows it. */
  readonly stored: string;
  readonly read: (typed: string) => Reading<T>;
  /** Over when it is stored, or the person has been told that it is not. */
  readonly keep: (value: T) => unknown;
  /** The same value is kept as well when somebody types it. */
  readonly again?: boolean;
  /** What an emptied box means; without it the box shows again what is stored. */
  readonly clear?: () => unknown;
}

interface Typed {
  readonly text: string;
  /** Something stands in the box, but no whole value: only the browser knows it. */
  readonly isPart: boolean;
}

export function useBox<T>(options: BoxOptions<T>): Box {
  const [typed, setTyped] = useState<Typed | null>(null);
  /** The hand has left or rested since it last typed. */
  const [rested, setRested] = useState(false);
  const [kept, setKept] = useState(false);
  const now = useRef({ options, typed, kept });
  now.current = { ...now.current, options, typed, kept };

  const isEmpty = typed !== null && typed.text.trim() === '' && !typed.isPart;
  const reading = typed === null || isEmpty ? null : options.read(typed.text);

  const done = (of: Typed): void => {
    if (now.current.typed === of) setTyped(null);
  };
  const settle = (): void => {
    const { options: { stored, read, keep, clear, again }, typed: mine, kept: was } = now.current;
    if (mine === null || was) return;
    const empty = mine.text.trim() === '' && !mine.isPart;
    if (empty && (clear === undefined || stored === '')) return done(mine);
    const value = empty ? null : read(mine.text);
    if (value?.ok === false) return setRested(true);
    if (value !== null && again !== true && String(value.value) === stored) return done(mine);
    now.current.kept = true;
    setKept(true);
    const ended = value === null ? clear?.() : keep(value.value);
    void Promise.resolve(ended).finally(() => setTimeout(() => done(mine), SHOWN_MS));
  };
  const settled = useRef(settle);
  settled.current = settle;

  // the record has what was kept, or something else from elsewhere
  useEffect(() => {
    if (now.current.kept) setTyped(null);
  }, [options.stored]);
  // what it stands beside has changed, so that it fits now
  const fits = reading?.ok === true;
  useEffect(() => {
    if (rested && fits) settled.current();
  }, [rested, fits]);
  useEffect(() => {
    if (typed === null) {
      setKept(false);
      setRested(false);
      return undefined;
    }
    const timer = setTimeout(() => settled.current(), REST_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  useLeaving(settle);
  // what could not be stored goes with the box, and not without a word
  useEffect(() => () => {
    const { options: { label, read }, typed: mine, kept: was } = now.current;
    if (mine === null || was || (mine.text.trim() === '' && !mine.isPart)) return;
    const value = read(mine.text);
    if (!value.ok) notices.tell(ja.box.lost(label, mine.text, value.reason));
  }, []);

  return {
    text: typed?.text ?? options.stored,
    reason: rested && reading?.ok === false ? reading.reason : null,
    change: (text, isPart = false) => {
      const next = { text, isPart };
      now.current = { ...now.current, typed: next, kept: false };
      setKept(false);
      setRested(false);
      setTyped(next);
    },
    leave: settle,
  };
}

/** 未保存 and why, beside the box. */
export function Unsaved({ id, reason }: { readonly id: string; readonly reason: string | null }): ReactNode {
  return (
    <div id={id} role="status">
      {reason !== null && <p className="rounded-8 bg-danger-soft px-3 py-1.5 text-[0.9375rem] text-danger"><b>{ja.box.unsaved}</b>　{reason}</p>}
    </div>
  );
}

type ValueInputProps<T> = LabelledProps & Omit<BoxOptions<T>, 'label'> & { readonly type: 'date' | 'time' | 'minutes'; readonly children?: ReactNode };

const KINDS = {
  date: { type: 'date', min: DAYS.first, max: DAYS.last },
  time: { type: 'time' },
  minutes: { type: 'text', inputMode: 'numeric', maxLength: 20 },
} as const;

/** A labelled box for one value. */
export function ValueInput<T>({ type, stored, read, keep, clear, children, ...labelled }: ValueInputProps<T>): ReactNode {
  const box = useBox({ label: labelled.label, stored, read, keep, ...(clear && { clear }) });
  const reasonId = useId();
  return (
    <Labelled {...labelled}>
      {(id, helpId) => (
        <>
          <input
            {...KINDS[type]}
            id={id}
            aria-invalid={box.reason !== null}
            aria-describedby={[helpId, reasonId].filter((part) => part !== undefined).join(' ')}
            autoComplete="off"
            className={`${INPUT} tabular-nums aria-invalid:border-2 aria-invalid:border-danger`}
            value={box.text}
            onChange={(event) => box.change(event.target.value, event.target.validity.badInput)}
            onInput={(event) => {
              // a part of a date changes what is shown, but not the value
              const { value, validity } = event.currentTarget;
              if (value === '' && validity.badInput) box.change('', true);
            }}
            onBlur={(event) => {
              // a part of a date in a box that was empty is told to nobody
              if (event.target.validity.badInput) box.change('', true);
              box.leave();
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.nativeEvent.isComposing) box.leave();
            }}
          />
          <Unsaved id={reasonId} reason={box.reason} />
          {children}
        </>
      )}
    </Labelled>
  );
}

