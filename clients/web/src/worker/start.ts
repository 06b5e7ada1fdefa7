// From a worker that leads to an open host. Whatever keeps it from opening is told to every page in one word, and is tried
// again by itself as long as this worker leads.

import type { StartFault } from '../core/protocol';
import type { Host } from './host';
import type { Clock } from './runner';
import { openStore, type Store, StoreError } from './store';

const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 30_000;
/** What takes longer is told about, and goes on. */
const LATE_MS = 5_000;

export interface StartDeps {
  readonly database: string;
  readonly after: Clock['after'];
  /** Fetches and compiles the core. */
  readonly initialise: () => Promise<unknown>;
  readonly host: (store: Store) => Host;
  readonly tell: (fault: StartFault) => void;
  readonly leads: () => boolean;
}

function nameOf(error: unknown): StartFault {
  if (error instanceof StoreError) return error.fault === 'superseded' ? 'storage' : error.fault;
  return 'core';
}

export async function startHost(deps: StartDeps): Promise<{ readonly host: Host; readonly term: number }> {
  const initialise = async (): Promise<void> => {
    if (typeof WebAssembly === 'undefined') throw new StartError('no_wasm');
    const cancel = deps.after(LATE_MS, () => deps.tell('loading'));
    try {
      await deps.initialise();
    } catch {
      throw new StartError('wasm');
    } finally {
      cancel();
    }
  };

  const open = async (): Promise<{ readonly host: Host; readonly term: number }> => {
    await initialise();
    // who has been replaced meanwhile must not take the disk back
    if (!deps.leads()) throw new StartError('slow');
    let host: Host | null = null;
    const store = await openStore(deps.database, {
      after: deps.after,
      closed: () => host?.heal(),
      slow: (isSlow) => {
        if (host !== null) host.slow(isSlow);
        else if (isSlow) deps.tell('slow');
      },
    });
    try {
      host = deps.host(store);
      await host.start();
      return { host, term: store.term };
    } catch (error) {
      store.close();
      throw error;
    }
  };

  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    try {
      return await open();
    } catch (error) {
      if (!deps.leads()) throw error;
      deps.tell(error instanceof StartError ? error.fault : nameOf(error));
      await new Promise<void>((resolve) => void deps.after(pause, resolve));
      if (!deps.leads()) throw error;
    }
  }
}

class StartError extends Error {
  constructor(readonly fault: StartFault) {
    super(fault);
  }
}
