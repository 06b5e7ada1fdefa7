// One's own signing in: name and password, passkeys, the organisation's account, and where one is signed in.

import { type ReactNode, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';
import { INPUT, Labelled } from '../../ui/field';
import { Form } from '../../ui/form';
import { PersonalWarning } from '../../ui/personal';
import { useHub, useLive } from '../api/live';
import { accepted, own, type Own } from '../api/own';
import { make, step } from '../api/passkey';
import { nothing } from '../api/proof';
import { eraMoment } from '../format';
import { Loaded, PageHead, problemText, useTitle } from '../parts/frame';

const text = office.own;

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return <section className="flex max-w-[46rem] flex-col gap-3 border-t border-line pt-5"><h2 className="text-[1.25rem]">{title}</h2>{children}</section>;
}

function Password({ mine, again }: { readonly mine: Own; readonly again: () => void }): ReactNode {
  const { api } = useHub();
  const [name, setName] = useState(mine.name ?? '');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ readonly ok: boolean; readonly text: string } | null>(null);
  const submit = async (): Promise<void> => {
    setBusy(true);
    const answer = await api.post('/v1/own/password', { name, password }, accepted);
    setBusy(false);
    setSaid(answer.ok ? { ok: true, text: text.passwordKept } : { ok: false, text: problemText(answer.problem) });
    if (!answer.ok) return;
    setPassword('');
    again();
  };
  return (
    <Section title={text.password}>
      <p className="text-muted">{mine.password_set_at === null ? text.noPassword : text.passwordSince(eraMoment(mine.password_set_at))}</p>
      <Form className="flex flex-col gap-4" act={submit}>
        <Labelled label={office.signIn.name} help={text.nameHelp}>
          {(id, helpId) => <input id={id} aria-describedby={helpId} className={INPUT} value={name} autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={64} onChange={(event) => setName(event.target.value)} />}
        </Labelled>
        <PersonalWarning text={name} />
        <Labelled label={text.newPassword} help={text.passwordHelp}>
          {(id, helpId) => <input id={id} aria-describedby={helpId} className={INPUT} type="password" value={password} autoComplete="new-password" maxLength={256} onChange={(event) => setPassword(event.target.value)} />}
        </Labelled>
        {said !== null && <p role={said.ok ? 'status' : 'alert'} className={`font-bold ${said.ok ? '' : 'text-danger'}`}>{said.text}</p>}
        <div><Button look="primary" type="submit" isDisabled={busy || name.trim() === '' || password === ''}>{text.keepPassword}</Button></div>
      </Form>
    </Section>
  );
}

function Passkeys({ mine, again }: { readonly mine: Own; readonly again: () => void }): ReactNode {
  const { api } = useHub();
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const add = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const begun = await api.post('/v1/own/passkeys/begin', {}, step);
    const credential = begun.ok ? await make(begun.value) : null;
    if (!begun.ok) setProblem(problemText(begun.problem));
    else if (credential === null) setProblem(text.passkeyStopped);
    else {
      const kept = await api.post('/v1/own/passkeys', { ceremony: begun.value.ceremony, name, credential }, nothing);
      if (kept.ok) setName('');
      else setProblem(problemText(kept.problem));
      again();
    }
    setBusy(false);
  };
  const remove = async (id: string): Promise<void> => {
    const answer = await api.remove(`/v1/own/passkeys/${encodeURIComponent(id)}`, {}, nothing);
    setProblem(answer.ok ? null : problemText(answer.problem));
    again();
  };
  return (
    <Section title={text.passkeys}>
      <p className="text-muted">{text.passkeysLead}</p>
      <ul className="flex flex-col gap-2">
        {mine.passkeys.map((key) => (
          <li key={key.id} className="flex flex-wrap items-center justify-between gap-3 rounded-8 border border-line px-4 py-2">
            <span><b>{key.name}</b><span className="block text-[0.875rem] text-muted">{text.passkeyUse(eraMoment(key.added_at), key.used_at === null ? null : eraMoment(key.used_at))}</span></span>
            <Button look="quiet" aria-label={text.removeOf(key.name)} onPress={() => remove(key.id)}>{text.remove}</Button>
          </li>
        ))}
      </ul>
      <Form className="flex flex-wrap items-end gap-3" act={add}>
        <Labelled label={text.passkeyName} className="min-w-[16rem] flex-1">
          {(id) => <input id={id} className={INPUT} value={name} maxLength={60} autoComplete="off" placeholder={text.passkeyExample} onChange={(event) => setName(event.target.value)} />}
        </Labelled>
        <Button type="submit" isDisabled={busy || name.trim() === ''}>{text.addPasskey}</Button>
      </Form>
      <PersonalWarning text={name} />
      <Failure look="line" text={problem} />
    </Section>
  );
}

function Logins({ mine, again }: { readonly mine: Own; readonly again: () => void }): ReactNode {
  const { api } = useHub();
  const [problem, setProblem] = useState<string | null>(null);
  const end = async (path: string): Promise<void> => {
    const answer = await api.remove(path, {}, path === '/v1/own/logins' ? accepted : nothing);
    setProblem(answer.ok ? null : problemText(answer.problem));
    again();
  };
  return (
    <Section title={text.logins}>
      <p className="text-muted">{text.loginsLead}</p>
      <ul className="flex flex-col gap-2">
        {mine.logins.map((login) => (
          <li key={login.id} className="flex flex-wrap items-center justify-between gap-3 rounded-8 border border-line px-4 py-2">
            <span>
              <b>{login.agent}</b>{login.current && <span className="ml-2 rounded-4 bg-accent-soft px-2 text-[0.875rem]">{text.here}</span>}
              <span className="block text-[0.875rem] text-muted">{text.login(text.method(login.method), login.peer, eraMoment(login.seen_at))}</span>
            </span>
            {!login.current && <Button look="quiet" aria-label={text.endOf(login.agent)} onPress={() => end(`/v1/own/logins/${encodeURIComponent(login.id)}`)}>{text.end}</Button>}
          </li>
        ))}
      </ul>
      <Failure look="line" text={problem} />
      {mine.logins.length > 1 && <div><Button onPress={() => end('/v1/own/logins')}>{text.endOthers}</Button></div>}
    </Section>
  );
}

function Provider({ mine, again }: { readonly mine: Own; readonly again: () => void }): ReactNode {
  const { api } = useHub();
  const [problem, setProblem] = useState<string | null>(null);
  if (mine.provider === null) return null;
  const unlink = async (): Promise<void> => {
    const answer = await api.remove('/v1/own/provider', {}, nothing);
    setProblem(answer.ok ? null : problemText(answer.problem));
    again();
  };
  return (
    <Section title={mine.provider}>
      <p className="text-muted">{mine.linked ? text.linked : text.notLinked}</p>
      <Failure look="line" text={problem} />
      <div>
        {mine.linked
          ? <Button onPress={() => unlink()}>{text.unlink}</Button>
          : <a href="/v1/own/provider?purpose=link" className="link py-2">{text.link}</a>}
      </div>
    </Section>
  );
}

export function OwnPage(): ReactNode {
  const live = useLive('/v1/own/sign-in', own);
  useTitle(text.title);
  return (
    <Loaded live={live}>
      {(mine) => (
        <>
          <PageHead title={text.title} lead={text.lead} />
          <Password key={mine.name ?? ''} mine={mine} again={live.again} />
          {mine.passkeys_possible && <Passkeys mine={mine} again={live.again} />}
          <Provider mine={mine} again={live.again} />
          <Logins mine={mine} again={live.again} />
        </>
      )}
    </Loaded>
  );
}
