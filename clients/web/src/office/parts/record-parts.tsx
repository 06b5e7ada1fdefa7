// What tables of records and of measures share.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import type { Measures, RecordItem, Screenings } from '../api/shapes';
import { eraDate, monthName, plain } from '../format';
import { Cell, Panel } from './figures';

export function recordTitle(record: Pick<RecordItem, 'title' | 'activity' | 'occasion' | 'kind'>): string {
  if (record.title !== null) return record.title;
  if (record.activity !== null) return record.occasion === null ? ja.activity(record.activity) : `${record.occasion} ${ja.activity(record.activity)}`;
  return record.kind === 'consultation' ? office.kind(record.kind) : office.records.untitled;
}

export function recordDate(record: Pick<RecordItem, 'date' | 'month'>): string {
  if (record.date !== null) return eraDate(record.date);
  return record.month === null ? office.records.dateUnknown : monthName(record.month);
}

export function stateText(record: Pick<RecordItem, 'state' | 'reason'>): string {
  const state = record.state === 'conflict' ? office.group('conflict') : record.state in states ? ja.state(states[record.state] ?? 'none') : record.state;
  return record.reason === null ? state : `${state}（${ja.reason(record.reason)}）`;
}

type State = Parameters<typeof ja.state>[0];
const states: Readonly<Record<string, State>> = {
  none: 'none', requested: 'requested', offered: 'offered', confirmed: 'confirmed', held: 'held', reported: 'reported', settled: 'settled',
  cancelled: 'cancelled', postponed: 'postponed',
};

export function lecturerText(record: Pick<RecordItem, 'lecturers' | 'among'>): string {
  const names = record.lecturers.map((lecturer) => lecturer.name).join('、');
  return record.among && record.lecturers.length > 0 ? office.lecturers.among(names) : names;
}

export function numberOrNone(value: number | null, unit: string): ReactNode {
  return value === null ? <span className="text-[0.875rem] text-muted">{office.none}</span> : <span className="tabular-nums">{office.number(value)}{unit}</span>;
}

/** `value` names the column of the measure asked for; without it head counts are shown. */
export function RecordTable({ caption, records, value, withPlace = true }: { readonly caption: string; readonly records: readonly RecordItem[]; readonly value?: string | undefined; readonly withPlace?: boolean }): ReactNode {
  return (
    <div className="scroll">
      <table>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{office.records.date}</th>
            <th scope="col">{office.records.what}</th>
            {withPlace && <th scope="col">{office.records.place}</th>}
            <th scope="col">{office.records.state}</th>
            <th scope="col" className="fig">{value ?? office.records.heads}</th>
          </tr>
        </thead>
        <tbody>
          {records.map((record) => {
            const lecturers = lecturerText(record);
            const kind = record.activity === null ? null : ja.activity(record.activity);
            const title = recordTitle(record);
            const details = [title === kind ? null : kind, lecturers === '' ? null : lecturers].filter((part) => part !== null);
            return (
              <tr key={record.document}>
                <td className={`whitespace-nowrap ${record.date === null && record.month === null ? 'text-[0.875rem] text-muted' : ''}`}>{recordDate(record)}</td>
                <td>
                  {record.destroyed ? <span className="text-muted">{office.records.destroyed(title)}</span> : <Link href={`/records/${record.document}`} className="link">{title}</Link>}
                  {record.conflict_count > 0 && <span className="ml-2 rounded-4 bg-wait-soft px-2 text-[0.8125rem] font-bold text-wait">{office.records.conflict}</span>}
                  {details.length > 0 && <span className="block text-[0.875rem] text-muted">{details.join(ja.separator)}</span>}
                </td>
                {withPlace && (
                  <td>
                    {record.municipality?.name ?? <span className="text-[0.875rem] text-muted">{office.records.placeUnknown}</span>}
                    {record.venue !== null && <span className="block text-[0.875rem] text-muted">{record.venue}</span>}
                  </td>
                )}
                <td className="whitespace-nowrap">{stateText(record)}</td>
                <td className="fig">
                  {numberOrNone(value === undefined ? record.attendance : record.value, value === undefined ? office.unit.people : '')}
                  {value === undefined && record.attendance !== null && record.group !== 'held' && <span className="block text-[0.8125rem] text-muted">{office.records.notCounted}</span>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function ScreeningPanel({ screenings }: { readonly screenings: Screenings }): ReactNode {
  const text = office.municipality;
  return (
    <Panel title={text.screenings}>
      {screenings.by_occasion.length === 0 ? <p className="text-muted">{text.noScreenings}</p> : (
        <div className="scroll">
          <table>
            <caption className="sr-only">{text.screenings}</caption>
            <thead><tr><th scope="col">{text.occasion}</th><th scope="col" className="fig">{text.screeningCount}</th><th scope="col" className="fig">{text.viewers}</th></tr></thead>
            <tbody>
              {screenings.by_occasion.map((row) => {
                const name = row.occasion ?? text.occasionUnknown;
                return (
                  <tr key={row.occasion ?? ''}>
                    <th scope="row">{name}</th>
                    <td className="fig"><Cell figure={row.screenings} unit={office.unit.times} label={`${name} ${text.screeningCount}`} /></td>
                    <td className="fig"><Cell figure={row.viewers} unit={office.unit.people} label={`${name} ${text.viewers}`} /></td>
                  </tr>
                );
              })}
            </tbody>
            {screenings.by_occasion.length > 1 && (
              <tfoot>
                <tr>
                  <th scope="row">{office.table.total}</th>
                  <td className="fig"><Cell figure={screenings.count} unit={office.unit.times} label={text.screeningCount} /></td>
                  <td className="fig"><Cell figure={screenings.viewers} unit={office.unit.people} label={text.viewers} /></td>
                </tr>
              </tfoot>
            )}
          </table>
        </div>
      )}
    </Panel>
  );
}

export function MeasurePanel({ measures }: { readonly measures: Measures }): ReactNode {
  const text = office.municipality;
  return (
    <Panel title={text.measures}>
      {measures.length === 0 ? <p className="text-muted">{text.noMeasures}</p> : (
        <table>
          <caption className="sr-only">{text.measures}</caption>
          <thead><tr><th scope="col">{text.measure}</th><th scope="col" className="fig">{office.records.value}</th></tr></thead>
          <tbody>
            {measures.map((row) => {
              const name = office.measure(row.measure, () => null);
              return <tr key={row.measure}><th scope="row">{name}</th><td className="fig"><Cell figure={row.figure} label={`${name} ${plain(row.figure)}`} /></td></tr>;
            })}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
