// One record, open: header with what it is and how safe it is, a tab per question, undo and the next step at the bottom.

import { type ComponentType, type ReactNode, Suspense, useEffect, useId, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useHistoryState } from 'wouter/use-browser-location';
import { useRecord } from '../../core/hooks';
import * as p from '../../core/parse';
import { intent } from '../../core/protocol';
import { blankView, type DocumentId, type HeldWork, type Intent, type RecordView } from '../../core/records';
import { clock } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { later } from '../../ui/fault';
import { TabList, TabPanel } from '../../ui/tabs';
import { TapButton } from '../../ui/tap-button';
import { Answers } from './answers';
import { Attendance } from './attendance';
import { Basic } from './basic';
import { TypingContext } from './counter';
import { EditorProvider, useEditor } from './editor';
import { Header } from './header';
import { Materials } from './materials';
import { Notes } from './notes';
import { Screening } from './screening';

// the last tab comes when it is opened
const Finish = later(async () => (await import('./finish')).Finish);

const TABS = ['basic', 'attendance', 'screening', 'materials', 'answers', 'notes', 'finish'] as const;
type TabName = (typeof TABS)[number];
const COUNTING: readonly TabName[] = ['attendance', 'screening', 'materials', 'answers'];
const PANELS: Record<TabName, ComponentType> = {
  basic: Basic, attendance: Attendance, screening: Screening, materials: Materials, answers: Answers, notes: Notes, finish: Finish,
};

function isTab(text: unknown): text is TabName {
  return TABS.some((known) => known === text);
}

function done(view: RecordView, tab: TabName): boolean {
  const counted = (prefix: string): boolean => view.tallies.some((tally) => tally.measure.startsWith(prefix));
  switch (tab) {
    case 'basic':
      return ['date', 'activity', 'venue', 'municipality'].every((field) => view.fields[field] !== undefined && view.fields[field].alternatives.length === 0);
    case 'attendance':
      return counted('attendance.');
    case 'screening':
      return counted('screening.');
    case 'materials':
      return counted('material.');
    case 'answers':
      return counted('answer.');
    case 'notes':
      return view.texts.outcome !== '';
    case 'finish':
      return view.group === 'held';
  }
}

function Footer({ tab, typing, onTyping, onNext }: { readonly tab: TabName; readonly typing: boolean; readonly onTyping: () => void; readonly onNext: (tab: TabName) => void }): ReactNode {
  const { undo, takeBack } = useEditor();
  const [, go] = useLocation();
  const next = TABS[TABS.indexOf(tab) + 1];
  const undone = undo === null ? '' : undo.place === tab || !isTab(undo.place) ? undo.label : ja.session.undoOn(ja.session.tabs[undo.place], undo.label);
  return (
    <footer className="border-t border-line bg-surface px-[min(1.5rem,4vw)] pt-3.5 pb-[max(0.875rem,env(safe-area-inset-bottom))]">
      <div className="mx-auto flex max-w-5xl flex-wrap items-center justify-between gap-3">
        {undo !== null && <TapButton className="max-w-76 text-left" onTap={takeBack}>{ja.session.undo(undone)}</TapButton>}
        <div className="ml-auto flex flex-wrap items-center gap-3">
          {COUNTING.includes(tab) && <Button onPress={onTyping}>{typing ? ja.session.taps : ja.session.numbers}</Button>}
          <Button look="primary" size="large" onPress={() => (next === undefined ? go('/') : onNext(next))}>
            {next === undefined ? ja.session.toToday : ja.session.next(ja.session.tabs[next])}
          </Button>
        </div>
      </div>
    </footer>
  );
}

function HeldNotice({ held }: { readonly held: readonly HeldWork[] }): ReactNode {
  return held.map(({ code, declined }) => (
    <section key={`${code} ${declined?.at ?? ''}`} className="mx-auto mt-4 max-w-5xl rounded-12 border border-wait-line bg-wait-soft p-4">
      <h2 className="text-[1rem] text-wait">{declined === null ? ja.session.heldTitle : ja.session.declinedTitle}</h2>
      <p className="text-[0.9375rem]">
        {declined === null
          ? ja.session.heldHelp(ja.session.heldReason(code))
          : ja.session.declinedHelp(declined.by, clock(declined.at, new Date()), declined.reason)}
      </p>
    </section>
  ));
}

function Open({ view, fresh }: { readonly view: RecordView; readonly fresh: boolean }): ReactNode {
  const bare = view.fields['activity'] === undefined || view.fields['venue'] === undefined;
  const [tab, setTab] = useState<TabName>(bare ? 'basic' : 'attendance');
  const { look } = useEditor();
  const content = useRef<HTMLElement>(null);
  useEffect(() => {
    look(tab);
    // newer browsers return a promise, which is no clean-up
    void content.current?.scrollTo(0, 0);
  }, [tab]);
  const [typing, setTyping] = useState(false);
  const tabs = useId();
  const Panel = PANELS[tab];
  return (
    <TypingContext value={typing}>
      <div className="grid h-full min-h-0 grid-cols-[minmax(0,1fr)] grid-rows-[auto_1fr_auto] low:h-auto">
        <header className="border-b border-line bg-surface px-[min(1.5rem,4vw)] pt-[max(0.875rem,env(safe-area-inset-top))] low:pt-1">
          <Header view={view} fresh={fresh} />
          <div className="mx-auto mt-1 max-w-5xl low:mt-0">
            <TabList
              of={tabs}
              label={ja.session.tabsLabel}
              names={TABS}
              open={tab}
              onOpen={setTab}
              title={(name) => <>{ja.session.tabs[name]}{done(view, name) && <span aria-hidden="true" className="text-[0.875rem] text-ok">✓</span>}</>}
            />
          </div>
        </header>
        <main ref={content} className="min-h-0 overflow-y-auto px-[min(1.5rem,4vw)] [scrollbar-gutter:stable] pb-5 low:overflow-visible">
          {view.held.length > 0 && <HeldNotice held={view.held} />}
          <TabPanel of={tabs} name={tab} className="mx-auto flex max-w-5xl flex-col gap-3.5 pt-5 outline-offset-4">
            <Suspense><Panel /></Suspense>
          </TabPanel>
        </main>
        <Footer tab={tab} typing={typing} onTyping={() => setTyping(!typing)} onNext={setTab} />
      </div>
    </TypingContext>
  );
}

const firstIntents = p.object((f) => f.get('first', p.array(intent)));
const NONE: readonly Intent[] = [];

export function Session({ document }: { readonly document: DocumentId }): ReactNode {
  const view = useRecord(document);
  const begun = p.attempt(firstIntents, useHistoryState());
  if (view === undefined) return <p className="p-6 text-muted">{ja.starting}</p>;
  if (view === null && !begun.ok) {
    return (
      <main className="p-6">
        <p>{ja.session.missing}</p>
        <Link href="/" className="inline-flex min-h-11 items-center font-bold text-accent-ink underline">{ja.session.toToday}</Link>
      </main>
    );
  }
  const first = view === null && begun.ok ? begun.value : NONE;
  return (
    <EditorProvider document={document} view={view ?? blankView(document, first)} first={first}>
      <Open view={view ?? blankView(document, first)} fresh={view === null} />
    </EditorProvider>
  );
}
