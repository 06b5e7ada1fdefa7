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
  /** Has everything on the screen read again. */
  readonly refresh: () => void;
}

const HubContext = createContext<Hub | null>(null);

export function useHub(): Hub {
  const hub = useContext(HubContext);
  if (hub === null) throw new Error('outside of the hub');
  return hub;
}

/** One ear for all that is on the screen. */
export function HubProvider({ api, children }: { readonly api: Api; readonly children: ReactNode }): ReactNode {
  const listeners = useRef(new Set<() => void>());
  const timer = useRef(0);
  const subscribe = useCallback((hear: () => void) => {
    listeners.current.add(hear);
    return () => void listeners.current.delete(hear);
  }, []);
  const refresh = useCallback(() => {
    if (timer.current !== 0) return;
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      for (const hear of listeners.current) hear();
    }, GATHER_MS);
  }, []);
  useEffect(() => {
    const visible = (): void => {
      if (document.visibilityState === 'visible') refresh();
    };
    const stop = api.listen(refresh);
    document.addEventListener('visibilitychange', visible);
    return () => {
      stop();
      window.clearTimeout(timer.current);
      timer.current = 0;
      document.removeEventListener('visibilitychange', visible);
    };
  }, [api, refresh]);
  return <HubContext value={{ api, subscribe, refresh }}>{children}</HubContext>;
}

export interface Live<T> {
  readonly value: T | null;
  /** Why there is no newer answer. */
  readonly problem: Problem | null;
  /** When it was read, by this computer's clock, ms. */
  readonly readAt: number | null;
  readonly again: () => void;
}

/** Reads now and after each notice; with another `read` anew. What was read stays while `key` does; null: nothing to read yet. */
export function useReading<T>(key: string | null, read: (signal: AbortSignal) => Promise<Answer<T>>): Live<T> {
  const { subscribe } = useHub();
  const [state, setState] = useState<{ readonly key: string | null; readonly value: T | null; readonly problem: Problem | null; readonly readAt: number | null }>({ key, value: null, problem: null, readAt: null });
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
          if (answer.ok) setState({ key, value: answer.value, problem: null, readAt: Date.now() });
          else setState((before) => ({ ...(before.key === key ? before : { key, value: null, readAt: null }), problem: answer.problem }));
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
  }, [key, read, subscribe]);

  const current = state.key === key;
  return { value: current ? state.value : null, problem: current ? state.problem : null, readAt: current ? state.readAt : null, again: () => again.current() };
}

/** `path` null: nothing to read yet. The parser must be a constant. */
export function useLive<T>(path: string | null, parse: Parse<T>): Live<T> {
  const { api } = useHub();
  return useReading(path, useCallback((signal) => api.get(path ?? '', parse, signal), [api, path, parse]));
}
