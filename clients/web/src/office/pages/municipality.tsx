// A municipality: what was handed out to whom, what took place, and what is still missing.

import type { ReactNode } from 'react';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { useLive } from '../api/live';
import { type Material, type Municipality, municipality } from '../api/shapes';
import { plain, wording } from '../format';
import { Corrections } from '../parts/corrections';
import { Cell, GroupTable, Key, Panel } from '../parts/figures';
import { Head, Loaded } from '../parts/frame';
import { Lecturers } from '../parts/lecturers';
import { MonthChart } from '../parts/month-chart';
import { MeasurePanel, RecordTable, ScreeningPanel } from '../parts/record-parts';
import { useYear } from '../parts/year';
import { reasonText } from './prefecture';

const text = office.municipality;

function Materials({ materials }: { readonly materials: readonly Material[] }): ReactNode {
  return (
    <Panel title={text.byEligibility}>
      <div className="scroll">
        <table>
          <caption className="sr-only">{text.byEligibility}</caption>
          <thead><tr><th scope="col">{text.material}</th><th scope="col">{text.eligibility}</th><th scope="col" className="fig">{text.quantity}</th><th scope="col">{text.completeness}</th></tr></thead>
          {materials.map((one) => {
            const rows = one.by_eligibility.filter((row) => row.figure.reported + row.figure.unreported > 0);
            return (
              <tbody key={one.material.id}>
                <tr>
                  <th scope="row"><b>{one.material.name}</b></th>
                  <td><b>{office.table.total}</b></td>
                  <td className="fig"><Cell figure={one.figure} unit={one.unit} label={one.material.name} /></td>
                  <td className="text-[0.875rem] text-muted">{wording(one.figure, one.unit).note}</td>
                </tr>
                {rows.map((row) => (
                  <tr key={row.eligibility.id}>
                    <td aria-hidden="true" />
                    <th scope="row">{row.eligibility.name}</th>
                    <td className="fig"><Cell figure={row.figure} unit={one.unit} label={`${one.material.name} ${row.eligibility.name}`} /></td>
                    <td className="text-[0.875rem] text-muted">{wording(row.figure, one.unit).note}</td>
                  </tr>
                ))}
              </tbody>
            );
          })}
        </table>
      </div>
    </Panel>
  );
}

function Screen({ data, chooseYear }: { readonly data: Municipality; readonly chooseYear: (year: number) => void }): ReactNode {
  const main = data.materials.slice(0, 2);
  const activities = data.activities.map((one) => ({ key: one.activity ?? '', name: ja.activity(one.activity), label: ja.activity(one.activity), groups: one.records }));
  const { planned, cancelled } = data.dispatches;
  const reasons = reasonText(data.cancelled);
  const note = `${office.group('planned')} ${plain(planned)}・${office.group('cancelled')} ${plain(cancelled)}${reasons === '' ? '' : `（${reasons}）`}`;
  return (
    <>
      <Head title={data.municipality.name} note={text.area(data.medical_area)} frame={data} chooseYear={chooseYear} />
      <Corrections year={data.fiscal_year} own={(row) => row.municipality?.id === data.municipality.id} />
      <div className="keys grid grid-cols-2 gap-4 xl:grid-cols-4">
        {main.map((one) => <Key key={one.material.id} meaning="material" name={one.material.name} figure={one.figure} unit={one.unit} />)}
        <Key name={text.dispatches} meaning="dispatch.held" figure={data.dispatches.held} unit={`${office.unit.times}${office.group('held')}`} note={note} />
        <Key name={text.attendance} meaning="attendance" figure={data.attendance} unit={office.unit.people} />
      </div>
      <div className="grid items-start gap-4 xl:grid-cols-[1.55fr_1fr]">
        <div className="flex min-w-0 flex-col gap-4">
          {main.map((one) => (
            <MonthChart
              key={one.material.id}
              title={text.byMonth(one.material.name)}
              label={text.chartLabel(one.material.name)}
              unit={one.unit}
              fiscalYear={data.fiscal_year}
              series={one.by_eligibility.map((row) => row.eligibility)}
              cells={one.by_month.map((cell) => ({ month: cell.month, series: cell.eligibility, figure: cell.figure }))}
            />
          ))}
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title={text.missing}>
            {data.missing.length === 0 ? <p className="text-muted">{text.noMissing}</p> : (
              <>
                <p className="mb-1 text-[0.875rem] text-muted">{text.missingNote}</p>
                <RecordTable caption={text.missing} records={data.missing} withPlace={false} />
              </>
            )}
          </Panel>
          <Panel title={text.activities}><GroupTable caption={text.activities} first={text.activity} rows={activities} emptyText={text.noActivities} /></Panel>
          <ScreeningPanel screenings={data.screenings} />
        </div>
      </div>
      <Materials materials={data.materials} />
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Lecturers by={data.by_lecturer} />
        <MeasurePanel measures={data.measures} />
      </div>
    </>
  );
}

export function MunicipalityPage({ code }: { readonly code: string }): ReactNode {
  const [query, chooseYear] = useYear();
  const live = useLive(`/v1/dashboard/municipality/${encodeURIComponent(code)}${query}`, municipality);
  return <Loaded live={live}>{(data) => <Screen data={data} chooseYear={chooseYear} />}</Loaded>;
}
