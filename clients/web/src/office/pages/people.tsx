// People and their roles: adding someone, giving and taking roles, sign-in codes, and keeping someone from signing in.

import { type FormEvent, type ReactNode, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { inOrder } from '../../i18n/order';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { Failure } from '../../ui/failure';
import { INPUT, Labelled } from '../../ui/field';
import { Form } from '../../ui/form';
import type { Answer } from '../api/client';
import { useHub, useLive } from '../api/live';
import { nothing } from '../api/proof';
import { type Code, type Organisations, type People, type Person, type RoleOf, code, organisations, people } from '../api/rights';
import { eraMoment } from '../format';
import { Loaded, PageHead, problemText, useTitle } from '../parts/frame';
import { WaysOut } from '../parts/ways-out';

const text = office.people;

interface Choice {
  readonly role: string;
  readonly organisation: string;
}

/** The organisations a role can be in. */
function placesOf(role: string, all: Organisations): readonly { readonly id: string; readonly name: string }[] {
  const municipalities = all.municipalities.map((one) => ({ id: one.code, name: one.name }));
  switch (role) {
    case 'staff':
      return [...municipalities, ...all.associations.filter((one) => one.hub)];
    case 'municipal':
      return municipalities;
    case 'lecturer':
      return all.associations.filter((one) => !one.hub);
    case 'coordinator':
      return all.associations;
    default:
      return [{ id: all.tenant.code, name: all.tenant.name }];
  }
}

function ChooseRole({ page, all, choice, choose }: { readonly page: People; readonly all: Organisations; readonly choice: Choice; readonly choose: (choice: Choice) => void }): ReactNode {
  const places = placesOf(choice.role, all).filter((one) => page.only_organisation === null || one.id === page.only_organisation);
  const first = (role: string): string => page.only_organisation ?? placesOf(role, all)[0]?.id ?? '';
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Labelled label={text.role}>
        {(id) => (
          <select id={id} className={INPUT} value={choice.role} onChange={(event) => choose({ role: event.target.value, organisation: first(event.target.value) })}>
            {page.gives.map((role) => <option key={role} value={role}>{office.role(role)}</option>)}
          </select>
        )}
      </Labelled>
      <Labelled label={text.organisation}>
        {(id) => (
          <select id={id} className={INPUT} value={choice.organisation} onChange={(event) => choose({ ...choice, organisation: event.target.value })}>
            {places.map((place) => <option key={place.id} value={place.id}>{place.name}</option>)}
          </select>
        )}
      </Labelled>
    </div>
  );
}

function startOf(page: People, all: Organisations): Choice {
  const role = page.gives[0] ?? '';
  return { role, organisation: page.only_organisation ?? placesOf(role, all)[0]?.id ?? '' };
}

function ShowCode({ shown, of }: { readonly shown: Code; readonly of: string }): ReactNode {
  return (
    <div role="status" className="rounded-12 border border-line-strong bg-sunken px-5 py-4">
      <p>{text.codeFor(of)}</p>
      <p className="mt-1 font-mono text-[1.75rem] font-bold tracking-widest">{shown.code}</p>
      <p className="mt-1 text-[0.9375rem]">{text.codeNote(eraMoment(shown.expires_at))}</p>
    </div>
  );
}

function Add({ page, all, end }: { readonly page: People; readonly all: Organisations; readonly end: () => void }): ReactNode {
  const { api } = useHub();
  const [name, setName] = useState('');
  const [reading, setReading] = useState('');
  const [choice, choose] = useState<Choice>(() => startOf(page, all));
  const [problem, setProblem] = useState<string | null>(null);
  const [made, setMade] = useState<Code | null>(null);
  const submit = async (): Promise<void> => {
    setProblem(null);
    const added = await api.post('/v1/people', { name, reading, ...choice }, (value) => value);
    if (!added.ok) return setProblem(problemText(added.problem));
    const id = typeof added.value === 'object' && added.value !== null && 'person' in added.value ? String(added.value.person) : '';
    const answer = await api.post(`/v1/people/${encodeURIComponent(id)}/code`, choice, code);
    if (answer.ok) setMade(answer.value);
    else end();
  };
  return (
    <Sheet title={text.add} open onClose={end}>
      {made === null ? (
        <Form className="flex flex-col gap-4" act={submit}>
          <Labelled label={text.name} help={text.nameHelp}>
            {(id, help) => <input id={id} className={INPUT} value={name} maxLength={80} required autoComplete="off" aria-describedby={help} onChange={(event) => setName(event.target.value)} />}
          </Labelled>
          <Reading value={reading} change={setReading} />
          <ChooseRole page={page} all={all} choice={choice} choose={choose} />
          <WaysOut problem={problem} leave={end}>
            <Button look="primary" type="submit">{text.addNow}</Button>
          </WaysOut>
        </Form>
      ) : <ShowCode shown={made} of={name} />}
    </Sheet>
  );
}

function Reading({ value, change }: { readonly value: string; readonly change: (reading: string) => void }): ReactNode {
  return (
    <Labelled label={text.reading} help={text.readingHelp}>
      {(id, help) => <input id={id} className={INPUT} value={value} maxLength={80} autoComplete="off" aria-describedby={help} onChange={(event) => change(event.target.value)} />}
    </Labelled>
  );
}

function Rename({ person, run }: { readonly person: Person; readonly run: (name: string, reading: string) => void }): ReactNode {
  const [name, setName] = useState(person.name);
  const [reading, setReading] = useState(person.reading ?? '');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() !== '' && (name.trim() !== person.name || reading.trim() !== (person.reading ?? ''))) run(name.trim(), reading.trim());
  };
  return (
    <form className="flex flex-col gap-2" onSubmit={submit}>
      <h3 className="text-[1.0625rem]">{text.rename}</h3>
      <Labelled label={text.newName} help={text.renameNote}>
        {(id, help) => <input id={id} className={INPUT} value={name} maxLength={80} required autoComplete="off" aria-describedby={help} onChange={(event) => setName(event.target.value)} />}
      </Labelled>
      <Reading value={reading} change={setReading} />
      <div><Button type="submit">{text.rename}</Button></div>
    </form>
  );
}

function Manage({ person, page, all, changed, end }: { readonly person: Person; readonly page: People; readonly all: Organisations; readonly changed: () => void; readonly end: () => void }): ReactNode {
  const { api } = useHub();
  const [choice, choose] = useState<Choice>(() => startOf(page, all));
  const [problem, setProblem] = useState<string | null>(null);
  const [made, setMade] = useState<Code | null>(null);
  const path = `/v1/people/${encodeURIComponent(person.person)}`;
  const run = async (call: Promise<Answer<null>>): Promise<void> => {
    setMade(null);
    const answer = await call;
    setProblem(answer.ok ? null : problemText(answer.problem));
    changed();
  };
  const makeCode = async (role: RoleOf): Promise<void> => {
    const answer = await api.post(`${path}/code`, { role: role.role, organisation: role.organisation.id }, code);
    setProblem(answer.ok ? null : problemText(answer.problem));
    setMade(answer.ok ? answer.value : null);
  };
  const disabled = person.disabled_at !== null;
  return (
    <Sheet title={person.name} open onClose={end}>
      <div className="flex min-h-0 flex-col gap-5 overflow-auto">
        <Failure look="line" text={problem} />
        {made !== null && <ShowCode shown={made} of={person.name} />}
        <section>
          <h3 className="text-[1.0625rem]">{text.roles}</h3>
          {person.roles.length === 0 && <p className="text-muted">{text.noRoles}</p>}
          <ul className="mt-1 divide-y divide-line">
            {person.roles.map((role) => (
              <li key={`${role.role} ${role.organisation.id}`} className="flex flex-wrap items-center justify-between gap-2 py-2">
                <span><b>{office.role(role.role)}</b>　{role.organisation.name}</span>
                {role.may_edit && (
                  <span className="flex flex-wrap gap-2">
                    <Button isDisabled={disabled} onPress={() => makeCode(role)}>{text.makeCode}</Button>
                    <Button look="quiet" onPress={() => run(api.remove(`${path}/roles`, { role: role.role, organisation: role.organisation.id }, nothing))}>{text.take}</Button>
                  </span>
                )}
              </li>
            ))}
          </ul>
          {person.roles.some((role) => role.may_edit) && <p className="mt-1 text-[0.9375rem]">{text.takeNote}</p>}
        </section>
        {page.gives.length > 0 && (
          <section className="flex flex-col gap-3">
            <h3 className="text-[1.0625rem]">{text.give}</h3>
            <ChooseRole page={page} all={all} choice={choice} choose={choose} />
            <div><Button onPress={() => run(api.post(`${path}/roles`, choice, nothing))}>{text.giveNow}</Button></div>
          </section>
        )}
        {person.may_rename && <Rename key={`${person.name} ${person.reading ?? ''}`} person={person} run={(name, reading) => void run(api.post(`${path}/name`, { name, reading }, nothing))} />}
        {person.may_disable && (
          <section className="rounded-12 border border-line px-4 py-3">
            <h3 className="text-[1.0625rem]">{disabled ? text.disabledTitle : text.disableTitle}</h3>
            <p className="mt-1 text-[0.9375rem]">{disabled ? text.enableNote : text.disableNote}</p>
            <Button className="mt-3" onPress={() => run(api.post(`${path}/disabled`, { disabled: !disabled }, nothing))}>{disabled ? text.enable : text.disable}</Button>
          </section>
        )}
      </div>
    </Sheet>
  );
}

function Row({ person, open }: { readonly person: Person; readonly open: (() => void) | null }): ReactNode {
  return (
    <tr>
      <th scope="row">
        {person.name}
        {person.disabled_at !== null && <span className="ml-2 whitespace-nowrap rounded-8 bg-wait-soft px-2 text-[0.875rem] text-wait">{text.disabledMark}</span>}
      </th>
      <td>
        {person.roles.length === 0 ? <span className="text-muted">{text.noRoles}</span> : (
          <ul>{person.roles.map((role) => <li key={`${role.role} ${role.organisation.id}`}>{office.role(role.role)}　<span className="text-muted">{role.organisation.name}</span></li>)}</ul>
        )}
      </td>
      <td className="text-[0.9375rem]">{person.signed_in_at === null ? <span className="text-muted">{text.never}</span> : eraMoment(person.signed_in_at)}</td>
      {open !== null && <td className="text-right whitespace-nowrap"><Button aria-label={text.manageOf(person.name)} onPress={open}>{text.manage}</Button></td>}
    </tr>
  );
}

export function PeoplePage(): ReactNode {
  const live = useLive('/v1/people', people);
  const registry = useLive('/v1/registry', organisations);
  const [search, setSearch] = useState('');
  const [adding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  useTitle(text.title);
  return (
    <Loaded live={live}>
      {(page) => {
        const shown = inOrder(page.people, (one) => one.name, (one) => one.reading ?? '').filter((one) => [one.name, one.reading ?? '', ...one.roles.flatMap((role) => [office.role(role.role), role.organisation.name])].some((word) => word.includes(search.trim())));
        const person = page.people.find((one) => one.person === chosen);
        const mayEdit = page.gives.length > 0;
        return (
          <>
            <PageHead title={text.title} lead={text.lead}>
              {mayEdit && <Button look="primary" onPress={() => setAdding(true)}>{text.add}</Button>}
            </PageHead>
            <div className="max-w-[26rem]">
              <Labelled label={text.search}>{(id) => <input id={id} type="search" className={INPUT} value={search} onChange={(event) => setSearch(event.target.value)} />}</Labelled>
            </div>
            {search.trim() !== '' && <p className="print-only hidden">{text.searched(search.trim())}</p>}
            <p aria-live="polite" className="text-muted">{text.count(shown.length)}</p>
            <div className="scroll">
              <table>
                <caption className="sr-only">{text.title}</caption>
                <thead><tr><th scope="col">{text.name}</th><th scope="col">{text.roles}</th><th scope="col">{text.signedIn}</th>{mayEdit && <th scope="col" className="acts"><span className="sr-only">{text.manage}</span></th>}</tr></thead>
                <tbody>{shown.map((one) => <Row key={one.person} person={one} open={mayEdit ? () => setChosen(one.person) : null} />)}</tbody>
              </table>
            </div>
            {adding && registry.value !== null && (
              <Add page={page} all={registry.value} end={() => {
                setAdding(false);
                live.again();
              }} />
            )}
            {person !== undefined && registry.value !== null && <Manage person={person} page={page} all={registry.value} changed={live.again} end={() => setChosen(null)} />}
          </>
        );
      }}
    </Loaded>
  );
}
