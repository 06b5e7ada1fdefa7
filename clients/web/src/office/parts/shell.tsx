// The frame around every screen: navigation at the side, or behind a button where there is no room for it.

import { type ReactNode, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';
import type { Problem } from '../api/client';
import type { Me } from '../api/shapes';
import { problemText } from './frame';
import { SwitchRole } from './switch-role';

function Item({ href, on, children }: { readonly href: string; readonly on: boolean; readonly children: ReactNode }): ReactNode {
  const look = on ? 'bg-accent-soft font-bold text-[#00118f]' : 'text-ink hover:bg-[#e6e6e6]';
  return <Link href={href} aria-current={on ? 'page' : undefined} className={`flex min-h-11 shrink-0 items-center rounded-8 px-3 ${look}`}>{children}</Link>;
}

/** Why the sign-in could not be ended; null: it was. */
export type SignOut = () => Promise<Problem | null>;

export function Shell({ me, home, signOut, children }: { readonly me: Me; readonly home: string; readonly signOut: SignOut; readonly children: ReactNode }): ReactNode {
  const [path] = useLocation();
  const [problem, setProblem] = useState<string | null>(null);
  /** Where there is no room beside the screen, the other screens show when they are asked for. */
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const leave = async (): Promise<void> => {
    const why = await signOut();
    setProblem(why === null ? null : problemText(why));
  };
  const onRecords = path.startsWith('/records');
  const onCustody = path.startsWith('/custody');
  const onClosings = path.startsWith('/closings');
  const onDevices = path.startsWith('/devices');
  const onHealing = path.startsWith('/healing');
  const onPeople = path.startsWith('/people');
  const onOrganisations = path.startsWith('/organisations');
  const onLecturers = path.startsWith('/lecturers');
  const onJournal = path.startsWith('/journal');
  const onRetention = path.startsWith('/retention');
  const elsewhere = onRecords || onCustody || onClosings || onHealing || onPeople || onLecturers || onOrganisations || onJournal || onRetention || onDevices || path.startsWith('/own');
  const may = (action: string): boolean => me.may.includes(action);
  return (
    <div className="console-frame min-h-dvh lg:grid lg:grid-cols-[14.5rem_minmax(0,1fr)]">
      <a href="#main" className="no-print sr-only focus:not-sr-only focus:absolute focus:left-2 focus:top-2 focus:bg-surface focus:p-3">{office.nav.skip}</a>
      <aside className="no-print border-b border-line bg-sunken px-[min(0.75rem,3vw)] py-1 lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col lg:overflow-y-auto lg:border-b-0 lg:border-r lg:py-5">
        <div className="flex items-center justify-between gap-x-[min(1rem,3vw)]">
          <p className="px-[min(0.75rem,3vw)] text-[length:min(1.25rem,9vw)] font-bold lg:pb-3">{office.app}</p>
          <Button look="quiet" className="min-h-[min(2.75rem,14vh)]! px-[min(1rem,4vw)]! text-[length:min(1rem,7vw)] lg:hidden" aria-expanded={open} aria-controls="screens" onPress={() => setOpen(!open)}>{open ? office.nav.close : office.nav.choose}</Button>
        </div>
        <div id="screens" className={`${open ? 'flex' : 'hidden'} flex-col gap-2 pb-3 lg:flex lg:flex-1 lg:pb-0`}>
          <nav aria-label={office.nav.label} className="flex flex-col gap-1 text-[0.9375rem] lg:flex-1">
            <Item href={home} on={!elsewhere}>{office.nav.dashboard}</Item>
            <Item href="/records" on={onRecords}>{office.nav.records}</Item>
            <Item href="/custody" on={onCustody}>{office.nav.custody}</Item>
            <Item href="/closings" on={onClosings}>{office.nav.closings}</Item>
            {may('read_devices') && <Item href="/devices" on={onDevices}>{office.nav.devices}</Item>}
            {may('read_healing') && <Item href="/healing" on={onHealing}>{office.nav.healing}</Item>}
            {may('read_people') && <Item href="/people" on={onPeople}>{office.nav.people}</Item>}
            {may('edit_lecturers') && <Item href="/lecturers" on={onLecturers}>{office.nav.lecturers}</Item>}
            {may('edit_organisations') && <Item href="/organisations" on={onOrganisations}>{office.nav.organisations}</Item>}
            {may('read_journal') && <Item href="/journal" on={onJournal}>{office.nav.journal}</Item>}
            {may('set_retention') && <Item href="/retention" on={onRetention}>{office.nav.retention}</Item>}
          </nav>
          <div className="flex flex-col gap-2 border-t border-line pt-3">
            <p className="px-3 text-[0.875rem] leading-[1.5]">
              <b>{me.person.name}</b>
              <span className="block text-muted">{me.tenant.name} {office.role(me.role)}</span>
            </p>
            <SwitchRole me={me} />
            <div className="text-[0.9375rem]"><Item href="/own" on={path.startsWith('/own')}>{office.nav.own}</Item></div>
            <Button look="quiet" className="justify-start text-[0.9375rem]" onPress={() => leave()}>{office.nav.signOut}</Button>
            <Failure look="line" text={problem} />
          </div>
        </div>
      </aside>
      <main id="main" tabIndex={-1} className="flex w-full max-w-[80rem] flex-col gap-5 px-5 py-6 outline-none max-sm:px-4 max-sm:py-4 lg:px-8">{children}</main>
    </div>
  );
}
