// The locked tablet: who one is, and one's PIN. Nothing of a record is in memory while this shows.

import { type ReactNode, useEffect, useState } from 'react';
import type { Named } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { Trouble, useAct } from './code';
import { PinInput } from './pin';
import { Recover } from './recover';

/** Seconds until a time, counted down. */
function useSeconds(until: number): number {
  const left = (): number => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}

export function Lock({ people, waitUntil }: { readonly people: readonly Named[]; readonly waitUntil: number }): ReactNode {
  const [person, setPerson] = useState(people.length === 1 ? (people[0]?.id ?? '') : '');
  const [pin, setPin] = useState('');
  const [lost, setLost] = useState(false);
  const seconds = useSeconds(waitUntil);
  const act = useAct();
  const submit = act.submit(() => {
    setPin('');
    return { type: 'unlock', person, pin };
  });

  return (
    <main className="mx-auto flex min-h-full max-w-xl flex-col justify-center gap-5 p-6">
      <Card className="p-6 sm:p-8">
        <h1 className="text-[1.5rem]">{ja.lock.title}</h1>
        {people.length > 1 && (
          <div role="group" aria-label={ja.lock.who} className="mt-4 flex flex-wrap gap-3">
            {people.map((one) => (
              <Button key={one.id} size="large" look={one.id === person ? 'primary' : 'secondary'} aria-pressed={one.id === person} onPress={() => { setPerson(one.id); setPin(''); setLost(false); }}>{one.name}</Button>
            ))}
          </div>
        )}
        {people.length === 1 && <p className="mt-2 font-bold">{people[0]?.name}</p>}
        {person !== '' && !lost && (
          <form className="mt-6 flex flex-col gap-5" noValidate onSubmit={submit}>
            <PinInput label={ja.pin.label} value={pin} change={setPin} />
            <Trouble text={act.problem} />
            {seconds > 0 && <p role="status" className="font-bold text-wait">{ja.lock.wait(seconds)}</p>}
            <Button type="submit" look="primary" size="large" isDisabled={act.busy || seconds > 0 || pin === ''}>{act.busy ? ja.lock.busy : ja.lock.open}</Button>
            <Button look="quiet" onPress={() => setLost(true)}>{ja.lock.lost}</Button>
          </form>
        )}
        {person !== '' && lost && <Recover person={person} back={() => setLost(false)} />}
      </Card>
    </main>
  );
}
