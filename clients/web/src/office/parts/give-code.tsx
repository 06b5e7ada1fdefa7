// A code for a tablet or phone: first whom it is for, then what it is.

import { type ReactNode, useState } from 'react';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import type { Answer } from '../api/client';
import { problemText } from './frame';
import { WaysOut } from './ways-out';

export interface GiveCodeText {
  readonly title: string;
  readonly whom: string;
  readonly choose: string;
  readonly issue: string;
}

export interface GiveCodeProps<Code> {
  readonly text: GiveCodeText;
  readonly lead?: string;
  /** Who is chosen at first; '' for nobody. */
  readonly first?: string;
  /** Who can be chosen. */
  readonly options: ReactNode;
  /** What else is asked of whom was chosen. */
  readonly more?: (chosen: string) => ReactNode;
  /** A text: why it cannot be given yet. */
  readonly give: (chosen: string) => Promise<Answer<Code>> | string;
  readonly shown: (code: Code, chosen: string) => ReactNode;
  readonly end: () => void;
}

export function Select({ label, empty, value, choose, children }: { readonly label: string; readonly empty: string; readonly value: string; readonly choose: (value: string) => void; readonly children: ReactNode }): ReactNode {
  return (
    <label className="flex flex-col gap-1">
      <span className="font-bold">{label}</span>
      <select className="min-h-11 rounded-8 border border-line-strong bg-surface px-3 hover:border-ink" value={value} onChange={(event) => choose(event.target.value)}>
        <option value="">{empty}</option>
        {children}
      </select>
    </label>
  );
}

export function GiveCode<Code>({ text, lead, first = '', options, more, give, shown, end }: GiveCodeProps<Code>): ReactNode {
  const [chosen, setChosen] = useState(first);
  const [code, setCode] = useState<Code | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const issue = async (): Promise<void> => {
    const given = give(chosen);
    if (typeof given === 'string') return setProblem(given);
    setProblem(null);
    const answer = await given;
    if (answer.ok) setCode(answer.value);
    else setProblem(problemText(answer.problem));
  };
  return (
    <Sheet title={text.title} open onClose={end}>
      {code === null ? (
        <>
          {lead !== undefined && <p>{lead}</p>}
          <Select label={text.whom} empty={text.choose} value={chosen} choose={setChosen}>{options}</Select>
          {more?.(chosen)}
          <WaysOut problem={problem} leave={end}>
            <Button look="primary" onPress={() => issue()}>{text.issue}</Button>
          </WaysOut>
        </>
      ) : (
        <div className="flex min-h-0 flex-col gap-3 overflow-y-auto">{shown(code, chosen)}</div>
      )}
    </Sheet>
  );
}
