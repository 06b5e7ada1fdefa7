// Who uses this tablet, taking somebody off it, locking it, and registering it anew.

import { type ReactNode, useState } from 'react';
import { useClient, useReady } from '../../core/hooks';
import type { Named } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { tablet as text } from '../../i18n/ja-tablet';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { Failure } from '../../ui/failure';
import { CodeInput, shownCode, useAct } from '../lock/code';
import { useNewPin } from '../lock/pin';

function Form({ kind, end }: { readonly kind: 'person' | 'again'; readonly end: () => void }): ReactNode {
  const pin = useNewPin();
  const [code, setCode] = useState('');
  const act = useAct(end);
  const submit = act.submit(() => {
    const shown = shownCode(code);
    if (shown === null) return ja.enrol.codeMissing;
    if (kind === 'again') return { type: 'enrol_again', code: shown };
    const chosen = pin.read();
    return chosen.ok ? { type: 'add_person', code: shown, pin: chosen.pin } : chosen.problem;
  });

  return (
    <Sheet title={text[kind].title} open onClose={end}>
      <form className="flex min-h-0 flex-col gap-4 overflow-y-auto" noValidate onSubmit={submit}>
        <p>{text[kind].note}</p>
        <p className="text-muted">{text[kind].where}</p>
        <CodeInput value={code} change={setCode} help={ja.enrol.codeHelp} />
        {kind === 'person' && pin.fields}
        <Failure look="card" text={act.problem} />
        <Button type="submit" look="primary" size="large" isDisabled={act.busy}>{act.busy ? ja.lock.busy : text[kind].submit}</Button>
      </form>
    </Sheet>
  );
}

function Dismiss({ person, end }: { readonly person: Named; readonly end: () => void }): ReactNode {
  const act = useAct(end);
  return (
    <Sheet title={text.dismiss.title(person.name)} open onClose={end}>
      <form className="flex min-h-0 flex-col gap-4 overflow-y-auto" onSubmit={act.submit(() => ({ type: 'dismiss', person: person.id }))}>
        <p>{text.dismiss.note}</p>
        <p className="text-muted">{text.dismiss.back}</p>
        <Failure look="card" text={act.problem} />
        <div className="flex flex-wrap justify-end gap-3">
          <Button size="large" onPress={end}>{ja.cancel}</Button>
          <Button type="submit" look="primary" size="large" isDisabled={act.busy}>{text.dismiss.submit}</Button>
        </div>
      </form>
    </Sheet>
  );
}

function Colleagues({ leave }: { readonly leave: (person: Named) => void }): ReactNode {
  const { identity, people } = useReady();
  if (people.length < 2) return null;
  return (
    <section className="border-t border-line py-4">
      <h2 className="text-[1.0625rem]">{text.people}</h2>
      <ul className="divide-y divide-line">
        {people.map((one) => (
          <li key={one.id} className="flex min-h-14 flex-wrap items-center justify-between gap-3 py-1.5">
            <span>{one.name}{one.id === identity.person.id && <span className="text-muted">{text.present}</span>}</span>
            {one.id !== identity.person.id && <Button aria-label={text.dismiss.open(one.name)} onPress={() => leave(one)}>{text.dismiss.submit}</Button>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function People(): ReactNode {
  const client = useClient();
  const [form, setForm] = useState<'person' | 'again' | null>(null);
  const [leaving, setLeaving] = useState<Named | null>(null);
  return (
    <>
      <Colleagues leave={setLeaving} />
      <div className="flex flex-wrap gap-3 py-3">
        <Button size="large" onPress={() => client.perform({ type: 'lock' })}>{text.lock}</Button>
        <Button size="large" onPress={() => setForm('person')}>{text.person.open}</Button>
        <Button size="large" onPress={() => setForm('again')}>{text.again.open}</Button>
      </div>
      {form !== null && <Form kind={form} end={() => setForm(null)} />}
      {leaving !== null && <Dismiss person={leaving} end={() => setLeaving(null)} />}
    </>
  );
}
