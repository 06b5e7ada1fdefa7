// The way to the server: one sync request, enrolment, and the stream of notices. Every failure is a value.

import * as p from '../core/parse';
import { type Identity, identity, type Problem } from '../core/protocol';
import { type Named, named } from '../core/registry';
import { newKey, type SignedFetch, type TabletKey } from './proof';

export type Fault =
  | { readonly type: 'unreachable' }
  | { readonly type: 'unauthorised' }
  | { readonly type: 'busy'; readonly retry_after_ms?: number }
  | { readonly type: 'refused'; readonly code?: string };

/** `over`: the server says that the day pass has ended. */
export type Exchanged = { readonly ok: Uint8Array } | { readonly fault: Fault; readonly over?: boolean };

export interface Credential {
  readonly token: string;
  readonly key: TabletKey;
  readonly identity: Identity;
}

/** A credential as it is kept: the key stands beside it. */
export const credentialText: p.Parse<Omit<Credential, 'key'>> = p.object((f) => ({
  token: f.get('token', p.string),
  identity: f.get('identity', identity),
}));

export type Enrolled =
  | { readonly ok: true; readonly credential: Credential }
  | { readonly ok: false; readonly problem: Problem };

export type Told<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** The server's half of the way back in, and whose PIN it may replace. */
export interface Granted {
  readonly half: string;
  readonly person: Named;
}

/** Whether the stream was open at all; `refused`: the server knows this tablet no longer. */
export type Listened = 'open' | 'refused' | 'unreachable';

export interface Transport {
  exchange(who: Credential, path: string, body: Uint8Array<ArrayBuffer>): Promise<Exchanged>;
  /** `recovery`: the server's half of the way back in; null keeps the one it has. */
  enrol(code: string, device: string, deviceName: string, recovery: string | null): Promise<Enrolled>;
  /** A day pass, or nothing: the code of a tablet is refused and stays good. */
  enterPass(code: string, device: string): Promise<Enrolled>;
  /** A colleague's code becomes a further person of this tablet. */
  colleague(who: Credential, code: string): Promise<Told<Named>>;
  /** The server's half of the way back in, for the tablet with this key and the person the code was made for. */
  recover(key: TabletKey, device: string, code: string): Promise<Told<Granted>>;
  /** Reads notices until the stream ends or `signal` is aborted. */
  events(who: Credential, onOpen: () => void, onChanged: () => void, signal: AbortSignal): Promise<Listened>;
}

const EXCHANGE_TIMEOUT_MS = 60_000;
const ENROL_TIMEOUT_MS = 30_000;
/** The server says something on the stream at once and every 15 s; silence for longer means that the connection is gone. */
const SILENCE_MS = 50_000;

const problemBody: p.Parse<Problem> = p.object((f) => ({
  code: f.get('code', p.nullable(p.string)) ?? 'refused',
  detail: f.get('detail', p.nullable(p.string)),
}));

async function problemOf(response: Response): Promise<Problem> {
  try {
    const parsed = p.attempt(problemBody, await response.json());
    if (parsed.ok) return parsed.value;
  } catch {
    // A proxy's own page, not ours.
  }
  return { code: `http_${response.status}`, detail: null };
}

function retryAfter(response: Response): { retry_after_ms?: number } {
  const seconds = Number(response.headers.get('retry-after') ?? 'none');
  return Number.isFinite(seconds) && seconds >= 0 ? { retry_after_ms: Math.round(seconds * 1000) } : {};
}

async function compressed(body: Uint8Array<ArrayBuffer>): Promise<{ body: Uint8Array<ArrayBuffer>; headers: Record<string, string> }> {
  if (typeof CompressionStream === 'undefined' || body.length < 512) return { body, headers: {} };
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'));
  return { body: new Uint8Array(await new Response(stream).arrayBuffer()), headers: { 'content-encoding': 'gzip' } };
}

export function createTransport(deps: { readonly fetch: SignedFetch }): Transport {
  const tell = async <T>(path: string, body: unknown, key: TabletKey, token: string | null, parse: p.Parse<T>): Promise<Told<T>> => {
    try {
      const response = await deps.fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
        signal: AbortSignal.timeout(ENROL_TIMEOUT_MS),
      }, key, token);
      if (!response.ok) return { ok: false, problem: await problemOf(response) };
      const parsed = p.attempt(parse, await response.json());
      return parsed.ok ? parsed : { ok: false, problem: { code: 'unreadable', detail: null } };
    } catch {
      return { ok: false, problem: { code: 'unreachable', detail: null } };
    }
  };

  const enrolled = async (body: unknown): Promise<Enrolled> => {
    const key = await newKey();
    const told = await tell('/v1/enrol', body, key, null, (value, path) => ({ ...p.object((f) => ({ token: f.get('token', p.string) }))(value, path), identity: identity(value, path) }));
    return told.ok ? { ok: true, credential: { ...told.value, key } } : told;
  };

  return {
    async exchange(who, path, plain) {
      try {
        const { body, headers } = await compressed(plain);
        const response = await deps.fetch(path, {
          method: 'POST',
          headers: { 'content-type': 'application/cbor', ...headers },
          body,
          cache: 'no-store',
          credentials: 'omit',
          signal: AbortSignal.timeout(EXCHANGE_TIMEOUT_MS),
        }, who.key, who.token);
        if (response.ok) return { ok: new Uint8Array(await response.arrayBuffer()) };
        if (response.status === 429 || response.status >= 500) return { fault: { type: 'busy', ...retryAfter(response) } };
        const { code } = await problemOf(response);
        if (response.status === 401 || code === 'device_revoked') return { fault: { type: 'unauthorised' }, over: code === 'pass_over' };
        return { fault: { type: 'refused', code } };
      } catch {
        return { fault: { type: 'unreachable' } };
      }
    },

    enrol: (code, device, deviceName, recovery) => enrolled({ code, device, device_name: deviceName, ...(recovery === null ? {} : { recovery }) }),
    // the server gives the device of a day pass its name
    enterPass: (code, device) => enrolled({ code, device, device_name: '一日券', pass_only: true }),

    colleague: (who, code) => tell('/v1/device/people', { code }, who.key, who.token, named),
    recover: (key, device, code) => tell('/v1/recover', { code, device }, key, null, p.object((f) => ({ half: f.get('recovery', p.string), person: f.get('person', named) }))),

    async events(who, onOpen, onChanged, signal) {
      let listened: Listened = 'unreachable';
      const silent = new AbortController();
      let watch: ReturnType<typeof setTimeout> | undefined;
      const heard = (): void => {
        clearTimeout(watch);
        watch = setTimeout(() => silent.abort(), SILENCE_MS);
      };
      const stop = (): void => silent.abort();
      signal.addEventListener('abort', stop, { once: true });
      try {
        heard();
        const response = await deps.fetch('/v1/events', {
          headers: { accept: 'text/event-stream' },
          cache: 'no-store',
          credentials: 'omit',
          signal: silent.signal,
        }, who.key, who.token);
        if (response.status === 401 || response.status === 403) return 'refused';
        if (!response.ok || response.body === null) return 'unreachable';
        listened = 'open';
        onOpen();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let buffer = '';
        for (;;) {
          const { done, value } = await reader.read();
          heard();
          if (done) return listened;
          buffer += value;
          const lines = buffer.split(/\r\n|\r|\n/);
          buffer = lines.pop() ?? '';
          // Which scope it was does not matter: one exchange covers all of them.
          if (lines.includes('event: changed')) onChanged();
        }
      } catch {
        return listened;
      } finally {
        clearTimeout(watch);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}
