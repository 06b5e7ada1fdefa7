// What nothing can bring back is done behind a reason and a word to be typed.

import { type ReactNode, useState } from 'react';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { INPUT, Labelled } from '../../ui/field';
import { PersonalWarning } from '../../ui/personal';
import type { Answer } from '../api/client';
import { useKept } from '../api/drafts';
import { problemText } from './frame';
import { WaysOut } from './ways-out';

export interface BehindWordText {
  readonly reason: string;
  readonly reasonHelp: string;
  readonly word: string;
  readonly confirm: string;
  readonly now: string;
}

export interface BehindWordProps {
  readonly title: string;
  /** Names the draft of the reason. */
  readonly draft: string;
  readonly text: BehindWordText;
  /** What it is that goes. */
  readonly children: ReactNode;
  readonly act: (reason: string) => Promise<Answer<unknown>>;
  readonly done: () => void;
  readonly leave: () => void;
}

export function BehindWord({ title, draft, text, children, act, done, leave }: BehindWordProps): ReactNode {
  const [reason, setReason] = useKept(draft);
  const [word, setWord] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const ready = word.trim() === text.word && reason.trim() !== '';
  const run = async (): Promise<void> => {
    setBusy(true);
    const answer = await act(reason.trim());
    setBusy(false);
    if (answer.ok) {
      setReason('');
      done();
    } else setProblem(problemText(answer.problem));
  };
  return (
    <Sheet title={title} open onClose={leave}>
      {children}
      <Labelled label={text.reason} help={text.reasonHelp}>
        {(id, helpId) => <textarea id={id} aria-describedby={helpId} className={`${INPUT} min-h-20`} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Labelled>
      <PersonalWarning text={reason} />
      <Labelled label={text.confirm}>
        {(id) => <input id={id} className={INPUT} autoComplete="off" value={word} onChange={(event) => setWord(event.target.value)} />}
      </Labelled>
      <WaysOut problem={problem} leave={leave}>
        <Button className="border-danger text-danger" isDisabled={!ready || busy} onPress={() => run()}>{text.now}</Button>
      </WaysOut>
    </Sheet>
  );
}
