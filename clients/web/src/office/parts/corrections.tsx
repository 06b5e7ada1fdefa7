// Figures of a closed month beside what they are now, and the records behind; and what a dashboard says of the months of its year.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { useLive } from '../api/live';
import { type Amount, type ChangedRecord, type Correction, closings, corrections } from '../api/proof';
import { monthName } from '../format';
import { Panel } from './figures';
import { useNames } from './names';
import { recordDate, recordTitle } from './record-parts';

const text = office.corrections;

/** A number of records is always known; of anything else nobody may have reported a number. */
function amount(value: Amount, measure: string): string {
  const counts = measure.startsWith('record.') || measure.startsWith('dispatch.');
  return value.total === null && !counts ? office.none : office.number(value.total ?? 0);
}

export function CorrectionTable({ corrections: rows }: { readonly corrections: readonly Correction[] }): ReactNode {
  const names = useNames();
  return (
    <div className="scroll">
      <table>
        <caption className="sr-only">{text.figures}</caption>
        <thead><tr><th scope="col">{text.what}</th><th scope="col">{text.where}</th><th scope="col" className="fig">{text.reported}</th><th scope="col" className="fig">{text.now}</th><th scope="col" className="fig">{text.difference}</th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.measure} ${row.municipality?.id ?? ''} ${row.association?.id ?? ''}`}>
              <th scope="row">{office.rollup(row.measure, names.material)}</th>
              <td>{row.municipality?.name ?? office.records.placeUnknown}{row.association !== null && <span className="block text-[0.875rem] text-muted">{row.association.name}</span>}</td>
              <td className="fig">{amount(row.reported, row.measure)}</td>
              <td className="fig font-bold">{amount(row.now, row.measure)}</td>
              <td className="fig">{text.signed(row.difference)}{row.reported.unreported !== row.now.unreported && <span className="block text-[0.875rem] text-muted">{text.gaps(row.now.unreported - row.reported.unreported)}</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ChangedRow({ record }: { readonly record: ChangedRecord }): ReactNode {
  const change = <td className="whitespace-nowrap">{text.change[record.change]}</td>;
  if (!record.record_visible) {
    return <tr>{change}<td colSpan={3} className="text-muted">{record.change === 'destroyed' ? text.destroyed : text.notYours}</td></tr>;
  }
  return (
    <tr>
      {change}
      <td><Link href={`/records/${record.document}`} className="link">{recordTitle({ ...record, occasion: null, kind: 'session' })}</Link></td>
      <td className="whitespace-nowrap">{recordDate({ ...record, month: null })}</td>
      <td>{record.municipality?.name ?? office.records.placeUnknown}{record.venue !== null && <span className="block text-[0.875rem] text-muted">{record.venue}</span>}</td>
    </tr>
  );
}

/** The records behind, and what became of each. */
export function ChangedRecords({ records }: { readonly records: readonly ChangedRecord[] }): ReactNode {
  return (
    <div className="scroll">
      <table>
        <caption className="sr-only">{text.records}</caption>
        <thead><tr><th scope="col">{text.since}</th><th scope="col">{office.records.what}</th><th scope="col">{office.records.date}</th><th scope="col">{office.records.place}</th></tr></thead>
        <tbody>{records.map((record) => <ChangedRow key={record.document} record={record} />)}</tbody>
      </table>
    </div>
  );
}

function Month({ month, own }: { readonly month: string; readonly own: (row: Correction) => boolean }): ReactNode {
  const live = useLive(`/v1/corrections?month=${month}`, corrections);
  const rows = live.value?.corrections.filter(own) ?? [];
  if (rows.length === 0) return null;
  return (
    <section className="mt-2">
      <h3 className="text-[0.9375rem]"><Link href={`/closings/${month}`} className="link">{text.ofMonth(monthName(month))}</Link></h3>
      <CorrectionTable corrections={rows} />
    </section>
  );
}

const EVERY = (): boolean => true;

/** Closed months of the dashboard's year whose figures have changed since; nothing when there are none. */
export function Corrections({ year, own = EVERY }: { readonly year: number; readonly own?: (row: Correction) => boolean }): ReactNode {
  const live = useLive(`/v1/closings?fiscal_year=${year}`, closings);
  const changed = live.value?.months.filter((month) => month.corrections > 0) ?? [];
  if (changed.length === 0) return null;
  return (
    <Panel title={text.panel}>
      <p className="text-[0.875rem] text-muted">{text.panelNote}</p>
      {changed.map((month) => <Month key={month.month} month={month.month} own={own} />)}
    </Panel>
  );
}
