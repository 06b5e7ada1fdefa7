// The service worker seen from the page: registers it, knows when a new version waits, swaps when the person agrees.

import { createContext } from 'react';

export interface Updates {
  waiting(): boolean;
  subscribe(changed: () => void): () => void;
  /** Lets the waiting version take over, then loads the page anew. */
  apply(): void;
}

export const NO_UPDATES: Updates = { waiting: () => false, subscribe: () => () => undefined, apply: () => undefined };
export const UpdatesContext = createContext<Updates>(NO_UPDATES);

const CHECK_MS = 60 * 60 * 1000;

export function watchUpdates(container: ServiceWorkerContainer, reload: () => void): Updates {
  let waiting: ServiceWorker | null = null;
  let agreed = false;
  const listeners = new Set<() => void>();
  const set = (worker: ServiceWorker | null): void => {
    waiting = worker;
    for (const listener of listeners) listener();
  };
  container.addEventListener('controllerchange', () => {
    if (agreed) reload();
  });
  void container.register('/service-worker.js').then(
    (registration) => {
      // The first version ever has nothing to replace and takes over by itself.
      const offer = (): void => {
        if (registration.waiting !== null && container.controller !== null) set(registration.waiting);
      };
      offer();
      registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', offer));
      setInterval(() => void registration.update().catch(() => undefined), CHECK_MS);
    },
    () => undefined,
  );
  return {
    waiting: () => waiting !== null,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    apply() {
      agreed = true;
      waiting?.postMessage('take-over');
    },
  };
}
