// A code to be scanned by a tablet or phone: first whom it is for, then the picture.

import { type ReactNode, useState } from 'react';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import type { Answer } from '../api/client';
import type { ScanCode } from '../api/devices';
import { eraMoment } from '../format';
import { problemText } from './frame';
import { Qr } from './qr';
import { WaysOut } from './ways-out';

export interface GiveCodeText {
  readonly title: string;
  readonly whom: string;
  readonly choose: string;
  readonly issue: string;
  readonly scan: string;
  readonly picture: string;
  readonly until: (when: string) => string;
}

export interface GiveCodeProps<Code extends ScanCode> {
  readonly text: GiveCodeText;
  readonly lead?: string;
  /** Who is chosen at first; '' for nobody. */
  readonly first?: string;
  /** Who can be chosen. */
  readonly options: ReactNode;
  /** `null`: it cannot be given to whom was chosen. */
  readonly give: (chosen: string) => Promise<Answer<Code>> | null;
  /** What stands below the picture. */
  readonly below?: (code: Code, chosen: string) => ReactNode;
  readonly end: () => void;
}

export function GiveCode<Code extends ScanCode>({ text, lead, first = '', options, give, below, end }: GiveCodeProps<Code>): ReactNode {
  const [chosen, setChosen] = useState(first);
  const [code, setCode] = useState<Code | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const issue = async (): Promise<void> => {
    const given = give(chosen);
    if (given === null) return setProblem(text.choose);
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
          <label className="flex flex-col gap-1">
            <span className="font-bold">{text.whom}</span>
            <select className="min-h-11 rounded-8 border border-line-strong bg-surface px-3 hover:border-ink" value={chosen} onChange={(event) => setChosen(event.target.value)}>
              <option value="">{text.choose}</option>
              {options}
            </select>
          </label>
          <WaysOut problem={problem} leave={end}>
            <Button look="primary" onPress={() => void issue()}>{text.issue}</Button>
          </WaysOut>
        </>
      ) : (
        <div className="flex min-h-0 flex-col gap-3 overflow-y-auto">
          <p>{text.scan}</p>
          <Qr shown={code} label={text.picture} until={text.until(eraMoment(code.expires_at))} />
          {below?.(code, chosen)}
        </div>
      )}
    </Sheet>
  );
}
