// The console: who is signed in decides what shows; the address decides which screen.

import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import { registry } from '../core/registry';
import { office } from '../i18n/ja-office';
import { Button } from '../ui/button';
import { KnownNames, lecturerNames } from '../ui/personal';
import type { Api, Problem } from './api/client';
import { forgetDrafts } from './api/drafts';
import { HubProvider } from './api/live';
import { nothing } from './api/proof';
import { type Me, me as parseMe } from './api/shapes';
import { AssociationPage } from './pages/association';
import { ClosingsPage } from './pages/closings';
import { CorrectionsPage } from './pages/corrections';
import { CustodyPage } from './pages/custody';
import { CustodyDetailPage } from './pages/custody-detail';
import { DevicePage, DevicesPage } from './pages/devices';
import { HealingPage } from './pages/healing';
import { JournalPage } from './pages/journal';
import { LecturersPage } from './pages/lecturers';
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
import { Announcer } from './parts/announce';
import { problemText } from './parts/frame';
import { Prover } from './parts/proof';
import { Shell, type SignOut } from './parts/shell';
import { SignInAgain } from './parts/sign-in-again';

type Stage = { readonly stage: 'starting' } | { readonly stage: 'failed'; readonly problem: Problem } | { readonly stage: 'out' } | { readonly stage: 'in'; readonly me: Me };

/** The server knows of no sign-in, in place of not being there. */
const isRefused = (problem: Problem): boolean => problem.code === 'unauthorised' || problem.code === 'forbidden';

/** Lecturers may be named in texts. */
function KnownLecturers({ api, children }: { readonly api: Api; readonly children: ReactNode }): ReactNode {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    void api.get('/v1/registry', registry).then((answer) => (answer.ok ? setNames(lecturerNames(answer.value.lecturers)) : undefined));
  }, [api]);
  return <KnownNames value={names}>{children}</KnownNames>;
}

function Screens({ me, signOut }: { readonly me: Me; readonly signOut: SignOut }): ReactNode {
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
          <Route path="/lecturers"><LecturersPage me={me} /></Route>
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
  const enter = useCallback(async (): Promise<void> => {
    const answer = await api.bare.get('/v1/me', parseMe);
    if (answer.ok) setStage({ stage: 'in', me: answer.value });
    else setStage(isRefused(answer.problem) ? { stage: 'out' } : { stage: 'failed', problem: answer.problem });
  }, [api]);
  useEffect(() => void enter(), [enter]);
  const signOut = useCallback(async (): Promise<Problem | null> => {
    const answer = await api.bare.post('/v1/logout', {}, nothing);
    if (!answer.ok && !isRefused(answer.problem)) return answer.problem;
    forgetDrafts();
    setStage({ stage: 'out' });
    return null;
  }, [api]);

  switch (stage.stage) {
    case 'starting':
      return <p className="p-8 text-muted">{office.frame.loading}</p>;
    case 'failed':
      return (
        <main role="alert" className="flex max-w-[40rem] flex-col items-start gap-4 p-8">
          <p className="text-[1.125rem] font-bold">{problemText(stage.problem)}</p>
          <Button onPress={() => enter()}>{office.frame.retry}</Button>
        </main>
      );
    case 'out':
      return <SignIn api={api} entered={() => void enter()} />;
    case 'in': {
      const { me } = stage;
      return (
        <HubProvider key={`${me.tenant.code} ${me.person.id} ${me.role} ${me.organisation}`} api={api}>
          <KnownLecturers api={api}><Announcer><Screens me={me} signOut={signOut} /></Announcer></KnownLecturers>
          <Prover api={api} />
          <SignInAgain me={me} startAnew={(next) => setStage({ stage: 'in', me: next })} />
        </HubProvider>
      );
    }
  }
}
