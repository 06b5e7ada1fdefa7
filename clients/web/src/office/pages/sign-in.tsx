// Signing in with a code.

import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import * as p from '../../core/parse';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { INPUT, Labelled } from '../../ui/field';
import type { Api } from '../api/client';
import { takeCode } from '../link';
import { problemText } from '../parts/frame';

const accepted: p.Parse<true> = p.object(() => true as const);

export function SignIn({ api, entered }: { readonly api: Api; readonly entered: () => void }): ReactNode {
  const [code, setCode] = useState(takeCode);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    document.title = office.title;
  }, []);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (code.trim() === '') return setProblem(office.signIn.empty);
    setBusy(true);
    const answer = await api.post('/v1/login', { code: code.trim() }, accepted);
    setBusy(false);
    if (answer.ok) entered();
    else setProblem(problemText(answer.problem));
  };
  return (
    <main className="mx-auto flex min-h-dvh max-w-[30rem] flex-col justify-center gap-6 px-6 pb-24">
      <div>
        <p className="text-[1.25rem] font-bold">{office.app}</p>
        <h1 className="mt-4 text-[1.75rem]">{office.signIn.title}</h1>
        <p className="mt-1 text-muted">{office.signIn.lead}</p>
      </div>
      <form className="flex flex-col gap-5" onSubmit={(event) => void submit(event)}>
        <Labelled label={office.signIn.code} help={office.signIn.help}>
          {(id, helpId) => (
            <input
              id={id}
              className={`${INPUT} tracking-widest`}
              value={code}
              autoComplete="one-time-code"
              autoCapitalize="characters"
              spellCheck={false}
              maxLength={20}
              aria-invalid={problem !== null}
              aria-describedby={problem === null ? helpId : `${id}-problem ${helpId ?? ''}`}
              onChange={(event) => setCode(event.target.value)}
            />
          )}
        </Labelled>
        {problem !== null && <p role="alert" className="font-bold text-danger">{problem}</p>}
        <Button look="primary" size="large" type="submit" isDisabled={busy}>{office.signIn.submit}</Button>
      </form>
    </main>
  );
}
