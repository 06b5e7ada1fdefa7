// How much a box of text takes. What is too long does not go in: the box stays as it was and says why, so that nothing stands
// there that cannot be stored. What was too long already may become shorter.

import { type ChangeEvent, useRef, useState } from 'react';

type TextBox = HTMLInputElement | HTMLTextAreaElement;

interface Text {
  readonly text: string;
  readonly change: (text: string) => void;
  readonly converts: (converting: boolean) => void;
}

export interface Limited {
  /** How long the text would have been that did not go in. */
  readonly refused: number | null;
  readonly handlers: {
    readonly onChange: (event: ChangeEvent<TextBox>) => void;
    readonly onCompositionStart: () => void;
    readonly onCompositionEnd: () => void;
  };
}

/** Letters that are being converted go in, and out again when there is no room for what became of them. */
export function useLimit(draft: Text, limit: number): Limited {
  const [refused, setRefused] = useState<number | null>(null);
  const before = useRef<string | null>(null);
  const take = (next: string, was: string): boolean => {
    const fits = next.length <= limit || next.length < was.length;
    setRefused(fits ? null : next.length);
    return fits;
  };
  return {
    refused,
    handlers: {
      onChange: ({ target: { value } }) => {
        if (before.current !== null || take(value, draft.text)) draft.change(value);
      },
      onCompositionStart: () => {
        before.current = draft.text;
        draft.converts(true);
      },
      onCompositionEnd: () => {
        const was = before.current ?? draft.text;
        before.current = null;
        if (!take(draft.text, was)) draft.change(was);
        draft.converts(false);
      },
    },
  };
}
