// How long things are kept; what is over falls due here, is confirmed by a person, and leaves a certificate.

import { type ReactNode, useEffect, useState } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { INPUT, Labelled } from '../../ui/field';
import { Form } from '../../ui/form';
import { useHub, useLive } from '../api/live';
import { nothing } from '../api/proof';
import { begun, type Destruction, retention, type Subject } from '../api/retention';
import { eraMoment } from '../format';
import { BehindWord } from '../parts/behind-word';
import { Download } from '../parts/download';
import { Panel } from '../parts/figures';
import { Loaded, PageHead, problemText, useTitle } from '../parts/frame';
import { WaysOut } from '../parts/ways-out';

const text = office.retention;
const YEARS = Array.from({ length: 30 }, (_, index) => index + 1);
/** How soon to look again while something is being destroyed, ms. */
const AGAIN_MS = 2_000;

function wordsOf(subject: string): readonly [string, string, string] {
  return text.subject[subject] ?? [subject, '', ''];
}

function Change({ subject, end }: { readonly subject: Subject; readonly end: () => void }): ReactNode {
  const { api } = useHub();
  const [name, , why] = wordsOf(subject.subject);
  const [years, setYears] = useState(subject.years);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (): Promise<void> => {
    const answer = await api.put(`/v1/retention/${subject.subject}`, { years }, nothing);
    if (answer.ok) end();
    else setProblem(problemText(answer.problem));
  };
  return (
    <Sheet title={text.changeOf(name)} open onClose={end}>
      <Form className="flex flex-col gap-4" act={submit}>
        <Labelled label={text.years} help={text.suggested(subject.suggested_years, why)}>
          {(id, helpId) => (
            <select id={id} aria-describedby={helpId} className={INPUT} value={years ?? ''} onChange={(event) => setYears(event.target.value === '' ? null : Number(event.target.value))}>
              <option value="">{text.keep}</option>
              {YEARS.map((count) => <option key={count} value={count}>{text.kept(count)}</option>)}
            </select>
          )}
        </Labelled>
        <WaysOut problem={problem} leave={end}>
          <Button look="primary" type="submit">{text.save}</Button>
        </WaysOut>
      </Form>
    </Sheet>
  );
}

function Due({ subject }: { readonly subject: Subject }): ReactNode {
  return (
    <ul>
      {subject.by_year.map(({ fiscal_year: year, count }) => (
        <li key={year ?? 0}>
          {year === null ? text.noYear : <Link href={`/records?fiscal_year=${year}`} className="link">{office.year.name(year)}</Link>}　{text.count(count)}
        </li>
      ))}
    </ul>
  );
}

function Confirm({ subject, end }: { readonly subject: Subject; readonly end: () => void }): ReactNode {
  const { api } = useHub();
  const [name, what] = wordsOf(subject.subject);
  return (
    <BehindWord
      title={text.confirmTitle(name)}
      draft={`retention ${subject.subject}`}
      text={text}
      act={(reason) => api.post(`/v1/retention/${subject.subject}/destructions`, { list: subject.list, reason }, begun)}
      done={end}
      leave={end}
    >
      <p className="font-bold">{text.due(subject.due)}{subject.up_to !== null && `（${text.upTo(office.year.name(subject.up_to))}）`}</p>
      <Due subject={subject} />
      <p>{what}{text.confirmNote}</p>
    </BehindWord>
  );
}

function SubjectPanel({ subject, change, confirm }: { readonly subject: Subject; readonly change: () => void; readonly confirm: () => void }): ReactNode {
  const [name, what] = wordsOf(subject.subject);
  return (
    <Panel title={name} side={<b>{subject.years === null ? text.keep : text.kept(subject.years)}</b>}>
      <p className="text-[0.9375rem] text-muted">{what}</p>
      {subject.years !== null && (
        <div className={`mt-2 rounded-8 px-4 py-2 ${subject.due > 0 ? 'bg-wait-soft text-wait' : 'bg-sunken'}`}>
          <p className={subject.due > 0 ? 'font-bold' : ''}>{subject.due > 0 ? text.due(subject.due) : text.noneDue}{subject.due > 0 && subject.up_to !== null && `（${text.upTo(office.year.name(subject.up_to))}）`}</p>
          <Due subject={subject} />
        </div>
      )}
      <div className="mt-3 flex flex-wrap gap-3">
        <Button aria-label={text.changeOf(name)} onPress={change}>{text.change}</Button>
        {subject.due > 0 && <Button className="border-danger text-danger" aria-label={text.beginOf(name)} onPress={confirm}>{text.begin}</Button>}
      </div>
    </Panel>
  );
}

function Done({ destructions }: { readonly destructions: readonly Destruction[] }): ReactNode {
  if (destructions.length === 0) return <p className="text-muted">{text.noneDone}</p>;
  return (
    <div className="scroll">
      <table>
        <caption className="sr-only">{text.done}</caption>
        <thead><tr><th scope="col">{text.when}</th><th scope="col">{text.what}</th><th scope="col" className="fig">{text.amount}</th><th scope="col">{text.who}</th><th scope="col">{text.proof}</th></tr></thead>
        <tbody>
          {destructions.map((one) => (
            <tr key={one.destruction}>
              <td className="whitespace-nowrap">{eraMoment(one.finished_at ?? one.begun_at)}</td>
              <td>{wordsOf(one.subject)[0]}<span className="block text-[0.875rem] text-muted">{text.upTo(office.year.name(one.up_to))}　{one.reason}</span></td>
              <td className="fig">{text.count(one.count)}</td>
              <td>{one.begun_by.name}</td>
              <td>
                {one.finished_at === null
                  ? <span role="status">{text.goesOn}</span>
                  : <Download path={`/v1/retention/destructions/${one.destruction}`} look="link inline-block py-2" label={text.certificateOf(wordsOf(one.subject)[0], eraMoment(one.finished_at))}>{text.certificate}</Download>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function RetentionPage(): ReactNode {
  const live = useLive('/v1/retention', retention);
  const [changing, setChanging] = useState<Subject | null>(null);
  const [confirming, setConfirming] = useState<Subject | null>(null);
  useTitle(text.title);
  const goesOn = live.value?.destructions.some((one) => one.finished_at === null) ?? false;
  const { again } = live;
  useEffect(() => {
    if (!goesOn) return undefined;
    const timer = window.setInterval(again, AGAIN_MS);
    return () => window.clearInterval(timer);
  });
  return (
    <Loaded live={live}>
      {(page) => (
        <>
          <PageHead title={text.title} lead={text.lead} />
          <div className="grid items-start gap-4 xl:grid-cols-2">
            {page.subjects.map((one) => <SubjectPanel key={one.subject} subject={one} change={() => setChanging(one)} confirm={() => setConfirming(one)} />)}
          </div>
          <Panel title={text.done}><Done destructions={page.destructions} /></Panel>
          {changing !== null && <Change subject={changing} end={() => { setChanging(null); live.again(); }} />}
          {confirming !== null && <Confirm subject={confirming} end={() => { setConfirming(null); live.again(); }} />}
        </>
      )}
    </Loaded>
  );
}
