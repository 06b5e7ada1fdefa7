// One record in a list: when, what and where, how safe.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useRecord } from '../core/hooks';
import { type DocumentId, type Entry, type RecordView, TEXTS } from '../core/records';
import { municipalityName, type Registry } from '../core/registry';
import { longDate, oddDate, shortDate, todayIso } from '../i18n/dates';
import { ja } from '../i18n/ja';
import { RecordState } from './save-state';

/** ACP講話（通いの場） */
export function recordTitle(record: Pick<Entry, 'activity' | 'title' | 'occasion'>): string {
  const name = record.title ?? ja.activity(record.activity);
  return record.occasion === null ? name : `${name}（${record.occasion}）`;
}

/** 神川町 老人福祉センター */
export function recordPlace(record: Pick<Entry, 'municipality' | 'venue'>, registry: Registry): string {
  const place = [municipalityName(registry, record.municipality) ?? record.municipality, record.venue].filter((part) => part !== null);
  return place.length === 0 ? ja.row.noVenue : place.join(' ');
}

/** Contact cards in all; null when none was reported. */
function cards(entry: Entry): number | null {
  const counted = Object.entries(entry.tallies).flatMap(([measure, total]) => (measure.startsWith('material.contact-card.') && total !== null ? [total] : []));
  return counted.length === 0 ? null : counted.reduce((sum, count) => sum + count, 0);
}

/** What of a record waits for a person: fields with several values, texts with sentences that several people rewrote. */
export function undecided(view: RecordView): { readonly fields: readonly string[]; readonly texts: readonly string[] } {
  const fields = Object.entries(view.fields).flatMap(([name, field]) => (field.alternatives.length > 0 ? [ja.field(name)] : []));
  if (view.group === 'conflict') fields.push(ja.field('state'));
  return { fields, texts: TEXTS.filter((name) => (view.rewritten[name]?.length ?? 0) > 0).map((name) => ja.notes[name]) };
}

/** 会場の記入が2通りあります */
export function ConflictText({ document }: { readonly document: DocumentId }): ReactNode {
  const view = useRecord(document);
  if (view === null || view === undefined) return ja.row.conflicts;
  const { fields, texts } = undecided(view);
  if (fields.length === 0 && texts.length > 0) return ja.row.rewritten(texts);
  return fields.length === 0 ? ja.row.conflicts : ja.row.conflict([...fields, ...texts]);
}

/** Whether a date is hardly the one that is meant. Those of past years are the rule in a list. */
export function isDateOdd(entry: Entry): boolean {
  const odd = oddDate(entry.date, todayIso(new Date()));
  return odd === 'old' || odd === 'future';
}

export function RecordRow({ entry, registry }: { readonly entry: Entry; readonly registry: Registry }): ReactNode {
  const counted = cards(entry);
  const parts = [recordPlace(entry, registry)];
  if (entry.conflict_count === 0) {
    if (entry.group !== 'held') parts.push(ja.state(entry.state));
    if (entry.attendance !== null) parts.push(ja.row.attendance(entry.attendance));
    if (counted !== null) parts.push(ja.row.cards(counted));
  }
  return (
    <Link
      href={`/session/${entry.document}`}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-12 border border-line bg-surface px-5 py-4 text-ink hover:border-accent-ink hover:bg-accent-faint"
    >
      <span className="num w-18 text-[1.25rem] leading-130">{entry.date === null ? <span className="text-[0.875rem] font-normal text-muted">{ja.row.noDate}</span> : shortDate(entry.date)}</span>
      <span className="min-w-[min(14rem,100%)] flex-1">
        <span className="block text-[1.125rem] leading-140 font-bold">{recordTitle(entry)}</span>
        <span className="block text-[0.9375rem] text-muted">
          {parts.join(ja.separator)}
          {entry.conflict_count > 0 && <>{ja.separator}<b className="text-wait"><ConflictText document={entry.document} /></b></>}
          {isDateOdd(entry) && <>{ja.separator}<b className="text-wait">{ja.row.oddDate}（{longDate(entry.date)}）</b></>}
        </span>
      </span>
      <RecordState entry={entry} />
    </Link>
  );
}
