// 記録: the three columns of every yearly report, as long texts kept while they are typed.

import type { ReactNode } from 'react';
import { useSnapshot } from '../../core/hooks';
import { TEXTS, type TextName } from '../../core/records';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { INPUT, Labelled, NoRoom } from '../../ui/field';
import { useLimit } from '../../ui/limit';
import { PersonalWarning } from '../../ui/personal';
import { authorText } from './conflict';
import { useEditor } from './editor';
import { useNoteDraft } from './note-draft';

const LABELS: Record<TextName, readonly [string, string]> = {
  outcome: [ja.notes.outcome, ja.notes.outcomeHelp],
  issue: [ja.notes.issue, ja.notes.issueHelp],
  plan: [ja.notes.plan, ja.notes.planHelp],
};
const LIMIT = 10_000;

/** Says that several people rewrote a sentence of this text, until somebody has read it. */
function RewrittenSign({ name }: { readonly name: TextName }): ReactNode {
  const { view, edit } = useEditor();
  const { registry, stage } = useSnapshot();
  const own = stage.stage === 'ready' ? stage.identity.device : '';
  const signs = view.rewritten[name] ?? [];
  if (signs.length === 0) return null;
  const by = [...new Set(signs.flatMap((sign) => sign.by).map((author) => authorText(registry, own, author)))];
  const title = ja.notes.rewritten(LABELS[name][0]);
  return (
    <section aria-label={title} className="flex flex-col items-start gap-2 rounded-12 border border-wait-line bg-wait-soft p-4">
      <h3 className="text-[1rem] text-wait">{title}</h3>
      <p className="text-[0.9375rem]">{ja.notes.rewrittenHelp}</p>
      {by.length > 0 && <p className="text-[0.875rem] text-muted">{by.join('、')}</p>}
      <Button onPress={() => edit([{ type: 'have_read', text: name, sentences: signs.map((sign) => sign.sentence) }])}>{ja.notes.haveRead}</Button>
    </section>
  );
}

function Note({ name }: { readonly name: TextName }): ReactNode {
  const draft = useNoteDraft(name, LIMIT);
  const { refused, handlers } = useLimit(draft, LIMIT);
  const [label, help] = LABELS[name];
  const state = draft.text.length > LIMIT ? ja.notes.tooLong : !draft.stored ? ja.notes.typing : draft.text === '' ? '' : ja.notes.saved;
  return (
    <div className="flex flex-col gap-1.5">
      <Labelled label={label} help={help}>
        {(id, helpId) => (
          <>
            <textarea
              id={id}
              aria-describedby={helpId}
              className={`${INPUT} field-sizing-content min-h-32 resize-y leading-170`}
              rows={4}
              value={draft.text}
              {...handlers}
              onBlur={draft.leave}
            />
            <p role="status" className={`min-h-6 text-right text-[0.875rem] ${draft.stored ? 'text-ok' : 'text-muted'}`}>{state}</p>
            <NoRoom limit={LIMIT} refused={refused} />
            <PersonalWarning text={draft.text} />
          </>
        )}
      </Labelled>
      <RewrittenSign name={name} />
    </div>
  );
}

export function Notes(): ReactNode {
  return (
    <Card className="flex flex-col gap-5 p-5">
      {TEXTS.map((name) => <Note key={name} name={name} />)}
    </Card>
  );
}
