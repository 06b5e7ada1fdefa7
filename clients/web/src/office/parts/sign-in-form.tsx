// The ways to sign in: name and password, a passkey, the organisation's own account, a code from whoever gives them out.

import { type ReactNode, useEffect, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';
import { INPUT, Labelled } from '../../ui/field';
import { Form } from '../../ui/form';
import type { Answer, Calls } from '../api/client';
import { accepted, type Ways, ways as parseWays } from '../api/own';
import { step, use } from '../api/passkey';
import { problemText } from './frame';

const text = office.signIn;

export interface SignInFormProps {
  readonly calls: Calls;
  readonly entered: () => void;
  /** A code from a link. */
  readonly linked?: string;
  /** What to say at first. */
  readonly said?: string | null;
  /** The code was chosen as the way, or another way was. */
  readonly turned?: (byCode: boolean) => void;
  /** Over a screen that has to stay: an account's own page opens in another tab. */
  readonly over?: boolean;
}

export function SignInForm({ calls, entered, linked = '', said = null, turned, over = false }: SignInFormProps): ReactNode {
  const [byCode, setByCode] = useState(linked !== '');
  const [ways, setWays] = useState<Ways>({ passkeys: false, provider: null });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState(linked);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(said);
  useEffect(() => {
    void calls.get('/v1/sign-in/ways', parseWays).then((answer) => (answer.ok ? setWays(answer.value) : undefined));
  }, [calls]);

  const finish = (answer: Answer<unknown>): void => {
    setBusy(false);
    if (answer.ok) entered();
    else setProblem(problemText(answer.problem));
  };
  const submit = async (): Promise<void> => {
    if (byCode ? code.trim() === '' : name.trim() === '' || password === '') return setProblem(byCode ? text.empty : text.emptyPassword);
    setBusy(true);
    finish(byCode ? await calls.post('/v1/login', { code: code.trim() }, accepted) : await calls.post('/v1/sign-in/password', { name, password }, accepted));
  };
  const byPasskey = async (): Promise<void> => {
    setProblem(null);
    setBusy(true);
    const begun = await calls.post('/v1/sign-in/passkey/begin', {}, step);
    if (!begun.ok) return finish(begun);
    const credential = await use(begun.value);
    if (credential === null) {
      setBusy(false);
      return setProblem(text.passkeyStopped);
    }
    finish(await calls.post('/v1/sign-in/passkey', { ceremony: begun.value.ceremony, credential }, accepted));
  };
  const turn = (to: boolean): void => {
    setByCode(to);
    setProblem(null);
    turned?.(to);
  };

  return (
    <>
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
        <Failure look="line" text={problem} />
        <Button look="primary" size="large" type="submit" isDisabled={busy}>{text.submit}</Button>
      </Form>
      <div className="flex flex-col gap-3 border-t border-line pt-6">
        {ways.passkeys && <Button size="large" isDisabled={busy} onPress={byPasskey}>{text.passkey}</Button>}
        {ways.provider !== null && (
          <a href="/v1/sign-in/oidc" {...(over ? { target: '_blank', rel: 'noopener' } : {})} className="inline-flex min-h-14 items-center justify-center rounded-8 border border-accent-ink bg-surface px-6 py-1.5 text-center font-bold text-accent-ink hover:bg-accent-faint">{text.provider(ways.provider)}</a>
        )}
        {ways.provider !== null && over && <p className="text-[0.875rem] text-muted">{text.again.otherTab}</p>}
        <Button look="quiet" onPress={() => turn(!byCode)}>{byCode ? text.toPassword : text.toCode}</Button>
        {!byCode && <p className="text-[0.875rem] text-muted">{text.forgotten}</p>}
      </div>
    </>
  );
}
