// The field app: what shows depends on the stage of the core, then on the address.

import { type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { Route, Switch } from 'wouter';
import { useClient, useSnapshot } from '../core/hooks';
import { isDocumentId } from '../core/records';
import { Device } from '../features/device/device';
import { Enrol } from '../features/enrol/enrol';
import { useIdleLock } from '../features/lock/idle';
import { Lock } from '../features/lock/lock';
import { Records } from '../features/records/records';
import { Session } from '../features/session/session';
import { Summary } from '../features/summary/summary';
import { Today } from '../features/today/today';
import { ja } from '../i18n/ja';
import { Button } from '../ui/button';
import { NoticeBar } from '../ui/notices';
import { KnownNames, lecturerNames } from '../ui/personal';
import { readMarker, writeMarker } from './marker';
import { Shell } from './shell';
import { UpdatesContext } from './update';

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

function FaultBar({ fault }: { readonly fault: 'storage' | 'quota' | 'core' }): ReactNode {
  return (
    <main className="mx-auto flex max-w-xl flex-col gap-4 p-6">
      <h1 className="text-[1.5rem] text-danger">{ja.fault.title}</h1>
      <p>{ja.fault[fault]}</p>
      <div><Button look="primary" size="large" onPress={() => window.location.reload()}>{ja.fault.reload}</Button></div>
    </main>
  );
}

function Ready(): ReactNode {
  const { lecturers } = useSnapshot().registry;
  return (
    <KnownNames value={useMemo(() => lecturerNames(lecturers), [lecturers])}>
      <Switch>
        <Route path="/session/:document">
          {({ document }) => (isDocumentId(document) ? <Session key={document} document={document} /> : <Today frame={Shell} />)}
        </Route>
        <Route path="/records"><Records frame={Shell} /></Route>
        <Route path="/summary"><Summary frame={Shell} /></Route>
        <Route path="/device"><Device frame={Shell} /></Route>
        <Route><Today frame={Shell} /></Route>
      </Switch>
    </KnownNames>
  );
}

export function App(): ReactNode {
  const { stage } = useSnapshot();
  const unsent = stage.stage === 'ready' ? stage.status.unsent_records : null;
  const name = stage.stage === 'ready' ? stage.identity.device_name : null;
  useEffect(() => {
    if (unsent !== null && name !== null) writeMarker(window.localStorage, { device_name: name, unsent_records: unsent });
  }, [unsent, name]);
  const client = useClient();
  useIdleLock(stage.stage === 'ready', useCallback(() => void client.perform({ type: 'lock' }), [client]));
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
      <NoticeBar />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {stage.stage === 'starting' && <p className="p-6 text-muted">{ja.starting}</p>}
        {stage.stage === 'unenrolled' && <Enrol lost={readMarker(window.localStorage)} />}
        {stage.stage === 'fault' && <FaultBar fault={stage.fault} />}
        {stage.stage === 'locked' && <Lock people={stage.people} waitUntil={stage.wait_until} />}
        {stage.stage === 'ready' && <Ready key={person} />}
      </div>
    </div>
  );
}
