// The head of a screen: title, year, as-of time, what is missing; and what stands there while nothing can be shown.

import { type ReactNode, useEffect } from 'react';
import { Link } from 'wouter';
import { Button as PlainButton, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { useTold } from '../../ui/once';
import type { Problem } from '../api/client';
import { type Live, useHub } from '../api/live';
import type { Pages } from '../api/pages';
import type { Frame } from '../api/shapes';
import { eraMoment } from '../format';
import { PrintButton, type Sheet, useAsOf, useSheet } from './print';

export function problemText(problem: Problem): string {
  if (problem.code === 'unauthorised') return office.problem.unauthorised;
  if (problem.detail !== null) return problem.detail;
  return problem.code === 'not_found' || problem.code === 'unreachable' || problem.code === 'unreadable' ? office.problem[problem.code] : ja.problem(problem.code, null);
}

/** Sets the title of the page and of its sheets. */
export function useTitle(title: string, sheet: Sheet = 'upright'): void {
  useSheet(title, sheet);
  useEffect(() => {
    document.title = `${title} - ${office.app}`;
  }, [title]);
}

/** The head of a screen without figures: its name, what it is for, and what can be begun here. */
export function PageHead({ title, lead, pages, children }: { readonly title: string; readonly lead: string; readonly pages?: Pages<unknown>; readonly children?: ReactNode }): ReactNode {
  return (
    <header className="flex flex-wrap items-end justify-between gap-4">
      <div>
        <h1 className="text-[1.75rem] leading-130">{title}</h1>
        <p className="mt-1 max-w-[48rem] text-[#4d4d4d]">{lead}</p>
      </div>
      <div className="flex flex-wrap gap-3">
        <PrintButton pages={pages} />
        {children}
      </div>
    </header>
  );
}

/** What was read, or why there is nothing to show; a failed refresh leaves the last answer in place and says so. */
export function Loaded<T>({ live, children }: { readonly live: Live<T>; readonly children: (value: T) => ReactNode }): ReactNode {
  const { api } = useHub();
  useAsOf(live.value, live.readAt);
  useTold(live.problem === null ? null : problemText(live.problem));
  const over = live.problem?.code === 'unauthorised';
  const retry = over
    ? <Button onPress={() => api.signIn()}>{office.signIn.submit}</Button>
    : <Button onPress={live.again}>{office.frame.retry}</Button>;
  if (live.value === null) {
    if (live.problem === null) return <p role="status" className="py-10 text-muted">{office.frame.loading}</p>;
    return (
      <div role="alert" className="flex max-w-[40rem] flex-col items-start gap-4 py-10">
        <p className="text-[1.125rem] font-bold">{problemText(live.problem)}</p>
        <div className="flex flex-wrap items-center gap-4">
          {retry}
          <Link href="/" className="link py-2">{office.problem.dashboard}</Link>
        </div>
      </div>
    );
  }
  return (
    <>
      {live.problem !== null && (
        <div role="status" className="no-print flex flex-wrap items-center gap-3 rounded-8 bg-wait-soft px-4 py-2 text-wait">
          <p>{over ? office.frame.staleSignedOut : office.frame.stale}</p>
          {retry}
        </div>
      )}
      {children(live.value)}
    </>
  );
}

function Silent({ tablets }: { readonly tablets: Frame['silent_tablets'] }): ReactNode {
  if (tablets.length === 0) return <span>{office.frame.noSilent}</span>;
  return (
    <DialogTrigger>
      <PlainButton className="print-text cursor-pointer text-accent-ink underline underline-offset-4 hover:bg-accent-faint">{office.frame.silent(tablets.length)}</PlainButton>
      <Popover className="rounded-12 border border-line-strong bg-surface shadow-lg">
        <Dialog aria-label={office.frame.silentTitle} className="max-h-[60vh] max-w-[26rem] overflow-auto p-5 text-[0.9375rem]">
          <h2 className="text-[1.0625rem]">{office.frame.silentTitle}</h2>
          <p className="mt-1 text-muted">{office.frame.silentNote}</p>
          <ul className="mt-3 flex flex-col gap-2">
            {tablets.map((tablet) => (
              <li key={tablet.device}>
                <b>{tablet.name}</b>
                <span className="block text-muted">{tablet.last_seen_at === null ? office.frame.neverSeen : office.frame.lastSeen(eraMoment(tablet.last_seen_at))}</span>
              </li>
            ))}
          </ul>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

export interface HeadProps {
  readonly title: string;
  readonly note?: string;
  readonly frame: Frame;
  readonly chooseYear: (year: number) => void;
}

export function Head({ title, note, frame, chooseYear }: HeadProps): ReactNode {
  const dot = <span aria-hidden="true">・</span>;
  useTitle(`${title} ${office.year.name(frame.fiscal_year)}`, 'across');
  return (
    <header className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <h1 className="flex flex-wrap items-center gap-x-4 gap-y-1 text-[1.75rem] leading-130">
          {title}
          <span className="sr-only">{office.year.name(frame.fiscal_year)}</span>
          <select
            aria-label={office.year.label}
            className="no-print min-h-11 rounded-8 border border-line-strong bg-surface px-3 text-[1.125rem] font-bold hover:border-ink"
            value={frame.fiscal_year}
            onChange={(event) => chooseYear(Number(event.target.value))}
          >
            {frame.fiscal_years.map((year) => <option key={year} value={year}>{office.year.name(year)}</option>)}
          </select>
          <span aria-hidden="true" className="print-only hidden">{office.year.name(frame.fiscal_year)}</span>
        </h1>
        <PrintButton />
      </div>
      <div className="flex flex-wrap items-center gap-x-2 text-[0.875rem] text-[#4d4d4d]">
        <span>{office.frame.asOf(eraMoment(frame.as_of))}</span>
        {dot}
        {frame.reports_missing > 0
          ? <Link href={`/records?${frame.reports_missing_records}`} className="link">{office.frame.missing(frame.reports_missing)}</Link>
          : <span>{office.frame.noMissing}</span>}
        {dot}
        <Silent tablets={frame.silent_tablets} />
        {frame.dates_doubtful > 0 && <>{dot}<Link href={`/records?${frame.dates_doubtful_records}`} className="link">{office.frame.datesDoubtful(frame.dates_doubtful)}</Link></>}
        {note !== undefined && <>{dot}<span>{note}</span></>}
      </div>
      {frame.sample && (
        <p className="rounded-8 border border-[#d9b300] bg-[#fff9e0] px-4 py-2 text-[0.9375rem]">
          <b>{office.frame.sample}</b>　{office.frame.sampleNote}
        </p>
      )}
    </header>
  );
}
