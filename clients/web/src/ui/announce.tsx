// What a screen reader is told of numbers that the person has just changed: once, when the taps have come to rest.

import { type ReactNode, useSyncExternalStore } from 'react';

const REST_MS = 800;

let said = '';
let timer: ReturnType<typeof setTimeout> | undefined;
const next = new Map<string, string>();
const listeners = new Set<() => void>();

/** Says a number of something; only the last one of each is said. */
export function announce(of: string, number: string): void {
  next.set(of, number);
  clearTimeout(timer);
  timer = setTimeout(() => {
    said = [...next].map(([name, value]) => `${name} ${value}`).join('、');
    next.clear();
    for (const listener of listeners) listener();
  }, REST_MS);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** One for the page. */
export function Announcer(): ReactNode {
  return <p aria-live="polite" className="sr-only">{useSyncExternalStore(subscribe, () => said)}</p>;
}
