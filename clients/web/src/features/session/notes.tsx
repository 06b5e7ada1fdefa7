// 記録: the three columns of every yearly report, as long texts kept while they are typed.

import type { ReactNode } from 'react';
import { TEXTS, type TextName } from '../../core/records';
import { ja } from '../../i18n/ja';
import { Card } from '../../ui/card';
import { INPUT, Labelled, useDraft } from '../../ui/field';
import { PersonalWarning } from '../../ui/personal';
import { useEditor } from './editor';

const LABELS: Record<TextName, readonly [string, string]> = {
  outcome: [ja.notes.outcome, ja.notes.outcomeHelp],
  issue: [ja.notes.issue, ja.notes.issueHelp],
  plan: [ja.notes.plan, ja.notes.planHelp],
};
const LIMIT = 10_000;

function Note({ name }: { readonly name: TextName }): ReactNode {
  const { view, edit } = useEditor();
  const stored = view.texts[name];
  const draft = useDraft(stored, (value) => {
    if (value.length <= LIMIT) edit([{ type: 'write', text: name, value }]);
  });
  const [label, help] = LABELS[name];
  const state = draft.text.length > LIMIT ? ja.notes.tooLong : draft.dirty ? ja.notes.typing : stored === '' ? '' : ja.notes.saved;
  return (
    <Labelled label={label} help={help}>
      {(id, helpId) => (
        <>
          <textarea
            id={id}
            aria-describedby={helpId}
            className={`${INPUT} field-sizing-content min-h-32 resize-y leading-170`}
            rows={4}
            value={draft.text}
            onChange={(event) => draft.change(event.target.value)}
            onBlur={draft.flush}
          />
          <p role="status" className={`min-h-6 text-right text-[0.875rem] ${draft.dirty ? 'text-muted' : 'text-ok'}`}>{state}</p>
          <PersonalWarning text={draft.text} />
        </>
      )}
    </Labelled>
  );
}

export function Notes(): ReactNode {
  return (
    <Card className="flex flex-col gap-5 p-5">
      {TEXTS.map((name) => <Note key={name} name={name} />)}
    </Card>
  );
}
