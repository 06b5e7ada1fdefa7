// Codes of eight letters, as a coordinator gives them, and the forms that use them.

import { type FormEvent, type InputHTMLAttributes, type ReactNode, useState } from 'react';
import type { Act as Command } from '../../core/client';
import { useClient } from '../../core/hooks';
import { ja } from '../../i18n/ja';
import { INPUT, Labelled } from '../../ui/field';

/** Letters and digits only, full-width forms folded. */
export function tidyCode(text: string): string {
  return text.normalize('NFKC').toUpperCase().replace(/[^0-9A-Z]/g, '');
}

/** As shown to people; null when it is not eight letters. */
export function shownCode(text: string): string | null {
  const tidy = tidyCode(text);
  return tidy.length === 8 ? `${tidy.slice(0, 4)}-${tidy.slice(4)}` : null;
}

/** The code in the office's link: of a tablet, or of a day pass. */
export function codeIn(link: string, of: 'code' | 'pass'): string | null {
  const found = /#(code|pass)=([0-9A-Za-z-]+)$/.exec(link);
  return found?.[1] !== of || found[2] === undefined ? null : shownCode(found[2]);
}

interface Input {
  readonly label: string;
  readonly help: string;
  readonly value: string;
  readonly change: (text: string) => void;
}

export function SecretInput({ label, help, value, change, ...rest }: Input & InputHTMLAttributes<HTMLInputElement>): ReactNode {
  return (
    <Labelled label={label} help={help}>
      {(id, helpId) => (
        <input id={id} aria-describedby={helpId} className={`${INPUT} num text-[1.5rem] tracking-widest`} value={value} maxLength={20} autoComplete="off" spellCheck={false} {...rest} onChange={(event) => change(event.target.value)} />
      )}
    </Labelled>
  );
}

export function CodeInput(input: Omit<Input, 'label'>): ReactNode {
  return <SecretInput {...input} label={ja.enrol.code} autoComplete="one-time-code" autoCapitalize="characters" />;
}

export interface Act {
  readonly busy: boolean;
  readonly problem: string | null;
  /** Runs a command that the form gives, or says what is wrong with it. */
  readonly submit: (make: () => Command | string) => (event: FormEvent) => void;
}

/** A form that ends in one command of the core. */
export function useAct(done: () => void = () => undefined): Act {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  return {
    busy,
    problem,
    submit: (make) => (event) => {
      event.preventDefault();
      if (busy) return;
      const command = make();
      if (typeof command === 'string') return setProblem(command);
      setBusy(true);
      setProblem(null);
      void client.perform(command).then((outcome) => {
        setBusy(false);
        if (outcome.ok) done();
        else setProblem(ja.problem(outcome.problem.code, outcome.problem.detail));
      });
    },
  };
}
