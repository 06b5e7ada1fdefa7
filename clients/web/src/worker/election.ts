// Who leads, by a Web Lock: the browser frees it when the worker that holds it ends, and lets another take it by force.

import type { Election } from './relay';

export function createElection(locks: LockManager, name: string, denied: () => void): Election {
  let waiting: AbortController | null = null;
  let release: (() => void) | null = null;

  const request = (options: LockOptions, lead: () => void, lost: () => void): void => {
    let held = false;
    locks.request(name, options, () => new Promise<void>((end) => {
      [held, release] = [true, end];
      lead();
    })).catch(() => {
      if (held) lost();
      else if (options.signal?.aborted !== true) denied();
    });
  };

  const leaveQueue = (): void => {
    waiting?.abort();
    waiting = null;
  };

  return {
    wait(lead, lost) {
      leaveQueue();
      // one that was taken from this worker is not its own to give back, which does no harm
      release?.();
      release = null;
      waiting = new AbortController();
      request({ signal: waiting.signal }, lead, lost);
    },
    steal(lead, lost) {
      leaveQueue();
      request({ steal: true }, lead, lost);
    },
  };
}
