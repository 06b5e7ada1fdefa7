// Who uses this tablet, locking it, and registering it anew.

import { type ReactNode, useState } from 'react';
import { useClient } from '../../core/hooks';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { CodeInput, shownCode, Trouble, useAct } from '../lock/code';
import { useNewPin } from '../lock/pin';

function Form({ kind, end }: { readonly kind: 'person' | 'again'; readonly end: () => void }): ReactNode {
  const pin = useNewPin();
  const [code, setCode] = useState('');
  const act = useAct(end);
  const text = ja.tablet[kind];
  const submit = act.submit(() => {
    const shown = shownCode(code);
    if (shown === null) return ja.enrol.codeMissing;
    if (kind === 'again') return { type: 'enrol_again', code: shown };
    const chosen = pin.read();
    return chosen.ok ? { type: 'add_person', code: shown, pin: chosen.pin } : chosen.problem;
  });

  return (
    <Sheet title={text.title} open onClose={end}>
      <form className="flex min-h-0 flex-col gap-4 overflow-y-auto" noValidate onSubmit={submit}>
        <p>{text.note}</p>
        <CodeInput value={code} change={setCode} help={ja.enrol.codeHelp} />
        {kind === 'person' && pin.fields}
        <Trouble text={act.problem} />
        <Button type="submit" look="primary" size="large" isDisabled={act.busy}>{act.busy ? ja.lock.busy : text.submit}</Button>
      </form>
    </Sheet>
  );
}

export function People(): ReactNode {
  const client = useClient();
  const [form, setForm] = useState<'person' | 'again' | null>(null);
  return (
    <div className="flex flex-wrap gap-3 py-3">
      <Button size="large" onPress={() => void client.perform({ type: 'lock' })}>{ja.tablet.lock}</Button>
      <Button size="large" onPress={() => setForm('person')}>{ja.tablet.person.open}</Button>
      <Button size="large" onPress={() => setForm('again')}>{ja.tablet.again.open}</Button>
      {form !== null && <Form kind={form} end={() => setForm(null)} />}
    </div>
  );
}
