// A day pass: one session on the lecturer's own phone or tablet. Entering with one tap, the session with a line above it
// that says until when, and the end of the day. Loaded only where a day pass is scanned or used.

import { type ReactNode, useEffect, useState } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { useClient, useReady, useSnapshot } from '../../core/hooks';
import type { Pass as Held } from '../../core/protocol';
import type { DocumentId } from '../../core/records';
import { clock } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { pass as text } from '../../i18n/ja-pass';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';
import { Card } from '../../ui/card';
import { recordPlace, recordTitle } from '../../ui/record-row';
import { SecretInput, shownCode } from '../lock/code';

export interface PassProps {
  /** A code that was scanned and is not used yet; '': one to be typed. */
  readonly code: string | null;
  readonly used: () => void;
  readonly session: (document: DocumentId) => ReactNode;
}

function Sheet({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <main className="mx-auto flex min-h-full max-w-xl flex-col justify-center p-4 sm:p-6">
      <Card className="flex flex-col gap-4 p-6 sm:p-8">
        <h1 className="text-[1.5rem] leading-130">{title}</h1>
        {children}
      </Card>
    </main>
  );
}

function Enter({ code, used, back }: { readonly code: string; readonly used: () => void; readonly back: boolean }): ReactNode {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const typing = code === '';
  const start = async (): Promise<void> => {
    const shown = typing ? shownCode(typed) : code;
    if (shown === null) return setProblem(text.enter.codeMissing);
    setBusy(true);
    setProblem(null);
    void navigator.storage.persist();
    const outcome = await client.perform({ type: 'enter_pass', code: shown });
    setBusy(false);
    if (outcome.ok) used();
    else if (outcome.problem.code === 'pass_unsent') setProblem(text.enter.unsent);
    else setProblem(ja.problem(outcome.problem.code, outcome.problem.detail));
  };
  return (
    <Sheet title={text.enter.title}>
      <p>{text.enter.lead}</p>
      <p className="text-muted">{text.enter.signal}</p>
      <p className="text-muted">{text.enter.after}</p>
      {typing && <SecretInput label={text.enter.code} help={text.enter.codeHelp} value={typed} change={setTyped} autoCapitalize="characters" />}
      <Failure look="card" text={problem} />
      <Button look="primary" size="large" isDisabled={busy} onPress={() => start()}>{busy ? text.enter.busy : text.enter.start}</Button>
      {(back || typing) && <Button size="large" onPress={used}>{back ? text.enter.back : text.enter.leave}</Button>}
    </Sheet>
  );
}

function Over({ unsent, fault }: { readonly unsent: number; readonly fault: string | null }): ReactNode {
  const client = useClient();
  return (
    <Sheet title={text.over.title}>
      {unsent === 0 ? (
        <>
          <p className="font-bold text-ok">{text.over.sent}</p>
          <p>{text.over.thanks}</p>
        </>
      ) : (
        <>
          <p role="status" className="rounded-8 bg-wait-soft px-4 py-3 font-bold text-wait">{text.over.unsent(unsent)}</p>
          <p>{text.over.hidden}</p>
          {fault !== null && <p role="alert">{text.over.fault}</p>}
          <Button look="primary" size="large" onPress={client.sync}>{text.over.sync}</Button>
        </>
      )}
      <p className="text-muted">{text.over.next}</p>
    </Sheet>
  );
}

/** Whether this page would open without a network. */
function useOffline(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    if ('serviceWorker' in navigator) void navigator.serviceWorker.ready.then(() => setReady(true));
  }, []);
  return ready;
}

function Line({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="grid gap-x-6 border-b border-line py-3 last:border-0 sm:grid-cols-[12rem_1fr]">
      <dt className="text-muted">{label}</dt>
      <dd className="font-bold">{children}</dd>
    </div>
  );
}

function Home({ held, offline }: { readonly held: Held; readonly offline: boolean }): ReactNode {
  const client = useClient();
  const { identity, status, online } = useReady();
  const { entries, registry } = useSnapshot();
  const entry = entries.get(held.document);
  return (
    <main className="mx-auto flex max-w-xl flex-col gap-4 p-4 sm:p-6">
      <h1 className="text-[1.5rem]">{text.home.title}</h1>
      <Card className="flex flex-col gap-4 p-5">
        {entry === undefined ? <p className="text-muted">{online ? text.home.waiting : text.home.waitingOffline}</p> : (
          <>
            <div>
              <h2 className="text-[1.25rem]">{recordTitle(entry)}</h2>
              <p className="text-muted">{recordPlace(entry, registry)}</p>
            </div>
            <Link href={`/session/${held.document}`} className="inline-flex min-h-14 items-center justify-center rounded-8 bg-accent px-6 font-bold text-on-accent hover:bg-accent-hover">{text.home.record}</Link>
          </>
        )}
      </Card>
      <Card className="px-5 py-2">
        <dl>
          <Line label={text.home.until}>{text.until(held.ends_at)}</Line>
          <Line label={text.home.person}>{identity.person.name}</Line>
          <Line label={text.home.offline}>{offline ? text.home.offlineReady : text.home.offlinePreparing}</Line>
          <Line label={text.home.unsent}>{status.unsent_changes === 0 ? text.home.none : <span className="text-wait">{text.home.some(status.unsent_changes)}</span>}</Line>
        </dl>
        <div className="flex flex-col gap-2 py-3">
          <Button size="large" isDisabled={status.syncing} onPress={client.sync}>{status.syncing ? text.home.syncing : text.home.sync}</Button>
          {status.last_agreed_at !== null && <p className="text-[0.875rem] text-muted">{text.home.agreed(clock(status.last_agreed_at, new Date()))}</p>}
          {status.last_fault !== null && <p className="text-[0.875rem] text-wait">{ja.device.faults[status.last_fault] ?? ja.device.faults['refused']}</p>}
        </div>
      </Card>
    </main>
  );
}

function Holder({ held, session }: { readonly held: Held; readonly session: PassProps['session'] }): ReactNode {
  const { identity } = useReady();
  const { entries } = useSnapshot();
  const [location, go] = useLocation();
  const offline = useOffline();
  const own = `/session/${held.document}`;
  // straight onto the session, however the page was opened
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    if (opened) return;
    setOpened(true);
    if (location !== own) go(own, { replace: true });
  }, [opened, location, own, go]);
  const here = entries.has(held.document);
  return (
    <div className="grid h-full min-h-0 grid-rows-[auto_1fr]">
      <p role="note" className="flex flex-wrap justify-center gap-x-3 bg-accent-faint px-4 py-1 text-[0.875rem] leading-130">
        <b>{text.bar.as(identity.person.name)}</b>
        <span>{text.until(held.ends_at)}</span>
        <span className={offline ? 'font-bold text-ok' : 'font-bold text-wait'}>{offline ? text.bar.ready : text.bar.preparing}</span>
      </p>
      <div className="min-h-0 overflow-y-auto">
        <Switch>
          <Route path={own}>{here ? session(held.document) : <Home held={held} offline={offline} />}</Route>
          <Route><Home held={held} offline={offline} /></Route>
        </Switch>
      </div>
    </div>
  );
}

export default function Pass({ code, used, session }: PassProps): ReactNode {
  const { stage } = useSnapshot();
  const held = stage.stage === 'ready' ? stage.identity.pass : null;
  if (stage.stage === 'over' && (stage.unsent > 0 || code === null)) return <Over unsent={stage.unsent} fault={stage.fault} />;
  if (code !== null) return <Enter code={code} used={used} back={held !== null} />;
  return held === null ? null : <Holder key={held.document} held={held} session={session} />;
}
