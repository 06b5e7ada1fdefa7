// The journal: who did, read or was refused what, from where and when. The address holds the conditions.

import { type ReactNode, useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import { japanDay, japanMidnight } from '../../i18n/dates';
import { office } from '../../i18n/ja-office';
import { inOrder } from '../../i18n/order';
import { type Reading, readDate } from '../../i18n/values';
import { INPUT, Labelled } from '../../ui/field';
import { ValueInput } from '../../ui/value-box';
import { useLive } from '../api/live';
import { type NextPath, usePages } from '../api/pages';
import { type Entry, type Journal, journal, people, type Person } from '../api/rights';
import { eraDate, eraMoment } from '../format';
import { CONDITIONS, conditionsOf } from '../parts/conditions';
import { Download } from '../parts/download';
import { Loaded, PageHead, useTitle } from '../parts/frame';
import { More } from '../parts/more';
import { type Names, useNames } from '../parts/names';

const text = office.journal;
const KNOWN = ['from', 'until', 'person', 'action', 'refused', 'unknown'];
const DAY_MS = 86_400_000;
const QUERY = /^&?[a-z_]+=/;
const SCOPES = /^(?:(?:municipality|association|lecturer|session):\S+ ?)+$/;
/** Says which page of a list was read, and nothing of what. */
const PAGING = ['limit', 'offset', 'before'];

/** When the day so many days after a date begins in Japan, as the address says it. */
function midnight(date: string, days: number): string | null {
  const at = japanMidnight(date);
  return at === null ? null : String(at + days * DAY_MS);
}

/** The date that [midnight] made it of; '' for what is none. */
function dateOf(ms: string | null, days: number): string {
  return ms === null || !/^\d+$/.test(ms) ? '' : japanDay(Number(ms) - days * DAY_MS);
}

/** A day of the range, unless it would end before it begins. */
function readDay(day: string, { from = '', until = '' }: { readonly from?: string; readonly until?: string }): Reading<string> {
  const read = readDate(day);
  if (!read.ok) return read;
  if (until !== '' && day > until) return { ok: false, reason: text.afterUntil(eraDate(until)) };
  return from !== '' && day < from ? { ok: false, reason: text.beforeFrom(eraDate(from)) } : read;
}

function Target({ entry }: { readonly entry: Entry }): ReactNode {
  const record = /^\/v1\/records\/([0-9a-f-]{36})$/.exec(entry.target)?.[1];
  if (record !== undefined) return <Link href={`/records/${record}`} className="link">{text.record}</Link>;
  if (entry.target_name !== null) return <>{entry.target_name}</>;
  // the address of a list says no more than the action does
  if (/^\/v1\/[a-z./-]+$/.test(entry.target)) return null;
  return <span className="break-all text-[0.875rem]">{entry.target}</span>;
}

function placeName(id: string, names: Names): string {
  if (id.startsWith('as-') || id.startsWith('hu-')) return names.association(id);
  return id.startsWith('le-') ? names.lecturer(id) : names.municipality(id);
}

/** What the server wrote beside an act, in words; as it stands where there are none for it. */
function words(detail: string, names: Names, people: readonly Person[]): string {
  const person = people.find((one) => one.person === detail);
  if (person !== undefined) return person.name;
  const place = (id: string): string => placeName(id, names);
  if (SCOPES.test(detail)) {
    return detail.split(' ').map((scope) => (scope.startsWith('session:') ? text.passSession : place(scope.slice(scope.indexOf(':') + 1)))).join('、');
  }
  if (!QUERY.test(detail)) return text.detail(detail, place);
  const query = new URLSearchParams(detail);
  PAGING.forEach((name) => query.delete(name));
  if (![...query.keys()].every((name) => CONDITIONS.includes(name))) return query.toString();
  return conditionsOf(query, names).map((one) => one.label).join('、');
}

function Row({ entry, names, people: known }: { readonly entry: Entry; readonly names: Names; readonly people: readonly Person[] }): ReactNode {
  const done = entry.outcome === 'done';
  return (
    <tr>
      <td className="whitespace-nowrap text-[0.9375rem]">{eraMoment(entry.at)}</td>
      <td>
        {entry.person === null ? <span className="text-muted">{text.nobody}</span> : <b>{entry.person.name}</b>}
        <span className="block text-[0.875rem] text-muted">{[entry.role === '' ? '' : office.role(entry.role), entry.device?.name ?? '', entry.peer].filter((part) => part !== '').join('　')}</span>
      </td>
      <td>
        {entry.action.name}
        {!done && <span className="block font-bold text-danger">{text.refusal(entry.outcome)}</span>}
      </td>
      <td>
        <Target entry={entry} />
        {entry.detail !== '' && <span className="block break-all text-[0.875rem] text-muted">{words(entry.detail, names, known)}</span>}
      </td>
    </tr>
  );
}

function nextEntries(query: string): NextPath<Journal> {
  return (pages) => {
    const last = pages.at(-1);
    if (last === undefined) return `/v1/journal?${query}`;
    return last.before === null ? null : `/v1/journal?${query}&before=${last.before}`;
  };
}

export function JournalPage(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const names = useNames();
  const everyone = useLive('/v1/people', people);
  useTitle(text.title, 'across');
  const query = new URLSearchParams([...search].filter(([name]) => KNOWN.includes(name))).toString();
  const live = usePages(useMemo(() => nextEntries(query), [query]), journal);
  const set = (name: string, value: string | null): void => {
    const next = new URLSearchParams(search);
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  const [first, last] = [dateOf(search.get('from'), 0), dateOf(search.get('until'), 1)];
  const unknown = search.get('unknown') === 'true';
  const [from, until, person, action, refused] = ['from', 'until', 'person', 'action', 'refused'].map((name) => search.get(name));
  const chosen = [
    from === null || from === undefined ? null : `${text.from}：${eraDate(first)}`,
    until === null || until === undefined ? null : `${text.until}：${eraDate(last)}`,
    person === null || person === undefined ? null : `${text.who}：${person === 'tsudoi-server' ? text.commandLine : everyone.value?.people.find((one) => one.person === person)?.name ?? person}`,
    action === null || action === undefined ? null : `${text.what}：${live.value?.[0]?.actions.find((one) => one.id === action)?.name ?? action}`,
    refused === null || refused === undefined ? null : `${text.outcome}：${refused === 'true' ? text.refused : text.done}`,
    unknown ? text.unknown : null,
  ].filter((one) => one !== null);
  return (
    <>
      <PageHead title={text.title} lead={text.lead} pages={live}>
        <Download path={`/v1/journal.csv?${query}`}>{text.csv}</Download>
      </PageHead>
      {chosen.length > 0 && <p className="print-only hidden">{chosen.join('　')}</p>}
      <div className="no-print grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <ValueInput type="date" label={text.from} stored={first} read={(day) => readDay(day, { until: last })} keep={(day) => set('from', midnight(day, 0))} clear={() => set('from', null)} />
        <ValueInput type="date" label={text.until} stored={last} read={(day) => readDay(day, { from: first })} keep={(day) => set('until', midnight(day, 1))} clear={() => set('until', null)} />
        <Labelled label={text.who}>
          {(id) => (
            <select id={id} className={INPUT} value={search.get('person') ?? ''} onChange={(event) => set('person', event.target.value)}>
              <option value="">{text.everyone}</option>
              {inOrder(everyone.value?.people ?? [], (one) => one.name).map((one) => <option key={one.person} value={one.person}>{one.name}</option>)}
              <option value="tsudoi-server">{text.commandLine}</option>
            </select>
          )}
        </Labelled>
        <Labelled label={text.what}>
          {(id) => (
            <select id={id} className={INPUT} value={search.get('action') ?? ''} onChange={(event) => set('action', event.target.value)}>
              <option value="">{text.everything}</option>
              {live.value?.[0]?.actions.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
            </select>
          )}
        </Labelled>
        <Labelled label={text.outcome}>
          {(id) => (
            <select id={id} className={INPUT} value={search.get('refused') ?? ''} onChange={(event) => set('refused', event.target.value)}>
              <option value="">{text.everything}</option>
              <option value="false">{text.done}</option>
              <option value="true">{text.refused}</option>
            </select>
          )}
        </Labelled>
        <label className="flex min-h-12 items-center gap-2 self-end">
          <input type="checkbox" className="size-5" checked={unknown} onChange={() => set('unknown', unknown ? null : 'true')} />
          {text.unknown}
        </label>
      </div>
      <Loaded live={live}>
        {(pages) => {
          const entries = pages.flatMap((page) => page.entries);
          if (entries.length === 0) return <p className="py-6 text-muted">{text.empty}</p>;
          return (
            <>
              <div className="scroll">
                <table>
                  <caption className="sr-only">{text.title}</caption>
                  <thead><tr><th scope="col">{text.when}</th><th scope="col">{text.whoFrom}</th><th scope="col">{text.what}</th><th scope="col">{text.target}</th></tr></thead>
                  <tbody>{entries.map((entry) => <Row key={entry.seq} entry={entry} names={names} people={everyone.value?.people ?? []} />)}</tbody>
                </table>
              </div>
              <More live={live} shown={office.pages.shown(entries.length)} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}
