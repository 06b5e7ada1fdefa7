// Destroying a record for good: behind a word to be typed, since nothing can bring it back.

import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { INPUT, Labelled } from '../../ui/field';
import { PersonalWarning } from '../../ui/personal';
import { useHub } from '../api/live';
import { nothing } from '../api/proof';
import { problemText } from './frame';

const text = office.destroy;

export function Destroy({ document, title }: { readonly document: string; readonly title: string }): ReactNode {
  const { api } = useHub();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState(false);
  const [word, setWord] = useState('');
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const ready = word.trim() === text.word && reason.trim() !== '';
  const destroy = async (): Promise<void> => {
    setBusy(true);
    const answer = await api.remove(`/v1/records/${encodeURIComponent(document)}`, { reason: reason.trim() }, nothing);
    setBusy(false);
    if (answer.ok) navigate('/records', { replace: true });
    else setProblem(problemText(answer.problem));
  };
  return (
    <section className="no-print border-t border-line pt-4">
      <Button look="quiet" className="text-danger" onPress={() => setOpen(true)}>{text.open}</Button>
      <Sheet title={text.title} open={open} onClose={() => setOpen(false)}>
        <p className="font-bold">{title}</p>
        <p>{text.note}</p>
        <Labelled label={text.reason} help={text.reasonHelp}>
          {(id, helpId) => <textarea id={id} aria-describedby={helpId} className={`${INPUT} min-h-20`} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />}
        </Labelled>
        <PersonalWarning text={reason} />
        <Labelled label={text.confirm}>
          {(id) => <input id={id} className={INPUT} autoComplete="off" value={word} onChange={(event) => setWord(event.target.value)} />}
        </Labelled>
        {problem !== null && <p role="alert" className="font-bold text-danger">{problem}</p>}
        <div className="flex flex-wrap justify-end gap-3">
          <Button onPress={() => setOpen(false)}>{ja.cancel}</Button>
          <Button className="border-danger text-danger" isDisabled={!ready || busy} onPress={() => void destroy()}>{text.now}</Button>
        </div>
      </Sheet>
    </section>
  );
}
