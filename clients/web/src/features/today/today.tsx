// What is to be done today, first and largest; then what was recorded before.

import { type ReactNode, useMemo } from 'react';
import { Link } from 'wouter';
import { useReady, useSnapshot } from '../../core/hooks';
import { type Entry, whenOf } from '../../core/records';
import { type Registry } from '../../core/registry';
import { dayName, fiscalYear, todayIso } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { Card, SectionTitle } from '../../ui/card';
import type { FrameProps } from '../../ui/frame';
import { ConflictText, RecordRow, recordPlace, recordTitle } from '../../ui/record-row';
import { StateText } from '../../ui/save-state';

const PAST = 30;
const UPCOMING = 5;

export interface Day {
  readonly now: readonly Entry[];
  readonly overdue: readonly Entry[];
  readonly upcoming: readonly Entry[];
  readonly past: readonly Entry[];
}

/** Sorts records into the day's sections. A plan without date and year is one of today's. */
export function arrange(entries: Iterable<Entry>, today: string): Day {
  const sessions = [...entries].filter((entry) => entry.kind === 'session');
  const rising = [...sessions].sort((a, b) => (whenOf(a) < whenOf(b) ? -1 : 1));
  const planned = rising.filter((entry) => entry.group === 'planned');
  const day = (entry: Entry): string => {
    if (entry.date !== null) return entry.date;
    return entry.fiscal_year === null || entry.fiscal_year === fiscalYear(today) ? today : `${entry.fiscal_year + 1}-03-31`;
  };
  return {
    now: planned.filter((entry) => day(entry) === today),
    overdue: planned.filter((entry) => day(entry) < today),
    upcoming: planned.filter((entry) => day(entry) > today),
    past: rising.filter((entry) => entry.group !== 'planned').reverse(),
  };
}

function Plan({ entry, registry, first }: { readonly entry: Entry; readonly registry: Registry; readonly first: boolean }): ReactNode {
  const parts = [recordPlace(entry, registry)];
  if (entry.dispatched_by !== null && entry.state !== 'none') parts.push(ja.row.dispatch(ja.state(entry.state)));
  if (entry.attendance !== null) parts.push(ja.row.attendance(entry.attendance));
  return (
    <Card className={`flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4 ${first ? 'outline-2 -outline-offset-2 outline-accent-ink' : ''}`}>
      <div className="num w-22 text-[1.25rem] leading-130">
        {entry.start ?? <span className="text-[0.875rem] font-normal text-muted">{ja.today.noTime}</span>}
      </div>
      <div className="min-w-[min(14rem,100%)] flex-1">
        <h3 className="text-[1.125rem]">{recordTitle(entry)}</h3>
        <p className="text-[0.9375rem] text-muted">
          {parts.join(ja.separator)}
          {entry.conflict_count > 0 && <>{ja.separator}<b className="text-wait"><ConflictText document={entry.document} /></b></>}
        </p>
        <p className="text-[0.875rem]"><StateText state={entry.save_state} agreedAt={entry.agreed_at} /></p>
      </div>
      <Link
        href={`/session/${entry.document}`}
        aria-label={`${first ? ja.today.record : ja.today.open} ${recordTitle(entry)}`}
        className={`ml-auto inline-flex min-h-14 items-center rounded-8 px-6 font-bold ${first ? 'bg-accent text-on-accent hover:bg-accent-hover' : 'border border-accent-ink text-accent-ink hover:bg-accent-faint'}`}
      >
        {first ? ja.today.record : ja.today.open}
      </Link>
    </Card>
  );
}

function Rows({ title, entries, registry }: { readonly title: string; readonly entries: readonly Entry[]; readonly registry: Registry }): ReactNode {
  if (entries.length === 0) return null;
  return (
    <>
      <SectionTitle>{title}</SectionTitle>
      {entries.map((entry) => <RecordRow key={entry.document} entry={entry} registry={registry} />)}
    </>
  );
}

export function Today({ frame: Frame }: FrameProps): ReactNode {
  const { identity } = useReady();
  const { entries, registry, listed } = useSnapshot();
  const today = todayIso(new Date());
  const day = useMemo(() => arrange(entries.values(), today), [entries, today]);
  return (
    <Frame title={`${ja.today.title}　${dayName(today)}`} sub={ja.today.who(identity.person.name, identity.device_name)}>
      {day.now.map((entry, index) => <Plan key={entry.document} entry={entry} registry={registry} first={index === 0} />)}
      {listed && day.now.length === 0 && (
        <Card className="px-5 py-6">
          <p className="font-bold">{ja.today.nothing}</p>
          <p className="text-muted">{ja.today.nothingHelp}</p>
        </Card>
      )}
      <Rows title={ja.today.overdue} entries={day.overdue} registry={registry} />
      <Rows title={ja.today.past} entries={day.past.slice(0, PAST)} registry={registry} />
      {day.past.length > PAST && (
        <Link href="/records" className="inline-flex min-h-11 items-center self-start font-bold text-accent-ink underline">{ja.today.all}</Link>
      )}
      <Rows title={ja.today.upcoming} entries={day.upcoming.slice(0, UPCOMING)} registry={registry} />
    </Frame>
  );
}
