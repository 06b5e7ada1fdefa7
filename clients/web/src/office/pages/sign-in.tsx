// Signing in: with name and password, a passkey, the organisation's own account, or a code from whoever gives them out.

import { type ReactNode, useEffect, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { INPUT, Labelled } from '../../ui/field';
import { Form } from '../../ui/form';
import type { Answer, Api } from '../api/client';
import { accepted, type Ways, ways as parseWays } from '../api/own';
import { step, use } from '../api/passkey';
import { takeCode } from '../link';
import { problemText } from '../parts/frame';
import { Refusal } from '../parts/ways-out';

const text = office.signIn;

export function SignIn({ api, entered }: { readonly api: Api; readonly entered: () => void }): ReactNode {
  const [linked] = useState(takeCode);
  const [byCode, setByCode] = useState(linked !== '');
  const [ways, setWays] = useState<Ways>({ passkeys: false, provider: null });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState(linked);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(() => {
    const came = new URLSearchParams(window.location.search).get('problem');
    return came === null ? null : text.cameBack(came);
  });
  useEffect(() => {
    document.title = office.title;
    void api.get('/v1/sign-in/ways', parseWays).then((answer) => (answer.ok ? setWays(answer.value) : undefined));
    // an old problem does not stay in the address
    if (window.location.search !== '') window.history.replaceState(null, '', window.location.pathname);
  }, [api]);

  const finish = (answer: Answer<unknown>): void => {
    setBusy(false);
    if (answer.ok) entered();
    else setProblem(problemText(answer.problem));
  };
  const submit = async (): Promise<void> => {
    if (byCode ? code.trim() === '' : name.trim() === '' || password === '') return setProblem(byCode ? text.empty : text.emptyPassword);
    setBusy(true);
    finish(byCode ? await api.post('/v1/login', { code: code.trim() }, accepted) : await api.post('/v1/sign-in/password', { name, password }, accepted));
  };
  const byPasskey = async (): Promise<void> => {
    setProblem(null);
    setBusy(true);
    const begun = await api.post('/v1/sign-in/passkey/begin', {}, step);
    if (!begun.ok) return finish(begun);
    const credential = await use(begun.value);
    if (credential === null) {
      setBusy(false);
      return setProblem(text.passkeyStopped);
    }
    finish(await api.post('/v1/sign-in/passkey', { ceremony: begun.value.ceremony, credential }, accepted));
  };
  const turn = (to: boolean): void => {
    setByCode(to);
    setProblem(null);
  };

  return (
    <main className="mx-auto flex min-h-dvh max-w-[30rem] flex-col justify-center gap-6 px-6 py-12">
      <div>
        <p className="text-[1.25rem] font-bold">{office.app}</p>
        <h1 className="mt-4 text-[1.75rem]">{text.title}</h1>
        <p className="mt-1 text-muted">{byCode ? text.lead : text.leadPassword}</p>
      </div>
      <Form className="flex flex-col gap-5" act={submit}>
        {byCode ? (
          <Labelled label={text.code} help={text.help}>
            {(id, helpId) => (
              <input id={id} className={`${INPUT} tracking-widest`} value={code} autoComplete="one-time-code" autoCapitalize="characters" spellCheck={false} maxLength={20} aria-invalid={problem !== null} aria-describedby={helpId} onChange={(event) => setCode(event.target.value)} />
            )}
          </Labelled>
        ) : (
          <>
            <Labelled label={text.name}>
              {(id) => <input id={id} className={INPUT} value={name} autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={64} aria-invalid={problem !== null} onChange={(event) => setName(event.target.value)} />}
            </Labelled>
            <Labelled label={text.password}>
              {(id) => <input id={id} className={INPUT} type="password" value={password} autoComplete="current-password" maxLength={256} aria-invalid={problem !== null} onChange={(event) => setPassword(event.target.value)} />}
            </Labelled>
          </>
        )}
        <Refusal text={problem} />
        <Button look="primary" size="large" type="submit" isDisabled={busy}>{text.submit}</Button>
      </Form>
      <div className="flex flex-col gap-3 border-t border-line pt-6">
        {ways.passkeys && <Button size="large" isDisabled={busy} onPress={() => byPasskey()}>{text.passkey}</Button>}
        {ways.provider !== null && (
          <a href="/v1/sign-in/oidc" className="inline-flex min-h-14 items-center justify-center rounded-8 border border-accent-ink bg-surface px-6 py-1.5 text-center font-bold text-accent-ink hover:bg-accent-faint">{text.provider(ways.provider)}</a>
        )}
        <Button look="quiet" onPress={() => turn(!byCode)}>{byCode ? text.toPassword : text.toCode}</Button>
        {!byCode && <p className="text-[0.875rem] text-muted">{text.forgotten}</p>}
      </div>
    </main>
  );
}
