// Making this tablet known to the server, once; and saying so when what it held is gone.

import { type ReactNode, useCallback, useState } from 'react';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { INPUT, Labelled } from '../../ui/field';
import { PersonalWarning } from '../../ui/personal';
import { CodeInput, shownCode, Trouble, useAct } from '../lock/code';
import { useNewPin } from '../lock/pin';
import { canScan, codeIn, Scan } from './scan';

export interface Lost {
  readonly device_name: string;
  readonly unsent_records: number;
}

function LostNotice({ lost }: { readonly lost: Lost }): ReactNode {
  return (
    <section role="alert" className="rounded-12 border-2 border-danger bg-danger-soft p-5">
      <h2 className="text-[1.125rem] text-danger">{ja.lost.title}</h2>
      <p className="mt-1">{ja.lost.body(lost.device_name)}</p>
      <p className="mt-1 font-bold">{lost.unsent_records > 0 ? ja.lost.unsent(lost.unsent_records) : ja.lost.sent}</p>
    </section>
  );
}

/** The code in the address, taken out of it: it is not to stay in the history. */
function codeFromAddress(): string {
  const code = codeIn(window.location.href, 'code') ?? '';
  if (code !== '') window.history.replaceState(null, '', '/');
  return code;
}

export function Enrol({ lost, enterPass }: { readonly lost: Lost | null; readonly enterPass: (code: string) => void }): ReactNode {
  const [code, setCode] = useState(codeFromAddress);
  const [name, setName] = useState(lost?.device_name ?? '');
  const [scanning, setScanning] = useState(false);
  const scanned = useCallback((link: string) => {
    const pass = codeIn(link, 'pass');
    if (pass !== null) return enterPass(pass);
    setCode(codeIn(link, 'code') ?? '');
    setScanning(false);
  }, [enterPass]);
  const pin = useNewPin();
  const act = useAct();
  const submit = act.submit(() => {
    const shown = shownCode(code);
    if (shown === null) return ja.enrol.codeMissing;
    if (name.trim() === '') return ja.enrol.nameMissing;
    const chosen = pin.read();
    return chosen.ok ? { type: 'enrol', code: shown, device_name: name.trim(), pin: chosen.pin } : chosen.problem;
  });

  return (
    <main className="mx-auto flex min-h-full max-w-xl flex-col justify-center gap-5 p-6">
      {lost !== null && <LostNotice lost={lost} />}
      <Card className="p-6 sm:p-8">
        <h1 className="text-[1.5rem]">{ja.enrol.title}</h1>
        <p className="mt-2 text-muted">{ja.enrol.lead}</p>
        <form className="mt-6 flex flex-col gap-5" noValidate onSubmit={submit}>
          {canScan() && !scanning && <Button onPress={() => setScanning(true)}>{ja.enrol.scan}</Button>}
          {scanning && <Scan found={scanned} />}
          <CodeInput value={code} change={setCode} help={ja.enrol.codeHelp} />
          <Labelled label={ja.enrol.name} help={ja.enrol.nameHelp}>
            {(id, help) => (
              <>
                <input id={id} aria-describedby={help} className={INPUT} value={name} maxLength={40} autoComplete="off" onChange={(event) => setName(event.target.value)} />
                <PersonalWarning text={name} />
              </>
            )}
          </Labelled>
          {pin.fields}
          <Trouble text={act.problem} />
          <Button type="submit" look="primary" size="large" isDisabled={act.busy}>{act.busy ? ja.enrol.busy : ja.enrol.submit}</Button>
        </form>
      </Card>
      <p className="text-center"><Button look="quiet" onPress={() => enterPass('')}>{ja.enrol.pass}</Button></p>
      <p className="text-center text-[0.875rem]"><a className="inline-flex min-h-11 items-center text-accent-ink underline" href="/office">{ja.enrol.office}</a></p>
    </main>
  );
}
