// The tablet's own key and the proofs it signs for each call: DPoP, RFC 9449, with ES256.
//
// Invariant: the private part cannot leave the browser; it is kept as a key object and never as bytes.

import type { Parse } from '../core/parse';

export interface TabletKey {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** Time by the server's clock that is further off was learnt before this tablet's clock was set. */
const CLOCK_SET_MS = 60_000;
const KIND = { name: 'ECDSA', namedCurve: 'P-256' } as const;

export async function newKey(): Promise<TabletKey> {
  return crypto.subtle.generateKey(KIND, false, ['sign', 'verify']);
}

export const tabletKey: Parse<TabletKey> = (value, path) => {
  if (typeof value === 'object' && value !== null && 'privateKey' in value && 'publicKey' in value) {
    const { privateKey, publicKey } = value;
    if (privateKey instanceof CryptoKey && publicKey instanceof CryptoKey) return { privateKey, publicKey };
  }
  throw new Error(`${path}: not a key`);
};

function base64url(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const encode = (value: unknown): string => base64url(new TextEncoder().encode(JSON.stringify(value)));

/** Sends signed requests; the nonce and the server's clock are learnt from the answers. */
export interface SignedFetch {
  (path: string, init: RequestInit, key: TabletKey, token: string | null): Promise<Response>;
}

export function createSignedFetch(deps: { readonly fetch: typeof fetch; readonly origin: string; readonly now: () => number }): SignedFetch {
  let nonce: string | null = null;
  /** The server's clock minus this tablet's, in ms. */
  let ahead = 0;

  const proof = async (method: string, address: string, key: TabletKey, token: string | null): Promise<string> => {
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', key.publicKey);
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } };
    const claims = {
      jti: crypto.randomUUID(),
      htm: method,
      htu: address,
      iat: Math.floor((deps.now() + ahead) / 1000),
      ...(nonce === null ? {} : { nonce }),
      ...(token === null ? {} : { ath: base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))) }),
    };
    const signed = `${encode(header)}.${encode(claims)}`;
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, new TextEncoder().encode(signed));
    return `${signed}.${base64url(signature)}`;
  };

  const learn = (response: Response): void => {
    const next = response.headers.get('dpop-nonce');
    if (next === null) return;
    nonce = next;
    const date = Date.parse(response.headers.get('date') ?? '');
    if (Number.isFinite(date)) ahead = date - deps.now();
  };

  return async (path, init, key, token) => {
    for (let again = false; ; again = true) {
      const [used, assumed] = [nonce, ahead];
      const headers = new Headers(init.headers);
      headers.set('dpop', await proof(init.method ?? 'GET', `${deps.origin}${path}`, key, token));
      if (token !== null) headers.set('authorization', `DPoP ${token}`);
      const response = await deps.fetch(path, { ...init, headers });
      learn(response);
      // another nonce, or a clock that was set since the server's was learnt
      const learnt = nonce !== used || Math.abs(ahead - assumed) > CLOCK_SET_MS;
      if (response.status !== 401 || again || !learnt) return response;
    }
  };
}
