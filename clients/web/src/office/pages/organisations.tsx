// Associations and hubs with the municipalities they cover. Municipalities come from the official list and are not edited here.

import { type ReactNode, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { INPUT, Labelled } from '../../ui/field';
import { Form } from '../../ui/form';
import { PersonalWarning } from '../../ui/personal';
import { useHub, useLive } from '../api/live';
import { nothing } from '../api/proof';
import { type Organisations, organisations } from '../api/rights';
import { Loaded, PageHead, problemText, useTitle } from '../parts/frame';
import { WaysOut } from '../parts/ways-out';

const text = office.organisations;

type Association = Organisations['associations'][number];

function Edit({ association, all, end }: { readonly association: Association | null; readonly all: Organisations; readonly end: (changed: boolean) => void }): ReactNode {
  const { api } = useHub();
  const [name, setName] = useState(association?.name ?? '');
  const [hub, setHub] = useState(association?.hub ?? false);
  const [covered, setCovered] = useState<ReadonlySet<string>>(new Set(association?.municipalities));
  const [problem, setProblem] = useState<string | null>(null);
  const areas = [...new Set(all.municipalities.map((one) => one.medical_area))];
  const toggle = (one: string): void => setCovered((before) => {
    const next = new Set(before);
    if (!next.delete(one)) next.add(one);
    return next;
  });
  const submit = async (): Promise<void> => {
    const body = { name: name.trim(), municipalities: [...covered], hub };
    const answer = association === null
      ? await api.post('/v1/registry/associations', body, nothing)
      : await api.put(`/v1/registry/associations/${encodeURIComponent(association.id)}`, body, nothing);
    if (answer.ok) end(true);
    else setProblem(problemText(answer.problem));
  };
  return (
    <Sheet title={association === null ? text.add : text.change} open onClose={() => end(false)}>
      <Form className="flex min-h-0 flex-col gap-4" act={submit}>
        <Labelled label={text.name}>{(id) => <input id={id} className={INPUT} value={name} maxLength={200} required autoComplete="off" onChange={(event) => setName(event.target.value)} />}</Labelled>
        <PersonalWarning text={name} />
        {association === null && (
          <fieldset className="flex flex-col">
            <legend className="font-bold">{text.kind}</legend>
            {[false, true].map((one) => (
              <label key={String(one)} className="flex min-h-11 items-center gap-2">
                <input type="radio" name="kind" className="size-5 shrink-0" checked={hub === one} onChange={() => setHub(one)} />
                <span>{text.kindOf(one)}<span className="block text-[0.875rem] text-muted">{one ? text.kindNote.hub : text.kindNote.association}</span></span>
              </label>
            ))}
          </fieldset>
        )}
        <fieldset className="rounded-8 border border-line px-4 py-2">
          <legend className="px-1 font-bold">{text.covers}</legend>
          {association !== null && hub && <p className="text-[0.875rem] text-muted">{text.coversNote}</p>}
          <div className="max-h-[42dvh] overflow-auto">
          {areas.map((area) => (
            <div key={area} className="py-1">
              <p className="text-[0.875rem] text-muted">{area}</p>
              <div className="flex flex-wrap gap-x-5">
                {all.municipalities.filter((one) => one.medical_area === area).map((one) => (
                  <label key={one.code} className="flex min-h-11 items-center gap-2">
                    <input type="checkbox" className="size-5" checked={covered.has(one.code)} onChange={() => toggle(one.code)} />
                    {one.name}
                  </label>
                ))}
              </div>
            </div>
          ))}
          </div>
        </fieldset>
        <WaysOut problem={problem} leave={() => end(false)}>
          <Button look="primary" type="submit">{text.save}</Button>
        </WaysOut>
      </Form>
    </Sheet>
  );
}

export function OrganisationsPage({ mayEdit }: { readonly mayEdit: boolean }): ReactNode {
  const live = useLive('/v1/registry', organisations);
  const [editing, setEditing] = useState<Association | 'new' | null>(null);
  useTitle(text.title);
  return (
    <Loaded live={live}>
      {(all) => {
        const nameOf = (code: string): string => all.municipalities.find((one) => one.code === code)?.name ?? code;
        return (
          <>
            <PageHead title={text.title} lead={text.lead(all.tenant.name, all.municipalities.length)}>
              {mayEdit && <Button look="primary" onPress={() => setEditing('new')}>{text.add}</Button>}
            </PageHead>
            <div className="scroll">
              <table>
                <caption className="sr-only">{text.title}</caption>
                <thead><tr><th scope="col">{text.name}</th><th scope="col">{text.kind}</th><th scope="col">{text.covers}</th>{mayEdit && <th scope="col" className="acts"><span className="sr-only">{text.change}</span></th>}</tr></thead>
                <tbody>
                  {all.associations.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{one.name}</th>
                      <td className="whitespace-nowrap text-[0.9375rem]">{text.kindOf(one.hub)}</td>
                      <td className="text-[0.9375rem]">{one.municipalities.length === 0 ? <span className="text-muted">{text.none}</span> : one.municipalities.map(nameOf).join('、')}</td>
                      {mayEdit && <td className="whitespace-nowrap"><Button aria-label={text.changeOf(one.name)} onPress={() => setEditing(one)}>{text.change}</Button></td>}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {editing !== null && (
              <Edit association={editing === 'new' ? null : editing} all={all} end={(changed) => {
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
