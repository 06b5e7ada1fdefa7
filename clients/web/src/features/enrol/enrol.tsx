// Making this tablet known to the server, once; and saying so when what it held is gone.

import { type ReactNode, useCallback, useState } from 'react';
import { ja } from '../../i18n/ja';
import { enrol as text } from '../../i18n/ja-enrol';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { Failure } from '../../ui/failure';
import { INPUT, Labelled } from '../../ui/field';
import { PersonalWarning } from '../../ui/personal';
import { codeIn, CodeInput, shownCode, useAct } from '../lock/code';
import { useNewPin } from '../lock/pin';
import { canScan, Scan } from './scan';

export interface Lost {
  readonly device_name: string;
  readonly unsent_records: number;
}

function LostNotice({ lost }: { readonly lost: Lost }): ReactNode {
  return (
    <section role="alert" className="rounded-12 border-2 border-danger bg-danger-soft p-5">
      <h2 className="text-[1.125rem] text-danger">{text.lost.title}</h2>
      <p className="mt-1">{text.lost.body(lost.device_name)}</p>
      <p className="mt-1 font-bold">{lost.unsent_records > 0 ? text.lost.unsent(lost.unsent_records) : text.lost.sent}</p>
    </section>
  );
}

/** The code in the address, taken out of it: it is not to stay in the history. */
function codeFromAddress(): string {
  const code = codeIn(window.location.href, 'code') ?? '';
  if (code !== '') window.history.replaceState(null, '', '/');
  return code;
}

/** Safari on an iPhone or iPad, outside an icon on the Home Screen: what is kept here the icon would not know. */
function isOutsideIcon(): boolean {
  const { userAgent, maxTouchPoints } = window.navigator;
  const isApple = /iPad|iPhone|iPod/.test(userAgent) || (userAgent.includes('Macintosh') && maxTouchPoints > 1);
  return isApple && Reflect.get(window.navigator, 'standalone') !== true && !window.matchMedia('(display-mode: standalone)').matches;
}

/** Before a code is spent where it would be of no use. */
function IconFirst({ code, goOn }: { readonly code: string; readonly goOn: () => void }): ReactNode {
  return (
    <Card className="flex flex-col gap-4 p-6 sm:p-8">
      <h1 className="text-[1.5rem] leading-140">{text.icon.title}</h1>
      <p>{text.icon.why}</p>
      <ol className="flex list-decimal flex-col gap-2 pl-6">
        {text.icon.steps.map((step) => <li key={step}>{step}</li>)}
      </ol>
      {code !== '' && (
        <p className="rounded-8 bg-sunken px-4 py-3">
          {text.icon.code}
          <span className="num block text-[1.75rem] tracking-widest">{code}</span>
        </p>
      )}
      <p className="text-[0.9375rem] text-muted">{text.icon.without}</p>
      <div><Button onPress={goOn}>{text.icon.goOn}</Button></div>
    </Card>
  );
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
  const [iconFirst, setIconFirst] = useState(isOutsideIcon);
  const pin = useNewPin();
  const act = useAct();
  const submit = act.submit(() => {
    const shown = shownCode(code);
    if (shown === null) return ja.enrol.codeMissing;
    if (name.trim() === '') return text.nameMissing;
    const chosen = pin.read();
    return chosen.ok ? { type: 'enrol', code: shown, device_name: name.trim(), pin: chosen.pin } : chosen.problem;
  });

  if (iconFirst) return <main className="mx-auto flex min-h-full max-w-xl flex-col justify-center p-6"><IconFirst code={code} goOn={() => setIconFirst(false)} /></main>;
  return (
    <main className="mx-auto flex min-h-full max-w-xl flex-col justify-center gap-5 p-6">
      {lost !== null && <LostNotice lost={lost} />}
      <Card className="p-6 sm:p-8">
        <h1 className="text-[1.5rem]">{text.title}</h1>
        <p className="mt-2 text-muted">{text.lead}</p>
        <form className="mt-6 flex flex-col gap-5" noValidate onSubmit={submit}>
          {canScan() && !scanning && <Button onPress={() => setScanning(true)}>{text.scan}</Button>}
          {scanning && <Scan found={scanned} />}
          <CodeInput value={code} change={setCode} help={ja.enrol.codeHelp} />
          <Labelled label={text.name} help={text.nameHelp}>
            {(id, help) => (
              <>
                <input id={id} aria-describedby={help} className={INPUT} value={name} maxLength={40} autoComplete="off" onChange={(event) => setName(event.target.value)} />
                <PersonalWarning text={name} />
              </>
            )}
          </Labelled>
          {pin.fields}
          <Failure look="card" text={act.problem} />
          <Button type="submit" look="primary" size="large" isDisabled={act.busy}>{act.busy ? text.busy : text.submit}</Button>
        </form>
      </Card>
      <p className="text-center"><Button look="quiet" onPress={() => enterPass('')}>{text.pass}</Button></p>
      <p className="text-center text-[0.875rem]"><a className="inline-flex min-h-11 items-center text-accent-ink underline" href="/office">{text.office}</a></p>
    </main>
  );
}
