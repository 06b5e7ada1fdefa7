// The sheet in which a lecturer is entered or brought up to date, with the fiscal years in which they were in the bank.

import { type ReactNode, useId, useState } from 'react';
import { type Lecturer, lecturerName, type Registry } from '../../core/registry';
import { fiscalYear, fiscalYearName, todayIso } from '../../i18n/dates';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { INPUT, Labelled, SelectInput } from '../../ui/field';
import { Form } from '../../ui/form';
import { Unsaved } from '../../ui/value-box';
import { useHub } from '../api/live';
import { nothing } from '../api/proof';
import { problemText } from './frame';
import { WaysOut } from './ways-out';

const text = office.roster;
/** The first fiscal year that a record can be of, as the core has it. */
const FIRST_YEAR = 2000;

function thisYear(): number {
  return fiscalYear(todayIso(new Date()));
}

interface YearProps {
  readonly label: string;
  readonly empty: string;
  readonly value: number | null;
  readonly choose: (year: number | null) => void;
}

function Year({ label, empty, value, choose }: YearProps): ReactNode {
  const last = Math.max(thisYear(), value ?? 0);
  const years = Array.from({ length: last - FIRST_YEAR + 1 }, (_, back) => last - back);
  const options = years.map((year) => ({ value: String(year), label: fiscalYearName(year) }));
  return <SelectInput label={label} empty={empty} value={value === null ? '' : String(value)} groups={[{ label: null, options }]} onKeep={(year) => choose(year === '' ? null : Number(year))} />;
}

interface Entry {
  readonly surname: string;
  readonly given_name: string;
  readonly reading: string;
  readonly title: string;
  readonly affiliation: string;
  readonly association: string;
  readonly bank: boolean;
  readonly registered_in: number | null;
  readonly left_in: number | null;
}

const NEW: Entry = { surname: '', given_name: '', reading: '', title: office.roster.doctor, affiliation: '', association: '', bank: true, registered_in: null, left_in: null };

/** The name and the association make the lecturer, and stay; the rest is brought up to date. */
export function EditLecturer({ lecturer, places, end }: { readonly lecturer: Lecturer | null; readonly places: Registry['associations']; readonly end: (changed: boolean) => void }): ReactNode {
  const { api } = useHub();
  const [entry, setEntry] = useState<Entry>(() => (lecturer === null
    ? { ...NEW, association: places[0]?.id ?? '' }
    : { ...lecturer, given_name: lecturer.given_name ?? '', title: lecturer.title ?? '', affiliation: lecturer.affiliation ?? '', association: lecturer.association ?? '' }));
  const [problem, setProblem] = useState<string | null>(null);
  const reasonId = useId();
  const isBackwards = entry.registered_in !== null && entry.left_in !== null && entry.left_in < entry.registered_in;
  /** Who leaves the bank was in it until now, unless somebody says otherwise. */
  const turn = (): void => {
    const bank = !entry.bank;
    setEntry({ ...entry, bank, left_in: bank || lecturer?.bank !== true ? null : thisYear() });
  };
  const submit = async (): Promise<void> => {
    if (isBackwards) return;
    const orNull = (value: string): string | null => (value.trim() === '' ? null : value.trim());
    const { surname, given_name, reading, title, affiliation, association, bank, registered_in, left_in } = entry;
    const answer = await api.post('/v1/registry/lecturers', {
      surname: surname.trim(), given_name: orNull(given_name), reading: orNull(reading), title: orNull(title), affiliation: orNull(affiliation), association: orNull(association), bank,
      // of somebody new, years that nobody chose are not said: who is in the list already keeps theirs
      ...(lecturer !== null || registered_in !== null ? { registered_in } : {}), ...(lecturer !== null || left_in !== null ? { left_in } : {}),
      in_training: lecturer?.in_training ?? false,
    }, nothing);
    if (answer.ok) end(true);
    else setProblem(problemText(answer.problem));
  };
  const box = (name: 'surname' | 'given_name' | 'reading' | 'title' | 'affiliation', fixed = false): ReactNode => (
    <Labelled label={text.box[name]} {...(name === 'reading' ? { help: text.readingHelp } : {})}>
      {(id, help) => <input id={id} className={INPUT} value={entry[name]} maxLength={80} required={name === 'surname'} readOnly={fixed} autoComplete="off" aria-describedby={help} onChange={(event) => setEntry({ ...entry, [name]: event.target.value })} />}
    </Labelled>
  );
  return (
    <Sheet title={lecturer === null ? text.add : text.changeOf(lecturerName(lecturer))} open onClose={() => end(false)}>
      <Form className="flex min-h-0 flex-col gap-4 overflow-y-auto p-1" act={submit}>
        <div className="grid gap-4 sm:grid-cols-2">{box('surname', lecturer !== null)}{box('given_name', lecturer !== null)}</div>
        {box('reading')}
        <div className="grid gap-4 sm:grid-cols-2">{box('title')}{box('affiliation')}</div>
        {lecturer === null && (
          <Labelled label={text.association}>
            {(id) => (
              <select id={id} className={INPUT} value={entry.association} onChange={(event) => setEntry({ ...entry, association: event.target.value })}>
                {places.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
              </select>
            )}
          </Labelled>
        )}
        <label className="flex min-h-11 items-center gap-2">
          <input type="checkbox" className="size-5" checked={entry.bank} onChange={turn} />
          {text.bank}
        </label>
        <div className="grid items-end gap-4 sm:grid-cols-2">
          <Year label={text.registeredIn} empty={text.yearUnknown} value={entry.registered_in} choose={(registered_in) => setEntry({ ...entry, registered_in })} />
          {(!entry.bank || entry.left_in !== null) && <Year label={text.leftIn} empty={text.yearUnknown} value={entry.left_in} choose={(left_in) => setEntry({ ...entry, left_in })} />}
        </div>
        <Unsaved id={reasonId} reason={isBackwards ? text.backwards : null} />
        <p className="-mt-2 text-[0.875rem] text-muted">{!entry.bank && entry.registered_in !== null && entry.left_in === null ? text.leftUnknown : text.yearsNote}</p>
        <WaysOut problem={problem} leave={() => end(false)}>
          <Button look="primary" type="submit">{text.save}</Button>
        </WaysOut>
      </Form>
    </Sheet>
  );
}
