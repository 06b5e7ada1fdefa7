// Labelled inputs. Text is kept as it is typed: after a pause, on leaving the field, and when the page goes out of sight.

import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from 'react';
import { ja } from '../i18n/ja';
import { useLeaving } from './leaving';
import { useLimit } from './limit';
import { PersonalWarning } from './personal';

export const INPUT =
  'w-full min-h-12 rounded-8 border border-line-strong bg-surface px-3 py-2 text-[1.0625rem] text-ink hover:border-ink';

export interface Draft {
  readonly text: string;
  /** What stands in the box could not be stored. */
  readonly isUnsaved: boolean;
  readonly change: (text: string) => void;
  /** Letters are being converted, or have been. */
  readonly converts: (converting: boolean) => void;
  readonly visit: () => void;
  readonly flush: () => void;
  readonly leave: () => void;
}

/** How long what was kept may take to show in the record. */
export const SHOWN_MS = 1_000;

/**
 * `keep` is called with the whole text, each second while something is typed and not being converted, and says whether that is
 * durable. A box that was left shows what is stored: the core takes signs away that nobody sees. What could not be stored stays
 * and is marked; it is tried again with the next letter, and when the box is left.
 */
export function useDraft(stored: string, keep: (text: string) => Promise<boolean>, pauseMs = 1000): Draft {
  const [text, setText] = useState(stored);
  const [isUnsaved, setUnsaved] = useState(false);
  const state = useRef({ text: stored, base: stored, kept: stored, failed: false, keep, timer: 0, converting: false, underway: 0, left: true });
  state.current.keep = keep;

  /** Unless something newer stands in the box, or is on its way. */
  const showStored = useCallback(() => {
    const now = state.current;
    if (!now.left || now.failed || now.underway > 0 || now.text !== now.kept) return;
    now.text = now.kept = now.base;
    setText(now.base);
  }, []);

  const flush = useCallback(() => {
    const now = state.current;
    window.clearTimeout(now.timer);
    now.timer = 0;
    if (now.text === now.kept && !now.failed) return;
    const tried = now.text;
    now.kept = tried;
    now.underway += 1;
    void now.keep(tried).then((isStored) => {
      now.underway -= 1;
      // of what was tried since, its own answer tells
      if (now.kept !== tried) return;
      now.failed = !isStored;
      setUnsaved(!isStored);
      window.setTimeout(showStored, SHOWN_MS);
    });
  }, [showStored]);

  /** Half-converted letters are no entry yet. */
  const pause = useCallback(() => {
    if (state.current.converting) state.current.timer = window.setTimeout(pause, pauseMs);
    else flush();
  }, [flush, pauseMs]);

  const change = useCallback(
    (next: string) => {
      state.current.text = next;
      setText(next);
      if (state.current.timer === 0) state.current.timer = window.setTimeout(pause, pauseMs);
    },
    [pause, pauseMs],
  );

  useEffect(() => {
    const now = state.current;
    const untouched = now.text === now.base || now.text === stored;
    now.base = stored;
    if (!untouched) return showStored();
    [now.text, now.kept] = [stored, stored];
    setText(stored);
  }, [stored, showStored]);

  useLeaving(flush);

  const converts = useCallback((converting: boolean) => {
    state.current.converting = converting;
  }, []);

  const visit = useCallback(() => {
    state.current.left = false;
  }, []);
  const leave = useCallback(() => {
    flush();
    state.current.left = true;
    showStored();
  }, [flush, showStored]);

  return { text, isUnsaved, change, converts, visit, flush, leave };
}

export interface LabelledProps {
  readonly label: string;
  /** Says what to enter; stands above the field. */
  readonly help?: string;
  /** Says how the entry reads; stands below the field. */
  readonly note?: string;
  readonly className?: string;
}

export function Labelled({ label, help, note, className = '', children }: LabelledProps & { readonly children: (id: string, helpId: string | undefined) => ReactNode }): ReactNode {
  const id = useId();
  const helpId = help === undefined ? undefined : `${id}-help`;
  return (
    <div className={`flex flex-col gap-1.5 ${className}`}>
      <label htmlFor={id} className="font-bold">{label}</label>
      {help !== undefined && <p id={helpId} className="-mt-1 text-[0.875rem] text-muted">{help}</p>}
      {children(id, helpId)}
      {note !== undefined && <p className="text-[0.875rem] text-muted">{note}</p>}
    </div>
  );
}

/** Why a text did not go into a box. */
export function NoRoom({ limit, refused }: { readonly limit: number; readonly refused: number | null }): ReactNode {
  return (
    <div role="status">
      {refused !== null && <p className="rounded-8 bg-danger-soft px-3 py-1.5 text-[0.9375rem] text-danger">{ja.box.noRoom(limit, refused)}</p>}
    </div>
  );
}

export interface TextInputProps extends LabelledProps {
  readonly value: string;
  /** Whether it is durable; otherwise the person has been told why. */
  readonly onKeep: (text: string) => Promise<boolean>;
  readonly suggestions?: readonly string[];
  readonly maxLength?: number;
}

export function TextInput({ value, onKeep, suggestions = [], maxLength = 200, ...labelled }: TextInputProps): ReactNode {
  const draft = useDraft(value, (text) => onKeep(text.trim()));
  const { refused, handlers } = useLimit(draft, maxLength);
  const listId = useId();
  return (
    <Labelled {...labelled}>
      {(id, helpId) => (
        <>
          <input
            id={id}
            aria-describedby={helpId}
            className={INPUT}
            value={draft.text}
            autoComplete="off"
            list={suggestions.length > 0 ? listId : undefined}
            {...handlers}
            onFocus={draft.visit}
            onBlur={draft.leave}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.nativeEvent.isComposing) draft.flush();
            }}
          />
          <NoRoom limit={maxLength} refused={refused} />
          {draft.isUnsaved && <p role="status" className="rounded-8 bg-danger-soft px-3 py-1.5 text-[0.9375rem] text-danger"><b>{ja.box.unsaved}</b>　{ja.box.notStored}</p>}
          <PersonalWarning text={draft.text} />
          {suggestions.length > 0 && <datalist id={listId}>{suggestions.map((item) => <option key={item} value={item} />)}</datalist>}
        </>
      )}
    </Labelled>
  );
}

export interface SelectOption {
  readonly value: string;
  readonly label: string;
}

export interface SelectInputProps extends LabelledProps {
  readonly value: string;
  readonly onKeep: (value: string) => void;
  readonly groups: readonly { readonly label: string | null; readonly options: readonly SelectOption[] }[];
  readonly empty: string;
}

/** The system's own list: the largest targets, and known from everywhere. */
export function SelectInput({ value, onKeep, groups, empty, ...labelled }: SelectInputProps): ReactNode {
  const option = (item: SelectOption): ReactNode => <option key={item.value} value={item.value}>{item.label}</option>;
  const known = groups.some((group) => group.options.some((item) => item.value === value));
  return (
    <Labelled {...labelled}>
      {(id, helpId) => (
        <select id={id} aria-describedby={helpId} className={INPUT} value={value} onChange={(event) => onKeep(event.target.value)}>
          <option value="">{empty}</option>
          {!known && value !== '' && <option value={value}>{value}</option>}
          {groups.map((group) =>
            group.label === null ? group.options.map(option) : <optgroup key={group.label} label={group.label}>{group.options.map(option)}</optgroup>,
          )}
        </select>
      )}
    </Labelled>
  );
}
