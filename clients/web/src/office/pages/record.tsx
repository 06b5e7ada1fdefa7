// One record: both values where two were written, who counted what, how it came about.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { PersonalWarning } from '../../ui/personal';
import { useLive } from '../api/live';
import { custody } from '../api/proof';
import { type Author, type Me, type RecordDetail, recordDetail } from '../api/shapes';
import { eraMoment } from '../format';
import { DayPass } from '../parts/day-pass';
import { Destroy } from '../parts/destroy';
import { EffectLine, valueText } from '../parts/effect';
import { Panel } from '../parts/figures';
import { Loaded, useTitle } from '../parts/frame';
import { type Names, useNames } from '../parts/names';
import { PrintButton } from '../parts/print';
import { lecturerText, numberOrNone, recordTitle, stateText } from '../parts/record-parts';
import { custodyPath } from './custody';

const text = office.record;
const ORDER = [
  'activity', 'title', 'theme', 'date', 'month', 'start', 'end', 'municipality', 'venue', 'host', 'occasion', 'audience', 'association', 'dispatched_by',
  'medium', 'minutes', 'also', 'item', 'medical_area', 'fiscal_year',
] as const;

type Value = { readonly value: string; readonly name: string | null };

const shown = (field: string, { value, name }: Value, names: Names): string => name ?? valueText(field, value, names);

function authorText(author: Author | null): string {
  if (author === null) return text.someone;
  const device = author.device === null ? '' : `${ja.separator}${text.onDevice(author.device.name)}`;
  const why = author.why === null ? '' : `（${office.why(author.why)}）`;
  return `${author.person?.name ?? text.someone}${device}${ja.separator}${eraMoment(author.at)}${why}`;
}

function Conflicts({ data, names }: { readonly data: RecordDetail; readonly names: Names }): ReactNode {
  const fields = Object.entries(data.fields).filter(([, field]) => field.alternatives.length > 0);
  if (fields.length === 0 && data.group !== 'conflict') return null;
  return (
    <section className="rounded-12 border border-wait-line bg-wait-soft px-5 py-4">
      {data.group === 'conflict' && <h2 className="text-[1.125rem] text-wait">{text.stepConflict}</h2>}
      {fields.length > 0 && <h2 className="text-[1.125rem] text-wait">{text.conflictTitle}</h2>}
      {fields.map(([name, field]) => (
        <div key={name} className="mt-3">
          <h3 className="text-[0.9375rem]">{office.field(name)}</h3>
          <ul className="mt-1 grid gap-3 md:grid-cols-2">
            {field.alternatives.map((one) => (
              <li key={`${one.value}-${one.author?.device?.id ?? ''}-${one.author?.at ?? 0}`} className="rounded-8 border border-line bg-surface px-4 py-3">
                <p className="text-[1.125rem] font-bold">
                  {shown(name, one, names)}
                  {one.value === field.value && <span className="ml-2 text-[0.875rem] font-normal text-muted">{text.shown}</span>}
                </p>
                <p className="text-[0.875rem] text-muted">{authorText(one.author)}</p>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <p className="mt-3 text-[0.9375rem]">{text.conflictNote}</p>
    </section>
  );
}

function Basic({ data, names }: { readonly data: RecordDetail; readonly names: Names }): ReactNode {
  const known = ORDER.filter((name) => name in data.fields);
  const others = Object.keys(data.fields).filter((name) => !ORDER.some((one) => one === name) && name !== 'lecturer_attribution');
  return (
    <Panel title={text.basic}>
      <dl className="grid grid-cols-[8.5rem_minmax(0,1fr)] text-[0.9375rem]">
        {[...known, ...others].map((name) => {
          const field = data.fields[name];
          return field === undefined ? null : (
            <div key={name} className="col-span-2 grid grid-cols-subgrid border-b border-[#e6e6e6] py-1.5">
              <dt className="text-muted">{office.field(name)}</dt>
              <dd>{shown(name, field, names)}</dd>
            </div>
          );
        })}
        <div className="col-span-2 grid grid-cols-subgrid border-b border-[#e6e6e6] py-1.5">
          <dt className="text-muted">{text.lecturers}</dt>
          <dd>{lecturerText(data) === '' ? office.none : lecturerText(data)}</dd>
        </div>
        <div className="col-span-2 grid grid-cols-subgrid py-1.5">
          <dt className="text-muted">{text.attendance}</dt>
          <dd>{numberOrNone(data.attendance, office.unit.people)}</dd>
        </div>
      </dl>
    </Panel>
  );
}

function Counts({ data, names }: { readonly data: RecordDetail; readonly names: Names }): ReactNode {
  return (
    <Panel title={text.counts}>
      {data.tallies.length === 0 ? <p className="text-muted">{text.noCounts}</p> : (
        <div className="scroll">
          <table>
            <caption className="sr-only">{text.counts}</caption>
            <thead><tr><th scope="col">{text.what}</th><th scope="col" className="fig">{text.total}</th><th scope="col">{text.by}</th></tr></thead>
            <tbody>
              {data.tallies.map((tally) => (
                <tr key={tally.measure}>
                  <th scope="row">{office.measure(tally.measure, names.material)}</th>
                  <td className="fig font-bold">{numberOrNone(tally.total, '')}</td>
                  <td>
                    <ul>{tally.by_device.map((one) => <li key={one.device.id} className="flex justify-between gap-4"><span className="text-muted">{one.device.name}</span><span className="whitespace-nowrap tabular-nums">{office.number(one.count)}</span></li>)}
                      {tally.carried > 0 && <li className="flex justify-between gap-4"><span className="text-muted">{text.carried}</span><span className="whitespace-nowrap tabular-nums">{office.number(tally.carried)}</span></li>}
                    </ul>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Steps({ data }: { readonly data: RecordDetail }): ReactNode {
  return (
    <Panel title={text.steps}>
      {data.steps.length === 0 ? <p className="text-muted">{text.noSteps}</p> : (
        <ol className="flex flex-col gap-2">
          {data.steps.map((step) => (
            <li key={step.id} className="border-l-4 border-[#9db7f9] pl-3">
              {step.undoes.length > 0 ? <b>{text.takenBack(data.steps.filter((other) => step.undoes.includes(other.id)).map(stateText))}</b> : step.taken_back ? <s className="text-muted">{stateText(step)}</s> : <b>{stateText(step)}</b>}
              <span className="block text-[0.875rem] text-muted">{authorText(step.author)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Texts({ data }: { readonly data: RecordDetail }): ReactNode {
  const written = ['outcome', 'issue', 'plan'].flatMap((name) => {
    const value = data.texts[name] ?? '';
    return value === '' ? [] : [{ name, value }];
  });
  return (
    <Panel title={text.texts}>
      {written.length === 0 ? <p className="text-muted">{text.noTexts}</p> : written.map(({ name, value }) => (
        <div key={name} className="mb-3">
          <h3 className="text-[0.9375rem] text-[#4d4d4d]">{text.text[name]}</h3>
          <p className="whitespace-pre-wrap">{value}</p>
          <PersonalWarning text={value} say={text.personal} />
        </div>
      ))}
    </Panel>
  );
}

/** Who did what, and when. */
function History({ data, names }: { readonly data: RecordDetail; readonly names: Names }): ReactNode {
  return (
    <Panel title={text.history} side={<span className="text-[0.875rem] text-muted">{text.historyCount(data.history.length)}</span>}>
      <ol className="flex flex-col text-[0.9375rem]">
        {data.history.map(({ author, effects }, index) => (
          <li key={`${author.at}-${index}`} className="grid gap-x-6 border-b border-[#e6e6e6] py-2 last:border-b-0 xl:grid-cols-[minmax(0,1fr)_minmax(0,22rem)]">
            <div className="flex flex-col">
              {effects === null ? <span className="text-muted">{text.historyOlder}</span> : effects.map((effect, at) => (
                <p key={`${effect.kind}-${effect.name}-${at}`} className="grid grid-cols-[minmax(6rem,11rem)_minmax(0,1fr)] gap-x-4"><EffectLine effect={effect} names={names} tense="did" /></p>
              ))}
            </div>
            <span className="order-first text-[0.875rem] text-muted xl:order-none">{authorText(author)}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** Work of tablets on this record that waits for a decision. */
function Held({ document }: { readonly document: string }): ReactNode {
  const live = useLive(`/v1/custody?document=${encodeURIComponent(document)}`, custody);
  const waiting = live.value?.entries.filter((entry) => entry.decision === null) ?? [];
  const devices = new Map(waiting.map((entry) => [entry.device.id, entry.device.name]));
  if (devices.size === 0) return null;
  return (
    <section className="rounded-12 border border-wait-line bg-wait-soft px-5 py-4">
      <h2 className="text-[1.125rem] text-wait">{text.held}</h2>
      <ul className="mt-1">
        {[...devices].map(([id, name]) => <li key={id}><Link href={custodyPath(document, id)} className="link">{text.heldFrom(name)}</Link></li>)}
      </ul>
    </section>
  );
}

function Screen({ data, me }: { readonly data: RecordDetail; readonly me: Me }): ReactNode {
  const names = useNames();
  const value = (name: string): string | null => data.fields[name]?.value ?? null;
  const title = recordTitle({ title: value('title'), activity: value('activity'), occasion: value('occasion'), kind: data.kind });
  useTitle(title);
  return (
    <>
      <header>
        <Link href="/records" className="link no-print inline-block py-2 text-[0.9375rem]" onClick={(event) => {
          if (window.history.length > 1) {
            event.preventDefault();
            window.history.back();
          }
        }}>{text.back}</Link>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h1 className="text-[1.75rem] leading-130">{title}</h1>
          <PrintButton />
        </div>
        <p className="mt-1 flex flex-wrap gap-x-3 text-[0.9375rem] text-[#4d4d4d]">
          <b>{stateText(data)}</b>
          <span>{office.kind(data.kind)}</span>
          <span>{office.frame.asOf(eraMoment(data.as_of))}</span>
        </p>
        {data.kind === 'session' && me.may.includes('issue_day_pass') && <div className="no-print mt-3"><DayPass document={data.document} association={value('association') ?? value('dispatched_by')} here={data.lecturers} /></div>}
      </header>
      <Held document={data.document} />
      {['title', 'occasion', 'venue'].map((name) => <PersonalWarning key={name} text={value(name) ?? ''} say={text.personal} />)}
      <Conflicts data={data} names={names} />
      {data.flags.some((flag) => !flag.endsWith('_conflict')) && (
        <ul className="rounded-8 bg-wait-soft px-4 py-2 text-wait">{data.flags.filter((flag) => !flag.endsWith('_conflict')).map((flag) => <li key={flag}>{office.flag(flag)}</li>)}</ul>
      )}
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Basic data={data} names={names} />
        <div className="flex min-w-0 flex-col gap-4"><Counts data={data} names={names} /><Steps data={data} /></div>
      </div>
      <Texts data={data} />
      <History data={data} names={names} />
      {me.role === 'administrator' && <Destroy document={data.document} title={title} />}
    </>
  );
}

export function RecordPage({ document, me }: { readonly document: string; readonly me: Me }): ReactNode {
  const live = useLive(`/v1/records/${encodeURIComponent(document)}`, recordDetail);
  return <Loaded live={live}>{(data) => <Screen data={data} me={me} />}</Loaded>;
}
