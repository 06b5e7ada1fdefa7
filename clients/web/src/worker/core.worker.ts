// Entry of the core's worker: makes the real dependencies and starts. Everything else can be tested without a browser.

import initialise, { WasmTablet } from '../wasm/tsudoi_wasm';
import type { Reply, StartFault } from '../core/protocol';
import { createElection } from './election';
import { createHost } from './host';
import { createSignedFetch } from './proof';
import { startRelay } from './relay';
import { startHost } from './start';
import { createTransport } from './transport';
import { createVault } from './vault';

declare const self: DedicatedWorkerGlobalScope;

const NAME = 'tsudoi-core';

const others = new BroadcastChannel(NAME);

const clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Once for this worker, and again when it failed. */
let loading: Promise<unknown> | null = null;
const load = (): Promise<unknown> => {
  loading ??= initialise().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
};

const faulty = (fault: StartFault): Reply => ({ type: 'changed', stage: { stage: 'fault', fault }, documents: [] });

startRelay({
  page: {
    send: (message) => self.postMessage(message),
    listen: (receive) => self.addEventListener('message', (event) => receive(event.data)),
  },
  others: {
    send: (message) => others.postMessage(message),
    listen: (receive) => others.addEventListener('message', (event) => receive(event.data)),
  },
  election: createElection(navigator.locks, NAME, () => self.postMessage(faulty('denied'))),
  after: clock.after,
  host: ({ publish, left, hand, superseded, opening, leads }) => startHost({
    database: 'tsudoi',
    after: clock.after,
    initialise: load,
    tell: (fault) => publish(faulty(fault)),
    leads,
    host: (store) => createHost({
      vault: createVault({ store, now: clock.now, steady: clock.steady }),
      open: (device, seed, rows, now) => new WasmTablet(device, seed, rows, now),
      transport: createTransport({
        fetch: createSignedFetch({ fetch: (input, init) => fetch(input, init), origin: self.location.origin, now: clock.now }),
      }),
      clock,
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
      uuid: () => crypto.randomUUID(),
      online: () => navigator.onLine,
      broken: (error) => error instanceof WebAssembly.RuntimeError,
      notify: (stage, documents) => publish({ type: 'changed', stage, documents }),
      left,
      hand,
      superseded,
      opening,
    }),
  }),
});

// one that takes over may find nobody to ask: the service worker lives with the tab that is stopped
load().catch(() => undefined);
