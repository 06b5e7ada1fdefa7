// The console: who is signed in decides what shows; the address decides which screen.

import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import * as p from '../core/parse';
import { registry } from '../core/registry';
import { office } from '../i18n/ja-office';
import { KnownNames, lecturerNames } from '../ui/personal';
import type { Api } from './api/client';
import { HubProvider } from './api/live';
import { type Me, me as parseMe } from './api/shapes';
import { AssociationPage } from './pages/association';
import { ClosingsPage } from './pages/closings';
import { CorrectionsPage } from './pages/corrections';
import { CustodyPage } from './pages/custody';
import { CustodyDetailPage } from './pages/custody-detail';
import { DevicePage, DevicesPage } from './pages/devices';
import { HealingPage } from './pages/healing';
import { JournalPage } from './pages/journal';
import { MunicipalityPage } from './pages/municipality';
import { OrganisationsPage } from './pages/organisations';
import { PeoplePage } from './pages/people';
import { OwnPage } from './pages/own';
import { PrefecturePage } from './pages/prefecture';
import { RecordPage } from './pages/record';
import { RecordsPage } from './pages/records';
import { RetentionPage } from './pages/retention';
import { SignIn } from './pages/sign-in';
import { homeOf } from './home';
import { Prover } from './parts/proof';
import { Shell } from './parts/shell';

type Stage = { readonly stage: 'starting' } | { readonly stage: 'out' } | { readonly stage: 'in'; readonly me: Me };

/** Lecturers may be named in texts. */
function KnownLecturers({ api, children }: { readonly api: Api; readonly children: ReactNode }): ReactNode {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    void api.get('/v1/registry', registry).then((answer) => (answer.ok ? setNames(lecturerNames(answer.value.lecturers)) : undefined));
  }, [api]);
  return <KnownNames value={names}>{children}</KnownNames>;
}

function Screens({ me, signOut }: { readonly me: Me; readonly signOut: () => void }): ReactNode {
  const home = homeOf(me);
  return (
    <Router base="/office">
      <Shell me={me} home={home} signOut={signOut}>
        <Switch>
          <Route path="/prefecture"><PrefecturePage /></Route>
          <Route path="/municipality/:code">{({ code }) => <MunicipalityPage key={code} code={code} />}</Route>
          <Route path="/association/:id">{({ id }) => <AssociationPage key={id} id={id} />}</Route>
          <Route path="/records/:document">{({ document }) => <RecordPage key={document} document={document} me={me} />}</Route>
          <Route path="/records"><RecordsPage mayExport={me.may.includes('export_records')} /></Route>
          <Route path="/custody/:document/:device">{({ document, device }) => <CustodyDetailPage key={`${document} ${device}`} document={document} device={device} />}</Route>
          <Route path="/devices/:device">{({ device }) => <DevicePage key={device} device={device} />}</Route>
          <Route path="/devices"><DevicesPage /></Route>
          <Route path="/healing"><HealingPage /></Route>
          <Route path="/closings/:month">{({ month }) => <CorrectionsPage key={month} month={month} />}</Route>
          <Route path="/closings"><ClosingsPage /></Route>
          <Route path="/custody"><CustodyPage /></Route>
          <Route path="/people"><PeoplePage /></Route>
          <Route path="/organisations"><OrganisationsPage mayEdit={me.may.includes('edit_organisations')} /></Route>
          <Route path="/journal"><JournalPage /></Route>
          <Route path="/retention"><RetentionPage /></Route>
          <Route path="/own"><OwnPage /></Route>
          <Route><Redirect to={home} replace /></Route>
        </Switch>
      </Shell>
    </Router>
  );
}

export function Console({ api }: { readonly api: Api }): ReactNode {
  const [stage, setStage] = useState<Stage>({ stage: 'starting' });
  const signedOut = useCallback(() => setStage({ stage: 'out' }), []);
  const enter = useCallback(async (): Promise<void> => {
    const answer = await api.get('/v1/me', parseMe);
    setStage(answer.ok ? { stage: 'in', me: answer.value } : { stage: 'out' });
  }, [api]);
  useEffect(() => void enter(), [enter]);
  const signOut = useCallback(() => {
    void api.post('/v1/logout', {}, p.nullable(p.string)).then(signedOut);
  }, [api, signedOut]);

  switch (stage.stage) {
    case 'starting':
      return <p className="p-8 text-muted">{office.frame.loading}</p>;
    case 'out':
      return <SignIn api={api} entered={() => void enter()} />;
    case 'in':
      return <HubProvider api={api} signedOut={signedOut}><KnownLecturers api={api}><Screens me={stage.me} signOut={signOut} /></KnownLecturers><Prover api={api} /></HubProvider>;
  }
}
