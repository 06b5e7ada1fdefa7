// The console's way to the server: one request function, every answer parsed, every failure a value.

import * as p from '../../core/parse';

export interface Problem {
  readonly code: string;
  /** The server's own sentence. */
  readonly detail: string | null;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

const problem: p.Parse<Problem> = p.object((f) => ({ code: f.get('code', p.string), detail: f.get('detail', p.nullable(p.string)) }));

async function bodyOf(response: Response): Promise<unknown> {
  try {
    const body: unknown = await response.json();
    return body;
  } catch {
    return null;
  }
}

export interface Api {
  get<T>(path: string, parse: p.Parse<T>, signal?: AbortSignal): Promise<Answer<T>>;
  post<T>(path: string, body: unknown, parse: p.Parse<T>): Promise<Answer<T>>;
  put<T>(path: string, body: unknown, parse: p.Parse<T>): Promise<Answer<T>>;
  remove<T>(path: string, body: unknown, parse: p.Parse<T>): Promise<Answer<T>>;
  /** Who asks the person to show anew who they are, when the server wants that; true: they did. */
  proveWith(prover: (() => Promise<boolean>) | null): void;
  /** Whether a file may be fetched now; asks for a proof where the server wants one. */
  mayTake(path: string): Promise<boolean>;
  /** Calls `heard` with each scope that has something new; returns how to stop. `lost` says that news may be missing. */
  listen(heard: (scope: string) => void, lost: () => void): () => void;
}

export interface ApiDeps {
  readonly fetch: typeof fetch;
  readonly events: (url: string) => EventSource;
}

const changed = p.object((f) => f.get('scope', p.string));

const send = (method: string, body: unknown): RequestInit => ({ method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export function createApi(deps: ApiDeps): Api {
  let prover: (() => Promise<boolean>) | null = null;
  async function ask<T>(path: string, init: RequestInit, parse: p.Parse<T>): Promise<Answer<T>> {
    const answer = await once(path, init, parse);
    if (answer.ok || answer.problem.code !== 'proof_needed' || prover === null) return answer;
    return (await prover()) ? once(path, init, parse) : answer;
  }
  async function once<T>(path: string, init: RequestInit, parse: p.Parse<T>): Promise<Answer<T>> {
    let response: Response;
    try {
      response = await deps.fetch(path, { credentials: 'same-origin', cache: 'no-store', ...init });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      return { ok: false, problem: { code: 'unreachable', detail: null } };
    }
    const body = await bodyOf(response);
    if (!response.ok) {
      const parsed = p.attempt(problem, body);
      return { ok: false, problem: parsed.ok ? parsed.value : { code: 'unreadable', detail: null } };
    }
    const parsed = p.attempt(parse, body);
    return parsed.ok ? parsed : { ok: false, problem: { code: 'unreadable', detail: null } };
  }
  return {
    get: (path, parse, signal) => ask(path, signal === undefined ? {} : { signal }, parse),
    post: (path, body, parse) => ask(path, send('POST', body), parse),
    put: (path, body, parse) => ask(path, send('PUT', body), parse),
    remove: (path, body, parse) => ask(path, send('DELETE', body), parse),
    proveWith(next) {
      prover = next;
    },
    async mayTake(path) {
      const asked = await deps.fetch(path, { method: 'HEAD', credentials: 'same-origin', cache: 'no-store' }).catch(() => null);
      return asked?.status !== 403 || prover === null || prover();
    },
    listen(heard, lost) {
      let wasLost = false;
      const open = (): EventSource => {
        const source = deps.events('/v1/events');
        source.addEventListener('open', () => {
          if (wasLost) lost();
          wasLost = false;
        });
        source.addEventListener('error', () => {
          wasLost = true;
        });
        source.addEventListener('changed', (event) => {
          const parsed = event instanceof MessageEvent && typeof event.data === 'string' ? p.attempt((text) => p.json(changed, p.string(text)), event.data) : null;
          heard(parsed?.ok === true ? parsed.value : '');
        });
        return source;
      };
      let source = open();
      // a browser keeps a page that was left; its stream would hold one of the few connections to this server
      const leave = (): void => source.close();
      const comeBack = (event: PageTransitionEvent): void => {
        if (!event.persisted) return;
        wasLost = true;
        source = open();
      };
      window.addEventListener('pagehide', leave);
      window.addEventListener('pageshow', comeBack);
      return () => {
        window.removeEventListener('pagehide', leave);
        window.removeEventListener('pageshow', comeBack);
        source.close();
      };
    },
  };
}
