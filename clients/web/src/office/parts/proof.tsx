// Before a dangerous act: the person shows once more who they are, and what they were doing goes on.

import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { Failure } from '../../ui/failure';
import { INPUT, Labelled } from '../../ui/field';
import { Form } from '../../ui/form';
import type { Answer, Api } from '../api/client';
import { own, type Own } from '../api/own';
import { step, use } from '../api/passkey';
import { nothing } from '../api/proof';
import { problemText } from './frame';

const text = office.proof;

type Asked = { readonly done: (proved: boolean) => void };

/** Stands beside all screens and shows itself when the server asks for a proof. */
export function Prover({ api }: { readonly api: Api }): ReactNode {
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    api.proveWith(() => new Promise((done) => setAsked({ done })));
    return () => api.proveWith(null);
  }, [api]);
  const end = useCallback((proved: boolean) => {
    asked?.done(proved);
    setAsked(null);
  }, [asked]);
  return asked === null ? null : <Ask api={api} end={end} />;
}

function Ask({ api, end }: { readonly api: Api; readonly end: (proved: boolean) => void }): ReactNode {
  const [how, setHow] = useState<Own | null>(null);
  const [word, setWord] = useState('');
  const [byCode, setByCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    void api.get('/v1/own/sign-in', own).then((answer) => {
      if (!answer.ok) return setProblem(problemText(answer.problem));
      setHow(answer.value);
      setByCode(answer.value.name === null);
    });
  }, [api]);
  const finish = (answer: Answer<unknown>): void => {
    setBusy(false);
    if (answer.ok) end(true);
    else setProblem(problemText(answer.problem));
  };
  const submit = async (): Promise<void> => {
    if (word.trim() === '') return;
    setBusy(true);
    finish(await api.post('/v1/own/proof', byCode ? { code: word.trim() } : { password: word }, nothing));
  };
  const byPasskey = async (): Promise<void> => {
    setBusy(true);
    const begun = await api.post('/v1/own/proof/passkey/begin', {}, step);
    if (!begun.ok) return finish(begun);
    const credential = await use(begun.value);
    if (credential === null) {
      setBusy(false);
      return setProblem(office.signIn.passkeyStopped);
    }
    finish(await api.post('/v1/own/proof/passkey', { ceremony: begun.value.ceremony, credential }, nothing));
  };
  return (
    <Sheet title={text.title} open onClose={() => end(false)}>
      <p>{text.lead}</p>
      {how !== null && how.passkeys.length > 0 && <Button isDisabled={busy} onPress={() => byPasskey()}>{text.passkey}</Button>}
      <Form className="flex flex-col gap-4" act={submit}>
        <Labelled label={byCode ? office.signIn.code : office.signIn.password}>
          {(id) => <input id={id} className={INPUT} type={byCode ? 'text' : 'password'} autoComplete={byCode ? 'one-time-code' : 'current-password'} maxLength={256} value={word} onChange={(event) => setWord(event.target.value)} />}
        </Labelled>
        <Failure look="line" text={problem} />
        <div className="flex flex-wrap justify-end gap-3">
          {how !== null && how.name !== null && <Button look="quiet" onPress={() => setByCode(!byCode)}>{byCode ? text.withPassword : text.withCode}</Button>}
          <Button onPress={() => end(false)}>{ja.cancel}</Button>
          <Button look="primary" type="submit" isDisabled={busy || word.trim() === ''}>{text.submit}</Button>
        </div>
      </Form>
    </Sheet>
  );
}
