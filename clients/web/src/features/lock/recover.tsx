// A lost PIN: a coordinator's code for this very person and a signal open the tablet, and a new PIN is chosen. What is not
// sent yet stays.

import { type ReactNode, useState } from 'react';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';
import { CodeInput, shownCode, useAct } from './code';
import { useNewPin } from './pin';

export function Recover({ person, back }: { readonly person: string; readonly back: () => void }): ReactNode {
  const pin = useNewPin();
  const [code, setCode] = useState('');
  const act = useAct();
  const submit = act.submit(() => {
    const shown = shownCode(code);
    const chosen = pin.read();
    if (shown === null) return ja.enrol.codeMissing;
    return chosen.ok ? { type: 'recover', person, code: shown, pin: chosen.pin } : chosen.problem;
  });
  return (
    <form className="mt-6 flex flex-col gap-5" noValidate onSubmit={submit}>
      <p>{ja.lock.lostNote}</p>
      <CodeInput value={code} change={setCode} help={ja.lock.lostCodeHelp} />
      {pin.fields}
      <Failure look="card" text={act.problem} />
      <Button type="submit" look="primary" size="large" isDisabled={act.busy}>{act.busy ? ja.lock.busy : ja.lock.recover}</Button>
      <Button look="quiet" onPress={back}>{ja.back}</Button>
    </form>
  );
}
