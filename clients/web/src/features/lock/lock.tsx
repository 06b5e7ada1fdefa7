// The locked tablet: who one is, and one's PIN. Nothing of a record is in memory while this shows.

import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Waiting } from '../../core/protocol';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { Failure } from '../../ui/failure';
import { useAct } from './code';
import { PinInput } from './pin';
import { Recover } from './recover';

/** Seconds until a time, counted down. The tablet's clock may be set meanwhile, so the time is one of `performance`. */
function useSeconds(until: number): number {
  const left = (): number => Math.max(0, Math.ceil((until - performance.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}

function Unlock({ person, until, lose }: { readonly person: Waiting; readonly until: number; readonly lose: () => void }): ReactNode {
  const [pin, setPin] = useState('');
  const seconds = useSeconds(until);
  const act = useAct();
  const submit = act.submit(() => {
    setPin('');
    return { type: 'unlock', person: person.id, pin };
  });
  return (
    <form className="mt-6 flex flex-col gap-5" noValidate onSubmit={submit}>
      <PinInput label={ja.pin.label} value={pin} change={setPin} />
      <Failure look="card" text={act.problem} />
      {seconds > 0 && <p role="status" className="font-bold text-wait">{ja.lock.wait(seconds)}</p>}
      <Button type="submit" look="primary" size="large" isDisabled={act.busy || seconds > 0 || pin === ''}>{act.busy ? ja.lock.busy : ja.lock.open}</Button>
      <Button look="quiet" onPress={lose}>{ja.lock.lost}</Button>
    </form>
  );
}

export function Lock({ people }: { readonly people: readonly Waiting[] }): ReactNode {
  const [chosen, setChosen] = useState<string | null>(null);
  const [lost, setLost] = useState(false);
  // waits are told as what was left of them at that moment
  const told = useMemo(() => performance.now(), [people]);
  const person = people.length === 1 ? people[0] : people.find((one) => one.id === chosen);
  return (
    <main className="mx-auto flex min-h-full max-w-xl flex-col justify-center gap-5 p-6">
      <Card className="p-6 sm:p-8">
        <h1 className="text-[1.5rem]">{ja.lock.title}</h1>
        {people.length > 1 && (
          <fieldset className="mt-4">
            <legend className="font-bold">{ja.lock.who}</legend>
            <div className="mt-2 flex flex-wrap gap-3">
              {people.map((one) => (
                <Button key={one.id} size="large" look={one.id === chosen ? 'primary' : 'secondary'} aria-pressed={one.id === chosen} onPress={() => { setChosen(one.id); setLost(false); }}>{one.name}</Button>
              ))}
            </div>
          </fieldset>
        )}
        {people.length === 1 && <p className="mt-2 font-bold">{person?.name}</p>}
        {person !== undefined && !lost && <Unlock key={person.id} person={person} until={told + person.wait_ms} lose={() => setLost(true)} />}
        {person !== undefined && lost && <Recover key={person.id} person={person.id} back={() => setLost(false)} />}
      </Card>
    </main>
  );
}
