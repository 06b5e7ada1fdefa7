// Passkeys: the server's options for the browser, and the browser's answer for the server.

import * as p from '../../core/parse';

export interface Step {
  readonly ceremony: string;
  readonly options: unknown;
}

export const step: p.Parse<Step> = p.object((f) => ({ ceremony: f.get('ceremony', p.string), options: f.get('options', (value) => value) }));

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

function textOf(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const descriptor = p.object((f) => ({ id: f.get('id', p.string) }));
const timeout = p.nullable(p.integer);

const creation = p.object((f) => f.get('publicKey', p.object((k) => ({
  challenge: k.get('challenge', p.string),
  rp: k.get('rp', p.object((r) => ({ id: r.get('id', p.string), name: r.get('name', p.string) }))),
  user: k.get('user', p.object((u) => ({ id: u.get('id', p.string), name: u.get('name', p.string), displayName: u.get('displayName', p.string) }))),
  algorithms: k.get('pubKeyCredParams', p.array(p.object((a) => a.get('alg', p.integer)))),
  known: k.get('excludeCredentials', p.nullable(p.array(descriptor))),
  timeout: k.get('timeout', timeout),
}))));

const request = p.object((f) => f.get('publicKey', p.object((k) => ({
  challenge: k.get('challenge', p.string),
  rpId: k.get('rpId', p.string),
  allowed: k.get('allowCredentials', p.nullable(p.array(descriptor))),
  timeout: k.get('timeout', timeout),
}))));

const named = (items: readonly { readonly id: string }[] | null): PublicKeyCredentialDescriptor[] =>
  (items ?? []).map(({ id }) => ({ type: 'public-key', id: bytesOf(id) }));

/** Null when the person stops, or the machine has no way to make one. */
export async function make({ options }: Step): Promise<unknown> {
  const parsed = p.attempt(creation, options);
  if (!parsed.ok) return null;
  const { challenge, rp, user, algorithms, known, timeout: ms } = parsed.value;
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytesOf(challenge),
      rp,
      user: { ...user, id: bytesOf(user.id) },
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: named(known),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
      ...(ms === null ? {} : { timeout: ms }),
    },
  }).catch(() => null);
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse)) return null;
  return {
    id: made.id, rawId: textOf(made.rawId), type: made.type, extensions: {},
    response: { attestationObject: textOf(made.response.attestationObject), clientDataJSON: textOf(made.response.clientDataJSON), transports: null },
  };
}

/** Null when the person stops, or there is no passkey. */
export async function use({ options }: Step): Promise<unknown> {
  const parsed = p.attempt(request, options);
  if (!parsed.ok) return null;
  const { challenge, rpId, allowed, timeout: ms } = parsed.value;
  const used = await navigator.credentials.get({
    publicKey: { challenge: bytesOf(challenge), rpId, allowCredentials: named(allowed), userVerification: 'required', ...(ms === null ? {} : { timeout: ms }) },
  }).catch(() => null);
  if (!(used instanceof PublicKeyCredential) || !(used.response instanceof AuthenticatorAssertionResponse)) return null;
  const { authenticatorData, clientDataJSON, signature, userHandle } = used.response;
  return {
    id: used.id, rawId: textOf(used.rawId), type: used.type, extensions: {},
    response: { authenticatorData: textOf(authenticatorData), clientDataJSON: textOf(clientDataJSON), signature: textOf(signature), userHandle: userHandle === null ? null : textOf(userHandle) },
  };
}
