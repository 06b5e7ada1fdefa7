// An association: the lecturers it sent and where to, and what else it did.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { useLive } from '../api/live';
import { type Association, association } from '../api/shapes';
import { monthName, plain, recordCount, wording } from '../format';
import { Corrections } from '../parts/corrections';
import { GroupTable, Key, Panel } from '../parts/figures';
import { Head, Loaded } from '../parts/frame';
import { Lecturers } from '../parts/lecturers';
import { MeasurePanel, RecordTable, ScreeningPanel } from '../parts/record-parts';
import { useYear } from '../parts/year';
import { reasonText } from './prefecture';

const text = office.association;

function Screen({ data, chooseYear }: { readonly data: Association; readonly chooseYear: (year: number) => void }): ReactNode {
  const { spread } = data;
  const unplaced = recordCount(spread.unplaced);
  const anyHeld = recordCount(data.dispatches.held) > 0;
  const reasons = reasonText(data.cancelled);
  const note = [
    unplaced > 0 && unplaced < recordCount(data.dispatches.held) ? text.unplaced(unplaced) : null,
    `${office.group('planned')} ${plain(data.dispatches.planned)}・${office.group('cancelled')} ${plain(data.dispatches.cancelled)}${reasons === '' ? '' : `（${reasons}）`}`,
  ].filter((part) => part !== null).join('。');
  const places = data.by_municipality.map((row) => {
    const name = row.municipality?.name ?? text.municipalityUnknown;
    return { key: row.municipality?.id ?? '', name, label: name, groups: row.dispatches };
  });
  const months = data.by_month.map((row) => ({ key: row.month ?? '', name: monthName(row.month), label: monthName(row.month), groups: row.dispatches }));
  const meetings = data.meetings.map((row) => ({ key: row.title ?? '', name: row.title ?? office.records.untitled, label: row.title ?? office.records.untitled, groups: row.records }));
  const trainings = recordCount(data.training_count);
  const allTrainings = trainings > data.trainings.length
    ? <Link href={`/records?${data.training_count.records}`} className="figure-link text-[0.9375rem]">{text.allTrainings(trainings, data.trainings.length)}</Link>
    : undefined;
  return (
    <>
      <Head title={data.association.name} {...(data.municipalities.length > 0 ? { note: text.covers(data.municipalities.map((one) => one.name).join('、')) } : {})} frame={data} chooseYear={chooseYear} />
      <Corrections year={data.fiscal_year} own={(row) => row.association?.id === data.association.id} />
      <div className="keys grid grid-cols-2 gap-4 xl:grid-cols-4">
        <Key
          name={text.held}
          figure={data.dispatches.held}
          unit={office.unit.times}
          note={note}
          after={anyHeld ? <span className="ml-2 text-[1.25rem] font-bold">{text.spread(spread.cities, spread.towns, spread.villages, spread.others)}</span> : undefined}
        />
        <Key name={text.trainingAttendance} meaning="attendance" figure={data.training_attendance} unit={office.unit.people} />
        <Key name={text.consultations} meaning="consultation" figure={data.consultations} unit={office.unit.cases} />
        <Key name={office.prefecture.attendance} meaning="attendance" figure={data.attendance} unit={office.unit.people} note={`${office.prefecture.attendanceNote}${wording(data.attendance, '').note}`} />
      </div>
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Lecturers by={data.by_lecturer} />
        <Panel title={text.byMunicipality}><GroupTable caption={text.byMunicipality} first={office.prefecture.municipality} rows={places} emptyText={office.lecturers.empty} /></Panel>
      </div>
      <Panel title={text.trainings} side={allTrainings}>
        {data.trainings.length === 0 ? <p className="text-muted">{text.noTrainings}</p> : <RecordTable caption={text.trainings} records={data.trainings} />}
      </Panel>
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Panel title={text.meetings}><GroupTable caption={text.meetings} first={text.meetingTitle} rows={meetings} emptyText={text.noMeetings} /></Panel>
        <ScreeningPanel screenings={data.screenings} />
        <Panel title={text.byMonth}><GroupTable caption={text.byMonth} first={text.month} rows={months} emptyText={office.lecturers.empty} /></Panel>
        <MeasurePanel measures={data.measures} />
      </div>
    </>
  );
}

export function AssociationPage({ id }: { readonly id: string }): ReactNode {
  const [query, chooseYear] = useYear();
  const live = useLive(`/v1/dashboard/association/${encodeURIComponent(id)}${query}`, association);
  return <Loaded live={live}>{(data) => <Screen data={data} chooseYear={chooseYear} />}</Loaded>;
}
