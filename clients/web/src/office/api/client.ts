// The console's way to the server: one request function, every answer parsed, every failure a value.
//
// Invariants: a request that finds the sign-in over waits for a new one and is then made again; while somebody signs in,
// no other request is made; nothing but `bare` may be called by who signs in; an act that is under way is not begun a second
// time, however often its button is pressed.

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

export interface Calls {
  get<T>(path: string, parse: p.Parse<T>, signal?: AbortSignal): Promise<Answer<T>>;
  post<T>(path: string, body: unknown, parse: p.Parse<T>): Promise<Answer<T>>;
  put<T>(path: string, body: unknown, parse: p.Parse<T>): Promise<Answer<T>>;
  remove<T>(path: string, body: unknown, parse: p.Parse<T>): Promise<Answer<T>>;
}

/** Has the person sign in again; true: the same person has. `urgent`: they have just done something, and wait for it. */
export type Signer = (urgent: boolean) => Promise<boolean>;

export interface Api extends Calls {
  /** The same calls, answered as they are: for signing in itself. */
  readonly bare: Calls;
  /** Who asks the person to sign in again, when the sign-in is over. */
  signInWith(signer: Signer | null): void;
  /** Has the person sign in again now. */
  signIn(): Promise<boolean>;
  /** Who asks the person to show anew who they are, when the server wants that; true: they did. */
  proveWith(prover: (() => Promise<boolean>) | null): void;
  /** Whether a file may be fetched now; asks for a sign-in or a proof where the server wants one. `busy`: later. */
  mayTake(path: string): Promise<'yes' | 'no' | 'busy'>;
  /** Calls `heard` when there may be something new; returns how to stop. */
  listen(heard: () => void): () => void;
}

export interface ApiDeps {
  readonly fetch: typeof fetch;
  readonly listen: (heard: () => void) => () => void;
}

const send = (method: string, body: unknown): RequestInit => ({ method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

type Ask = <T>(path: string, init: RequestInit, parse: p.Parse<T>) => Promise<Answer<T>>;

function callsBy(ask: Ask): Calls {
  return {
    get: (path, parse, signal) => ask(path, signal === undefined ? {} : { signal }, parse),
    post: (path, body, parse) => ask(path, send('POST', body), parse),
    put: (path, body, parse) => ask(path, send('PUT', body), parse),
    remove: (path, body, parse) => ask(path, send('DELETE', body), parse),
  };
}

/** As the server says it. */
const OVER: Answer<unknown> = { ok: false, problem: { code: 'unauthorised', detail: null } };

export function createApi(deps: ApiDeps): Api {
  let signer: Signer | null = null;
  let signing: Promise<boolean> | null = null;
  let prover: (() => Promise<boolean>) | null = null;

  const once = async (path: string, init: RequestInit): Promise<Answer<unknown>> => {
    let response: Response;
    try {
      response = await deps.fetch(path, { credentials: 'same-origin', cache: 'no-store', ...init });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      return { ok: false, problem: { code: 'unreachable', detail: null } };
    }
    const body = await bodyOf(response);
    if (response.ok) return { ok: true, value: body };
    const parsed = p.attempt(problem, body);
    return { ok: false, problem: parsed.ok ? parsed.value : { code: 'unreadable', detail: null } };
  };
  const read = <T>(answer: Answer<unknown>, parse: p.Parse<T>): Answer<T> => {
    if (!answer.ok) return answer;
    const parsed = p.attempt(parse, answer.value);
    return parsed.ok ? parsed : { ok: false, problem: { code: 'unreadable', detail: null } };
  };

  /** One sign-in for all who wait for it. */
  const signIn = (urgent: boolean): Promise<boolean> => {
    if (signer === null) return Promise.resolve(false);
    signing ??= signer(urgent).finally(() => {
      signing = null;
    });
    return signing;
  };

  const signedIn = async (path: string, init: RequestInit): Promise<Answer<unknown>> => {
    // who has just put it off is not asked again
    if ((await signing) === false) return OVER;
    let answer = await once(path, init);
    if (!answer.ok && answer.problem.code === 'unauthorised' && (await signIn(init.method !== undefined))) answer = await once(path, init);
    if (!answer.ok && answer.problem.code === 'proof_needed' && prover !== null && (await prover())) answer = await once(path, init);
    return answer;
  };

  /** Acts that are under way, by what is sent. */
  const acts = new Map<string, Promise<Answer<unknown>>>();
  const ask: Ask = async (path, init, parse) => {
    if (init.method === undefined) return read(await signedIn(path, init), parse);
    const key = `${init.method} ${path} ${String(init.body)}`;
    const act = acts.get(key) ?? signedIn(path, init).finally(() => acts.delete(key));
    acts.set(key, act);
    return read(await act, parse);
  };

  const statusOf = async (path: string): Promise<number | null> =>
    (await deps.fetch(path, { method: 'HEAD', credentials: 'same-origin', cache: 'no-store' }).catch(() => null))?.status ?? null;

  return {
    ...callsBy(ask),
    bare: callsBy(async (path, init, parse) => read(await once(path, init), parse)),
    signInWith(next) {
      signer = next;
    },
    signIn: () => signIn(true),
    proveWith(next) {
      prover = next;
    },
    async mayTake(path) {
      if ((await signing) === false) return 'no';
      let status = await statusOf(path);
      if (status === 401) {
        if (!(await signIn(true))) return 'no';
        status = await statusOf(path);
      }
      if (status === 503) return 'busy';
      return status !== 403 || prover === null || (await prover()) ? 'yes' : 'no';
    },
    listen: deps.listen,
  };
}
