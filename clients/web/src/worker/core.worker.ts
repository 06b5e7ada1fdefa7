// Entry of the core's worker: makes the real dependencies and starts. Everything else can be tested without a browser.

import initialise, { WasmTablet } from '../wasm/tsudoi_wasm';
import { createHost } from './host';
import { startRelay } from './relay';
import { createSignedFetch } from './proof';
import { openStore } from './store';
import { createTransport } from './transport';
import { createVault } from './vault';

declare const self: DedicatedWorkerGlobalScope;

const DATABASE = 'tsudoi';
const LOCK = 'tsudoi-core';

const others = new BroadcastChannel('tsudoi-core');

startRelay({
  page: {
    send: (message) => self.postMessage(message),
    listen: (receive) => self.addEventListener('message', (event) => receive(event.data)),
  },
  others: {
    send: (message) => others.postMessage(message),
    listen: (receive) => others.addEventListener('message', (event) => receive(event.data)),
  },
  elect: (lead) => {
    // The lock is held until this worker ends.
    void navigator.locks.request(LOCK, async () => {
      await lead();
      await new Promise<never>(() => undefined);
    });
  },
  host: async (publish, left, hand) => {
    await initialise();
    const store = await openStore(DATABASE, () => publish({ type: 'changed', stage: { stage: 'fault', fault: 'storage' }, documents: [] }));
    const host = createHost({
      vault: createVault({ store, now: () => Date.now(), steady: () => performance.now() }),
      open: (device, seed, rows, now) => new WasmTablet(device, seed, rows, now),
      transport: createTransport({
        fetch: createSignedFetch({ fetch: (input, init) => fetch(input, init), origin: self.location.origin, now: () => Date.now() }),
      }),
      clock: {
        now: () => Date.now(),
        steady: () => performance.now(),
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      },
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
      uuid: () => crypto.randomUUID(),
      online: () => navigator.onLine,
      broken: (error) => error instanceof WebAssembly.RuntimeError,
      notify: (stage, documents) => publish({ type: 'changed', stage, documents }),
      left,
      hand,
    });
    await host.start();
    return host;
  },
});
