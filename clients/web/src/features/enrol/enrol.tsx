// Making this tablet known to the server, once; and saying so when what it held is gone.

import { type FormEvent, type ReactNode, useState } from 'react';
import { useClient } from '../../core/hooks';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { INPUT, Labelled } from '../../ui/field';

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

/** Letters and digits only, full-width forms folded. */
export function tidyCode(text: string): string {
  return text.normalize('NFKC').toUpperCase().replace(/[^0-9A-Z]/g, '');
}

export function Enrol({ lost }: { readonly lost: Lost | null }): ReactNode {
  const client = useClient();
  const [code, setCode] = useState('');
  const [name, setName] = useState(lost?.device_name ?? '');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const tidy = tidyCode(code);
    if (tidy.length !== 8) return setProblem(ja.enrol.codeMissing);
    if (name.trim() === '') return setProblem(ja.enrol.nameMissing);
    setBusy(true);
    setProblem(null);
    const outcome = await client.enrol(`${tidy.slice(0, 4)}-${tidy.slice(4)}`, name.trim());
    setBusy(false);
    if (!outcome.ok) setProblem(ja.problem(outcome.problem.code, outcome.problem.detail));
  };

  return (
    <main className="mx-auto flex min-h-full max-w-xl flex-col justify-center gap-5 p-6">
      {lost !== null && <LostNotice lost={lost} />}
      <Card className="p-6 sm:p-8">
        <h1 className="text-[1.5rem]">{ja.enrol.title}</h1>
        <p className="mt-2 text-muted">{ja.enrol.lead}</p>
        <form className="mt-6 flex flex-col gap-5" noValidate onSubmit={(event) => void submit(event)}>
          <Labelled label={ja.enrol.code} help={ja.enrol.codeHelp}>
            {(id, help) => (
              <input
                id={id}
                aria-describedby={help}
                className={`${INPUT} num text-[1.5rem] tracking-widest uppercase`}
                value={code}
                maxLength={20}
                autoComplete="one-time-code"
                autoCapitalize="characters"
                spellCheck={false}
                onChange={(event) => setCode(event.target.value)}
              />
            )}
          </Labelled>
          <Labelled label={ja.enrol.name} help={ja.enrol.nameHelp}>
            {(id, help) => (
              <input id={id} aria-describedby={help} className={INPUT} value={name} maxLength={40} autoComplete="off" onChange={(event) => setName(event.target.value)} />
            )}
          </Labelled>
          {problem !== null && <p role="alert" className="rounded-8 bg-wait-soft px-4 py-3 font-bold text-wait">{problem}</p>}
          <Button type="submit" look="primary" size="large" isDisabled={busy}>{busy ? ja.enrol.busy : ja.enrol.submit}</Button>
        </form>
      </Card>
      <p className="text-center text-[0.875rem]"><a className="inline-flex min-h-11 items-center text-accent-ink underline" href="/office">{ja.enrol.office}</a></p>
    </main>
  );
}
