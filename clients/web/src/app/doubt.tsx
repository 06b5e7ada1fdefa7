// What the person is told while the core does not run, or has not answered: which cause, what to do, and that what was
// recorded is still on the tablet.
//
// Invariant: whoever is at work keeps their screen; only an app that never came to be ready shows a page of its own.

import { type ReactNode, useContext, useEffect, useState } from 'react';
import { useSnapshot } from '../core/hooks';
import type { StartFault } from '../core/protocol';
import { ja } from '../i18n/ja';
import { Button } from '../ui/button';
import { readMarker } from './marker';
import { UpdatesContext } from './update';

/** A start that takes longer is told about. */
const LONG_MS = 10_000;

function Kept(): ReactNode {
  const marker = readMarker();
  return marker === null ? null : <p className="font-bold">{ja.fault.kept(marker.device_name, marker.unsent_records)}</p>;
}

function Retry(): ReactNode {
  const updates = useContext(UpdatesContext);
  const retry = (): void => (updates.waiting() ? updates.apply() : window.location.reload());
  return <div><Button look="primary" size="large" onPress={retry}>{ja.fault.retry}</Button></div>;
}

const OF_THE_DISK: readonly StartFault[] = ['storage', 'quota', 'slow'];

export function CannotStart({ fault }: { readonly fault: StartFault }): ReactNode {
  return (
    <main className="mx-auto flex max-w-xl flex-col gap-4 p-6">
      <h1 className={`text-[1.5rem] ${fault === 'loading' ? '' : 'text-danger'}`}>
        {fault === 'loading' ? ja.starting : OF_THE_DISK.includes(fault) ? ja.fault.title.disk : ja.fault.title.start}
      </h1>
      <p role="alert">{ja.fault[fault]}</p>
      <Kept />
      <Retry />
    </main>
  );
}

/** Before the core has said anything. */
export function Starting(): ReactNode {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isLong) return <p className="p-6 text-muted">{ja.starting}</p>;
  return (
    <main className="mx-auto flex max-w-xl flex-col gap-4 p-6">
      <h1 className="text-[1.5rem]">{ja.starting}</h1>
      <p role="alert">{ja.fault.long}</p>
      <Kept />
      <Retry />
    </main>
  );
}

/** Above the screens, while what they show cannot be vouched for. */
export function DoubtBar(): ReactNode {
  const { fault, silent, late } = useSnapshot();
  const told = fault !== null ? ja.fault[fault] : silent ? ja.doubt.silent : null;
  if (told === null && late === 0) return <div role="alert" />;
  return (
    <div role="alert" className="flex items-center justify-between gap-3 bg-wait-soft px-6 py-2 text-wait">
      <p className="min-w-0">
        {told !== null && <b className="block">{told}</b>}
        {late > 0 && ja.doubt.late(late)}
      </p>
      {(silent || fault === 'core' || fault === 'storage' || fault === 'newer') && <Button className="shrink-0" onPress={() => window.location.reload()}>{ja.doubt.reload}</Button>}
    </div>
  );
}

export function CopiedBar(): ReactNode {
  return <p role="alert" className="bg-wait-soft px-6 py-2 text-wait"><b>{ja.copied.title}</b>　{ja.copied.help}</p>;
}
