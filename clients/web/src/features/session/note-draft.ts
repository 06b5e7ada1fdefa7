// What is being typed into a long text: stored while it is typed, one edit when the person leaves the box.
//
// Invariants: each letter is on its way to the disk at once, or as soon as the one before has come there; the box shows the record's text only when nothing
// of its own is on the way or stored as a draft, so that no letter goes while somebody types.
// Deliberately absent: merging. The core is told what the person saw and what they made of it.

import { useCallback, useEffect, useRef, useState } from 'react';
import type { TextName } from '../../core/records';
import { useLeaving } from '../../ui/leaving';
import { useEditor } from './editor';

/** Letters that are being converted for long are said again, before a pause would make an edit of them. */
const CONVERTING_MS = 5_000;

export interface NoteDraft {
  readonly text: string;
  /** Everything shown is on the disk. */
  readonly stored: boolean;
  readonly change: (text: string) => void;
  readonly converts: (converting: boolean) => void;
  readonly leave: () => void;
}

export function useNoteDraft(name: TextName, limit: number): NoteDraft {
  const { view, type } = useEditor();
  const record = view.texts[name];
  const [text, setText] = useState(record);
  const [stored, setStored] = useState(true);
  const box = useRef({ type, text: record, base: record, said: record, place: crypto.randomUUID(), typing: false, underway: 0, timer: 0, converting: false });
  box.current.type = type;

  const say = useCallback(
    (ends: boolean): void => {
      const now = box.current;
      window.clearTimeout(now.timer);
      now.timer = 0;
      if (now.text.length > limit || (ends ? !now.typing && now.text === now.base : now.text === now.said && !now.converting)) return;
      const { base, place, text: value } = now;
      now.said = value;
      now.typing = !ends;
      if (ends) [now.base, now.place] = [value, crypto.randomUUID()];
      now.underway += 1;
      void now.type({ type: 'write', text: name, base, value }, { place, ends }).then((ok) => {
        now.underway -= 1;
        if (!ok && now.underway === 0) {
          // nothing newer was stored: it is said once more with the next letter, or on leaving
          if (ends) [now.base, now.place] = [base, place];
          [now.typing, now.said] = [true, ''];
        }
        setStored(ok && now.underway === 0 && now.said === now.text);
        // what was typed meanwhile
        if (ok && now.underway === 0 && now.text !== now.said) say(false);
      });
    },
    [name, limit],
  );

  const wait = useCallback((): void => {
    box.current.timer = window.setTimeout(() => {
      say(false);
      if (box.current.converting) wait();
    }, CONVERTING_MS);
  }, [say]);

  const change = useCallback(
    (next: string): void => {
      box.current.text = next;
      setText(next);
      setStored(false);
      if (box.current.underway === 0) say(false);
      if (box.current.converting && box.current.timer === 0) wait();
    },
    [say, wait],
  );

  // a view that came while something of the box was on the way is older than it
  useEffect(() => {
    const now = box.current;
    if (now.underway > 0 || now.converting || now.text !== now.said || view.drafts.includes(now.place) || now.text === record) return;
    [now.text, now.base, now.said, now.typing, now.place] = [record, record, record, false, crypto.randomUUID()];
    setText(record);
  }, [view, record]);

  const converts = useCallback((converting: boolean): void => {
    box.current.converting = converting;
  }, []);
  const leave = useCallback(() => say(true), [say]);
  useLeaving(leave);
  return { text, stored, change, converts, leave };
}
