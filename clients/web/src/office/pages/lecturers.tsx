// The lecturers that associations keep: those of one's own association first, in the order of their readings.

import { type FormEvent, type ReactNode, useState } from 'react';
import { type Lecturer, lecturerName, nameOf, type Registry, registry } from '../../core/registry';
import { office } from '../../i18n/ja-office';
import { inOrder } from '../../i18n/order';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { INPUT, Labelled } from '../../ui/field';
import { useHub, useLive } from '../api/live';
import { nothing } from '../api/proof';
import type { Me } from '../api/shapes';
import { Loaded, PageHead, problemText, useTitle } from '../parts/frame';
import { WaysOut } from '../parts/ways-out';

const text = office.roster;

interface Entry {
  readonly surname: string;
  readonly given_name: string;
  readonly reading: string;
  readonly title: string;
  readonly affiliation: string;
  readonly association: string;
  readonly bank: boolean;
}

const NEW: Entry = { surname: '', given_name: '', reading: '', title: office.roster.doctor, affiliation: '', association: '', bank: true };

/** The name and the association make the lecturer, and stay; the rest is brought up to date. */
function Edit({ lecturer, places, end }: { readonly lecturer: Lecturer | null; readonly places: Registry['associations']; readonly end: (changed: boolean) => void }): ReactNode {
  const { api } = useHub();
  const [entry, setEntry] = useState<Entry>(() => (lecturer === null
    ? { ...NEW, association: places[0]?.id ?? '' }
    : { ...lecturer, given_name: lecturer.given_name ?? '', title: lecturer.title ?? '', affiliation: lecturer.affiliation ?? '', association: lecturer.association ?? '' }));
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const orNull = (value: string): string | null => (value.trim() === '' ? null : value.trim());
    const { surname, given_name, reading, title, affiliation, association, bank } = entry;
    const answer = await api.post('/v1/registry/lecturers', {
      surname: surname.trim(), given_name: orNull(given_name), reading: orNull(reading), title: orNull(title), affiliation: orNull(affiliation), association: orNull(association), bank,
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
      <form className="flex min-h-0 flex-col gap-4 overflow-y-auto p-1" onSubmit={(event) => void submit(event)}>
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
          <input type="checkbox" className="size-5" checked={entry.bank} onChange={() => setEntry({ ...entry, bank: !entry.bank })} />
          {text.bank}
        </label>
        <WaysOut problem={problem} leave={() => end(false)}>
          <Button look="primary" type="submit">{text.save}</Button>
        </WaysOut>
      </form>
    </Sheet>
  );
}

export function LecturersPage({ me }: { readonly me: Me }): ReactNode {
  const live = useLive('/v1/registry', registry);
  const [search, setSearch] = useState('');
  const [editing, setEditing] = useState<Lecturer | 'new' | null>(null);
  useTitle(text.title);
  return (
    <Loaded live={live}>
      {(all) => {
        const associations = all.associations.filter((one) => !one.hub);
        const own = associations.filter((one) => one.id === me.organisation);
        const places = own.length > 0 ? own : associations;
        const words = search.trim();
        const found = all.lecturers.filter((one) => [lecturerName(one), one.reading, one.affiliation ?? ''].some((part) => part.includes(words)));
        const sorted = inOrder(found, lecturerName, (one) => one.reading);
        const isOwn = (one: Lecturer): boolean => one.association !== null && one.association === me.organisation;
        const mayEdit = (one: Lecturer): boolean => own.length === 0 || isOwn(one);
        return (
          <>
            <PageHead title={text.title} lead={text.lead}>
              <Button look="primary" onPress={() => setEditing('new')}>{text.add}</Button>
            </PageHead>
            <div className="max-w-[26rem]">
              <Labelled label={text.search}>{(id) => <input id={id} type="search" className={INPUT} value={search} onChange={(event) => setSearch(event.target.value)} />}</Labelled>
            </div>
            {words !== '' && <p className="print-only hidden">{office.lecturers.searched(words)}</p>}
            <p aria-live="polite" className="text-muted">{text.count(sorted.length)}</p>
            {sorted.length > 0 && (
              <div className="scroll">
                <table>
                  <caption className="sr-only">{text.title}</caption>
                  <thead><tr><th scope="col">{text.name}</th><th scope="col">{text.box.affiliation}</th><th scope="col">{text.association}</th><th scope="col">{text.kind}</th><th scope="col" className="acts"><span className="sr-only">{text.change}</span></th></tr></thead>
                  <tbody>
                    {[...sorted.filter(isOwn), ...sorted.filter((one) => !isOwn(one))].map((one) => (
                      <tr key={one.id}>
                        <th scope="row">{lecturerName(one)}<span className="block text-[0.875rem] text-muted">{one.reading === '' ? text.noReading : one.reading}</span></th>
                        <td>{one.affiliation}</td>
                        <td>{nameOf(all.associations, one.association)}</td>
                        <td className="whitespace-nowrap">{one.bank ? text.inBank : text.notInBank}</td>
                        <td className="text-right whitespace-nowrap">{mayEdit(one) && <Button aria-label={text.changeOf(lecturerName(one))} onPress={() => setEditing(one)}>{text.change}</Button>}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            {editing !== null && (
              <Edit lecturer={editing === 'new' ? null : editing} places={places} end={(changed) => {
                setEditing(null);
                if (changed) live.again();
              }} />
            )}
          </>
        );
      }}
    </Loaded>
  );
}
