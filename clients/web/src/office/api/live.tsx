// Answers that stay current: read once, and again shortly after the server says that something has changed.
//
// Invariants: the last good answer stays on the screen while a newer one is read or cannot be had; many notices within
// a moment cost one request; a notice that comes during a request is followed by one more.

import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import type { Parse } from '../../core/parse';
import type { Answer, Api, Problem } from './client';

const GATHER_MS = 250;

export interface Hub {
  readonly api: Api;
  readonly subscribe: (hear: () => void) => () => void;
  readonly signedOut: () => void;
}

const HubContext = createContext<Hub | null>(null);

export function useHub(): Hub {
  const hub = useContext(HubContext);
  if (hub === null) throw new Error('outside of the hub');
  return hub;
}

/** One event stream for all that is on the screen. */
export function HubProvider({ api, signedOut, children }: { readonly api: Api; readonly signedOut: () => void; readonly children: ReactNode }): ReactNode {
  const listeners = useRef(new Set<() => void>());
  const subscribe = useCallback((hear: () => void) => {
    listeners.current.add(hear);
    return () => void listeners.current.delete(hear);
  }, []);
  useEffect(() => {
    let timer = 0;
    const tell = (): void => {
      if (timer !== 0) return;
      timer = window.setTimeout(() => {
        timer = 0;
        for (const hear of listeners.current) hear();
      }, GATHER_MS);
    };
    const visible = (): void => {
      if (document.visibilityState === 'visible') tell();
    };
    const stop = api.listen(tell, tell);
    document.addEventListener('visibilitychange', visible);
    return () => {
      stop();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', visible);
    };
  }, [api]);
  return <HubContext value={{ api, subscribe, signedOut }}>{children}</HubContext>;
}

export interface Live<T> {
  readonly value: T | null;
  /** Why there is no newer answer. */
  readonly problem: Problem | null;
  readonly again: () => void;
}

/** Reads now and after each notice; with another `read` anew. What was read stays while `key` does; null: nothing to read yet. */
export function useReading<T>(key: string | null, read: (signal: AbortSignal) => Promise<Answer<T>>): Live<T> {
  const { subscribe, signedOut } = useHub();
  const [state, setState] = useState<{ readonly key: string | null; readonly value: T | null; readonly problem: Problem | null }>({ key, value: null, problem: null });
  const again = useRef<() => void>(() => undefined);

  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    let busy = false;
    let asked = false;
    const run = async (): Promise<void> => {
      if (busy) {
        asked = true;
        return;
      }
      busy = true;
      try {
        do {
          asked = false;
          const answer = await read(abort.signal);
          if (abort.signal.aborted) return;
          if (answer.ok) setState({ key, value: answer.value, problem: null });
          else if (answer.problem.code === 'unauthorised') signedOut();
          else setState((before) => ({ key, value: before.key === key ? before.value : null, problem: answer.problem }));
        } while (asked);
      } catch (error) {
        if (!abort.signal.aborted) throw error;
      } finally {
        busy = false;
      }
    };
    const start = (): void => void run();
    again.current = start;
    start();
    const stop = subscribe(start);
    return () => {
      stop();
      abort.abort();
    };
  }, [key, read, subscribe, signedOut]);

  const current = state.key === key;
  return { value: current ? state.value : null, problem: current ? state.problem : null, again: () => again.current() };
}

/** `path` null: nothing to read yet. The parser must be a constant. */
export function useLive<T>(path: string | null, parse: Parse<T>): Live<T> {
  const { api } = useHub();
  return useReading(path, useCallback((signal) => api.get(path ?? '', parse, signal), [api, path, parse]));
}
