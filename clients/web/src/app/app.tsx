// The field app: what shows depends on the stage of the core, then on the address.

import { type ReactNode, Suspense, useCallback, useContext, useEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore } from 'react';
import { Route, Switch } from 'wouter';
import { isClockBehind, isClockWrong } from '../core/clock';
import { useClient, useSnapshot } from '../core/hooks';
import type { Status } from '../core/protocol';
import { type DocumentId, isDocumentId } from '../core/records';
import { codeIn } from '../features/lock/code';
import { useIdleLock } from '../features/lock/idle';
import { Session } from '../features/session/session';
import { Today } from '../features/today/today';
import { clock, japanDay, longDate } from '../i18n/dates';
import { ja } from '../i18n/ja';
import { Announcer } from '../ui/announce';
import { Button } from '../ui/button';
import { later } from '../ui/fault';
import { NoticeBar } from '../ui/notices';
import { KnownNames, lecturerNames } from '../ui/personal';
import { clearMarker, readMarker, writeMarker } from './marker';
import { CannotStart, CopiedBar, DoubtBar, Starting } from './doubt';
import { Shell } from './shell';
import { UpdatesContext } from './update';

// not part of a first start: each comes when it is opened, from what the service worker keeps
const Pass = later(async () => (await import('../features/pass/pass')).default);
const Enrol = later(async () => (await import('../features/enrol/enrol')).Enrol);
const Lock = later(async () => (await import('../features/lock/lock')).Lock);
const Device = later(async () => (await import('../features/device/device')).Device);
const Records = later(async () => (await import('../features/records/records')).Records);
const Summary = later(async () => (await import('../features/summary/summary')).Summary);

const session = (document: DocumentId): ReactNode => <Session key={document} document={document} />;

/** The code of a day pass in the address, taken out of it. */
function passInAddress(): string | null {
  const found = codeIn(window.location.href, 'pass');
  if (found !== null) window.history.replaceState(null, '', '/');
  return found;
}

/** Says that a link for a new tablet was opened on one that is known. Its code is taken out of the address and not used. */
function KnownBar(): ReactNode {
  const [given, setGiven] = useState(false);
  useEffect(() => {
    const look = (): void => {
      if (codeIn(window.location.href, 'code') === null) return;
      window.history.replaceState(null, '', '/');
      setGiven(true);
    };
    look();
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, []);
  if (!given) return null;
  return (
    <div role="alert" className="flex flex-wrap items-center justify-between gap-3 bg-accent-faint px-6 py-2">
      <p className="min-w-[min(20rem,100%)] flex-1"><b>{ja.known.title}</b>　{ja.known.note}</p>
      <Button onPress={() => setGiven(false)}>{ja.notice.dismiss}</Button>
    </div>
  );
}

function UpdateBar(): ReactNode {
  const updates = useContext(UpdatesContext);
  const waiting = useSyncExternalStore(updates.subscribe, updates.waiting);
  if (!waiting) return null;
  return (
    <div role="region" aria-label={ja.update.offered} className="flex flex-wrap items-center justify-between gap-3 bg-accent-faint px-6 py-2">
      <p><b>{ja.update.offered}</b>　<span className="text-muted">{ja.update.note}</span></p>
      <Button onPress={updates.apply}>{ja.update.apply}</Button>
    </div>
  );
}

/** When this app was made, ms. */
const MADE = Date.parse(import.meta.env.VITE_MADE ?? '') || 0;

/** Says that the clock is wrong: by what the server said, or without signal by what has certainly passed. */
function ClockBar({ status }: { readonly status: Status }): ReactNode {
  // an effect that set the time with each status would be one more drawing for each tap
  const [, look] = useReducer((looked: number) => looked + 1, 0);
  const now = Date.now();
  useEffect(() => {
    const timer = setInterval(look, 60_000);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, []);
  const offset = status.clock_offset_ms ?? 0;
  const isBehind = isClockBehind(now, status.last_exchange_at, MADE);
  if (!isClockWrong(offset) && !isBehind) return null;
  const shown = `${longDate(japanDay(now))} ${clock(now, new Date(now))}`;
  return (
    <p role="alert" className="bg-wait-soft px-6 py-2 text-wait">
      <b>{isClockWrong(offset) ? ja.clock.wrong(ja.clock.span(offset)) : ja.clock.off(shown)}</b>　{ja.clock.help}
    </p>
  );
}

/** Texts typed below are looked at for names; those of lecturers are known and belong there. */
function Names({ children }: { readonly children: ReactNode }): ReactNode {
  const { lecturers } = useSnapshot().registry;
  return <KnownNames value={useMemo(() => lecturerNames(lecturers), [lecturers])}>{children}</KnownNames>;
}

function Ready(): ReactNode {
  return (
    <Switch>
      <Route path="/session/:document">
        {({ document }) => (isDocumentId(document) ? session(document) : <Today frame={Shell} />)}
      </Route>
      <Route path="/records"><Records frame={Shell} /></Route>
      <Route path="/summary"><Summary frame={Shell} /></Route>
      <Route path="/device"><Device frame={Shell} /></Route>
      <Route><Today frame={Shell} /></Route>
    </Switch>
  );
}

export function App(): ReactNode {
  const { stage } = useSnapshot();
  const unsent = stage.stage === 'ready' ? stage.status.unsent_records : null;
  const name = stage.stage === 'ready' ? stage.identity.device_name : null;
  const spent = stage.stage === 'over' && stage.unsent === 0;
  useEffect(() => {
    if (unsent !== null && name !== null) writeMarker({ device_name: name, unsent_records: unsent });
    if (spent) clearMarker();
  }, [unsent, name, spent]);
  /** Of a day pass; '' where it is to be typed. */
  const [code, setCode] = useState(passInAddress);
  useEffect(() => {
    const look = (): void => setCode((before) => passInAddress() ?? before);
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, []);
  const hasPass = stage.stage === 'ready' && stage.identity.pass !== null;
  const client = useClient();
  useIdleLock(stage.stage === 'ready' && !hasPass, useCallback(() => void client.perform({ type: 'lock' }), [client]));
  const person = stage.stage === 'ready' ? stage.identity.person.id : null;
  const last = useRef(person);
  if (person !== null && last.current !== person) {
    // another person begins at the beginning, not at what the last one was looking at
    if (last.current !== null) window.history.replaceState(null, '', '/');
    last.current = person;
  }
  return (
    <div className="flex h-dvh flex-col">
      <UpdateBar />
      {stage.stage === 'ready' && <ClockBar status={stage.status} />}
      {stage.stage === 'ready' && <DoubtBar />}
      {stage.stage === 'ready' && stage.status.copied_at !== null && <CopiedBar />}
      {(stage.stage === 'ready' || stage.stage === 'locked') && <KnownBar />}
      <NoticeBar />
      <Announcer />
      <div className="frame min-h-0 flex-1 overflow-y-auto">
        {stage.stage === 'starting' && <Starting />}
        <Names>
          <Suspense fallback={<p className="p-6 text-muted">{ja.starting}</p>}>
            {(stage.stage === 'over' || hasPass || (stage.stage === 'unenrolled' && code !== null)) && <Pass code={code} used={() => setCode(null)} session={session} />}
            {stage.stage === 'unenrolled' && code === null && <Enrol lost={readMarker()} enterPass={setCode} />}
            {stage.stage === 'fault' && <CannotStart fault={stage.fault} />}
            {stage.stage === 'locked' && <Lock people={stage.people} />}
            {stage.stage === 'ready' && !hasPass && <Ready key={person} />}
          </Suspense>
        </Names>
      </div>
    </div>
  );
}
