// One open record: its view, edits to it, and the last edits to take back.
//
// Invariant: nothing here changes what the screen shows; an edit shows when the core says it is durable.

import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import type { Outcome } from '../../core/client';
import { useClient } from '../../core/hooks';
import { type DocumentId, type FieldName, type Intent, type RecordView, type Typing, type Value, fieldText } from '../../core/records';
import { ja } from '../../i18n/ja';
import { notices } from '../../ui/notices';

export interface Undo {
  readonly label: string;
  readonly intents: readonly Intent[];
}

/** An edit that can be taken back, and the part of the record where it was made. */
export interface Made extends Undo {
  readonly place: string;
}

export interface Editor {
  readonly view: RecordView;
  readonly undo: Made | null;
  /** Whether there is a record, edits on their way included. */
  readonly begun: () => boolean;
  /** The part of the record in sight. */
  readonly look: (place: string) => void;
  readonly takeBack: () => void;
  /** Stores what is being typed so far; whether it is durable. */
  readonly type: (intent: Intent, typing: Typing) => Promise<boolean>;
  /** Over when the edits are durable, or the person has been told that they are not; which of both. */
  readonly edit: (intents: readonly Intent[], undo?: Undo) => Promise<boolean>;
  /** Sets a field; an empty text clears it. */
  readonly set: (field: FieldName, value: Value, label: string) => Promise<boolean>;
}

const EditorContext = createContext<Editor | null>(null);
const UNDO_DEPTH = 50;

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (editor === null) throw new Error('no record is open here');
  return editor;
}

export interface EditorProviderProps {
  readonly document: DocumentId;
  readonly view: RecordView;
  /** What a new record begins with; recorded together with the first entry. */
  readonly first: readonly Intent[];
  readonly children: ReactNode;
}

export function EditorProvider({ document, view, first, children }: EditorProviderProps): ReactNode {
  const client = useClient();
  const unsaid = useRef(first);
  const [stack, setStack] = useState<readonly Made[]>([]);
  /** As [stack], also between two taps that come before the screen is drawn. */
  const undos = useRef(stack);
  const place = useRef('');

  const send = useCallback(
    async (intents: readonly Intent[], label?: string, typing?: Typing): Promise<boolean> => {
      const begun = unsaid.current;
      unsaid.current = [];
      const outcomes = await Promise.all([
        ...begun.map((intent) => client.record(document, view.kind, intent)),
        ...intents.map((intent) => client.record(document, view.kind, intent, typing)),
      ]);
      unsaid.current = [...begun.filter((_, place) => outcomes[place]?.ok === false), ...unsaid.current];
      const isFailed = (outcome: Outcome): boolean => !outcome.ok;
      const failed = outcomes.slice(begun.length).find(isFailed);
      const told = failed ?? outcomes.find(isFailed);
      // what the person did is missing only when it is that which was not stored
      if (told?.ok === false) notices.say(told.problem, failed === undefined ? undefined : label);
      return failed === undefined;
    },
    [client, document, view.kind],
  );

  const editor = useMemo<Editor>(() => {
    const keep = (next: readonly Made[]): void => {
      undos.current = next;
      setStack(next);
    };
    const edit: Editor['edit'] = (intents, undo) => {
      const made = undo === undefined ? null : { ...undo, place: place.current };
      if (made !== null) keep([...undos.current.slice(1 - UNDO_DEPTH), made]);
      // what was not stored is not there to be taken back
      return send(intents, undo?.label).then((stored) => {
        if (!stored) keep(undos.current.filter((one) => one !== made));
        return stored;
      });
    };
    return {
      view,
      undo: stack.at(-1) ?? null,
      begun: () => unsaid.current.length === 0,
      look(next) {
        place.current = next;
      },
      takeBack() {
        const last = undos.current.at(-1);
        if (last === undefined) return;
        keep(undos.current.slice(0, -1));
        void send(last.intents, ja.session.undo(last.label)).then((stored) => {
          if (!stored) keep([...undos.current, last]);
        });
      },
      type: (intent, typing) => send([intent], undefined, typing),
      edit,
      async set(field, value, label) {
        const before = view.fields[field]?.value ?? null;
        const next = value === '' ? null : value;
        if (next === before && (view.fields[field]?.alternatives.length ?? 0) === 0) return true;
        return edit([{ type: 'set', field, value: next }], { label, intents: [{ type: 'set', field, value: before }] });
      },
    };
  }, [view, stack, send]);

  return <EditorContext value={editor}>{children}</EditorContext>;
}

/** The shown text of a field, empty when it has none. */
export function useField(field: FieldName): string {
  return fieldText(useEditor().view, field) ?? '';
}
