// The prefecture: how many dispatches, of how many planned, where to, and who is not reached yet.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { useLive } from '../api/live';
import { type Prefecture, prefecture, type Reasons } from '../api/shapes';
import { plain, recordCount, wording } from '../format';
import { Corrections } from '../parts/corrections';
import { Download } from '../parts/download';
import { Cell, GroupTable, Key, Panel } from '../parts/figures';
import { Head, Loaded } from '../parts/frame';
import { Lecturers } from '../parts/lecturers';
import { TileMap, hasTiles } from '../parts/tile-map';
import { useYear } from '../parts/year';

const text = office.prefecture;

export function reasonText(reasons: Reasons): string {
  return reasons.map((one) => `${one.reason === null ? text.noReason : ja.reason(one.reason)} ${plain(one.count)}`).join('・');
}

function Keys({ data }: { readonly data: Prefecture }): ReactNode {
  const { held, planned, cancelled, postponed, conflict } = data.dispatches;
  const conflicts = recordCount(conflict) > 0 ? `。${text.conflict(recordCount(conflict))}` : '';
  return (
    <div className="keys grid grid-cols-2 gap-4 md:grid-cols-3 xl:grid-cols-5">
      <Key name={text.dispatches} meaning="dispatch.held" figure={held} unit={office.unit.times} note={`${text.dispatchNote(plain(planned), plain(postponed))}${conflicts}`} />
      <Key name={text.cancelled} meaning="dispatch.cancelled" figure={cancelled} unit={office.unit.times} note={reasonText(data.cancelled)} />
      <section className="flex flex-col rounded-12 border border-line px-5 py-4">
        <h2 className="text-[0.9375rem] text-[#4d4d4d]">{text.reach}</h2>
        <p className="flex min-h-[3.25rem] items-baseline gap-2"><span className="num text-[2.25rem] leading-[1.2]">{office.number(data.reach.reached)}</span>{text.reachOf(data.reach.of)}</p>
        <p className="text-[0.875rem] leading-[1.5] text-muted">{data.reach.not_reached.length === 0 ? text.allReached : text.notReached(data.reach.not_reached.length)}</p>
      </section>
      <section className="flex flex-col rounded-12 border border-line px-5 py-4">
        <h2 className="text-[0.9375rem] text-[#4d4d4d]">{text.registered}</h2>
        <p className="flex min-h-[3.25rem] items-baseline gap-1">
          {data.bank.registered === null
            ? <span className="text-[1.375rem] font-bold">{text.registeredUnknown}</span>
            : <><span className="num text-[2.25rem] leading-[1.2]">{office.number(data.bank.registered)}</span> {office.unit.people}</>}
        </p>
        {data.bank.in_training !== null && <p className="text-[0.875rem] leading-[1.5] text-muted">{text.training(office.number(data.bank.in_training))}</p>}
        {data.bank.unknown > 0 && <p className="text-[0.875rem] leading-[1.5] text-muted">{text.sinceUnknown(office.number(data.bank.unknown))}</p>}
      </section>
      <Key name={text.attendance} meaning="attendance" figure={data.attendance} unit={office.unit.people} note={`${text.attendanceNote}${wording(data.attendance, '').note}`} />
    </div>
  );
}

function Areas({ data }: { readonly data: Prefecture }): ReactNode {
  return (
    <Panel title={text.areas}>
      <div className="scroll">
        <table>
          <caption className="sr-only">{text.areas}</caption>
          <thead>
            <tr>
              <th scope="col">{text.area}</th>
              <th scope="col">{text.shareHeld}</th>
              <th scope="col" className="fig">{office.group('held')}</th>
              <th scope="col" className="fig">{office.group('planned')}</th>
              <th scope="col" className="fig">{office.group('cancelled')}</th>
              <th scope="col" className="fig">{text.reached}</th>
            </tr>
          </thead>
          <tbody>
            {data.by_area.map((area) => {
              const name = area.medical_area ?? text.areaUnknown;
              const held = recordCount(area.dispatches.held);
              const all = held + recordCount(area.dispatches.planned);
              const share = all === 0 ? null : Math.round((100 * held) / all);
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    {share !== null && (
                      <span className="flex items-center gap-2 whitespace-nowrap tabular-nums">
                        <svg aria-hidden="true" width="90" height="10"><rect width="90" height="10" rx="5" fill="#e6e6e6" /><rect width={0.9 * share} height="10" rx="5" fill="#0017c1" /></svg>
                        {office.table.percent(share)}
                      </span>
                    )}
                  </td>
                  <td className="fig"><Cell figure={area.dispatches.held} label={`${name} ${office.group('held')}`} /></td>
                  <td className="fig"><Cell figure={area.dispatches.planned} label={`${name} ${office.group('planned')}`} /></td>
                  <td className="fig"><Cell figure={area.dispatches.cancelled} label={`${name} ${office.group('cancelled')}`} /></td>
                  <td className="fig">{area.medical_area !== null && text.reachedOf(area.reached, area.municipalities)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p className="mt-2 text-[0.875rem] text-muted">{text.shareNote}</p>
    </Panel>
  );
}

function Municipalities({ data }: { readonly data: Prefecture }): ReactNode {
  const rows = data.by_municipality.map((one) => ({
    key: one.municipality?.id ?? '',
    name: one.municipality === null ? text.elsewhere : <Link href={`/municipality/${one.municipality.id}?fiscal_year=${data.fiscal_year}`} className="link">{one.municipality.name}</Link>,
    label: one.municipality?.name ?? text.elsewhere,
    groups: one.dispatches,
  }));
  const half = Math.ceil(rows.length / 2);
  const columns = rows.length > 20 ? [rows.slice(0, half), rows.slice(half)] : [rows];
  return (
    <Panel title={text.municipalities}>
      <div className={columns.length > 1 ? 'grid gap-x-8 md:grid-cols-2' : ''}>
        {columns.map((part) => <GroupTable key={part[0]?.key ?? ''} caption={text.municipalities} first={text.municipality} rows={part} />)}
      </div>
    </Panel>
  );
}

function NotReached({ data }: { readonly data: Prefecture }): ReactNode {
  const missing = data.reach.not_reached;
  if (missing.length === 0) return null;
  return (
    <Panel title={text.notReached(missing.length)}>
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-[0.9375rem]">
        {missing.map((one) => <li key={one.id}><Link href={`/municipality/${one.id}?fiscal_year=${data.fiscal_year}`} className="link">{one.name}</Link></li>)}
      </ul>
    </Panel>
  );
}

function Screen({ data, chooseYear }: { readonly data: Prefecture; readonly chooseYear: (year: number) => void }): ReactNode {
  const withMap = hasTiles(data.by_municipality);
  const associations = data.by_association.map((one) => ({
    key: one.association.id,
    name: <Link href={`/association/${one.association.id}?fiscal_year=${data.fiscal_year}`} className="link">{one.association.name}</Link>,
    label: one.association.name,
    groups: one.dispatches,
  }));
  return (
    <>
      <Head title={`${data.prefecture.name}　${text.title}`} frame={data} chooseYear={chooseYear} />
      <Corrections year={data.fiscal_year} />
      <Keys data={data} />
      <div className="grid items-start gap-4 xl:grid-cols-[1.15fr_1fr]">
        {withMap && (
          <Panel title={text.map}>
            <TileMap data={data} />
            <p className="no-print mt-2 text-[0.875rem] text-muted">{text.mapNote}</p>
          </Panel>
        )}
        <Areas data={data} />
      </div>
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <NotReached data={data} />
          <Panel title={text.associations}><GroupTable caption={text.associations} first={text.association} rows={associations} emptyText={office.lecturers.empty} /></Panel>
        </div>
        <Lecturers by={data.by_lecturer} />
      </div>
      <Municipalities data={data} />
      <div className="no-print flex flex-col items-start gap-1">
        <Download path={`/v1/publication.csv?fiscal_year=${data.fiscal_year}`}>{text.publication}</Download>
        <p className="text-[0.875rem] text-muted">{text.publicationNote}</p>
      </div>
    </>
  );
}

export function PrefecturePage(): ReactNode {
  const [query, chooseYear] = useYear();
  const live = useLive(`/v1/dashboard/prefecture${query}`, prefecture);
  return <Loaded live={live}>{(data) => <Screen data={data} chooseYear={chooseYear} />}</Loaded>;
}
