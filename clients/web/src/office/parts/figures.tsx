// Figures with their honesty: value, 以上, how many gaps, and the way to the records behind.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import type { Figure, Group, Groups } from '../api/shapes';
import { plain, recordCount, wording } from '../format';
import { useAnnounced } from './announce';

/** A number in a table; leads to the records behind it when there are any. */
export function Cell({ figure, unit = '', label }: { readonly figure: Figure; readonly unit?: string; readonly label: string }): ReactNode {
  const text = plain(figure, unit);
  useAnnounced(`${label} ${text}`);
  const style = figure.total === null ? 'text-muted text-[0.875rem]' : figure.total === 0 ? 'zero' : 'font-bold';
  if (recordCount(figure) === 0) return <span className={style}>{text}</span>;
  return (
    <Link href={`/records?${figure.records}`} aria-label={office.figure.open(label, text)} className={`figure-link inline-block min-w-6 ${style}`}>{text}</Link>
  );
}

/** The figures whose way of counting is told. */
export type Meaning = keyof typeof office.figure.meanings;

/** A large figure with its name above and its completeness below. */
export function Key({ name, figure, unit, note, after, meaning }: { readonly name: string; readonly figure: Figure; readonly unit: string; readonly note?: ReactNode; readonly after?: ReactNode; readonly meaning?: Meaning }): ReactNode {
  const words = wording(figure, unit);
  useAnnounced(`${name} ${words.value}${words.suffix}`);
  const value = (
    <>
      <span className={figure.total === null ? 'text-[1.375rem] font-bold' : 'num text-[2.25rem] leading-[1.2]'}>{words.value}</span>
      {words.suffix !== '' && <span className="text-[1rem]"> {words.suffix}</span>}
    </>
  );
  return (
    <section className="keep flex flex-col rounded-12 border border-line bg-surface px-5 py-4">
      <h2 className="text-[0.9375rem] text-[#4d4d4d]">{name}</h2>
      <p className="flex min-h-[3.25rem] flex-wrap items-baseline gap-x-1">
        {recordCount(figure) > 0
          ? <Link href={`/records?${figure.records}`} aria-label={office.figure.open(name, `${words.value}${words.suffix}`)} className="figure-link no-underline hover:underline">{value}</Link>
          : <span>{value}</span>}
        {after}
      </p>
      <p className="text-[0.875rem] leading-[1.5] text-muted">{note ?? words.note}</p>
      {meaning !== undefined && (
        <details className="no-print mt-auto text-[0.875rem] leading-[1.5] text-muted">
          <summary className="inline-flex min-h-11 cursor-pointer items-center underline">{office.figure.meaning}</summary>
          <p className="pb-1">{office.figure.meanings[meaning]}</p>
        </details>
      )}
    </section>
  );
}

export function Panel({ title, side, className = '', children }: { readonly title: string; readonly side?: ReactNode; readonly className?: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className={`min-w-0 rounded-12 border border-line bg-surface px-5 py-4 ${className}`}>
      <div className="mb-2 flex flex-wrap items-center justify-between gap-x-4">
        <h2 className="text-[1.125rem]">{title}</h2>
        {side}
      </div>
      {children}
    </section>
  );
}

export const SHOWN_GROUPS: readonly Group[] = ['held', 'planned', 'cancelled', 'postponed'];

/** The columns of a table of records by group; 食い違い only where there is one. */
export function groupColumns(all: readonly Groups[]): readonly Group[] {
  return all.some((groups) => recordCount(groups.conflict) > 0) ? [...SHOWN_GROUPS, 'conflict'] : SHOWN_GROUPS;
}

export interface GroupRow {
  readonly key: string;
  readonly name: ReactNode;
  readonly label: string;
  readonly groups: Groups;
  readonly more?: ReactNode;
}

export function GroupTable({ caption, first, rows, more, emptyText }: { readonly caption: string; readonly first: string; readonly rows: readonly GroupRow[]; readonly more?: string; readonly emptyText?: string }): ReactNode {
  if (rows.length === 0) return <p className="text-muted">{emptyText ?? office.figure.noRecords}</p>;
  const columns = groupColumns(rows.map((row) => row.groups));
  return (
    <div className="scroll">
      <table>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {more !== undefined && <th scope="col" className="fig">{more}</th>}
            {columns.map((group) => <th key={group} scope="col" className="fig">{office.group(group)}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.name}</th>
              {more !== undefined && <td className="fig">{row.more}</td>}
              {columns.map((group) => <td key={group} className="fig"><Cell figure={row.groups[group]} label={`${row.label} ${office.group(group)}`} /></td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
