// A tablet's key outside the browser and the core: signs calls as RFC 9449 says, and asks once more for a nonce.

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const encode = (value) => base64url(JSON.stringify(value));

/** A new key with the calls it signs. */
export async function newKey() {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  let nonce;

  /** The headers of one call. */
  const headers = async (method, address, token) => {
    const digest = token === undefined ? undefined : base64url(await crypto.subtle.digest('SHA-256', Buffer.from(token)));
    const claims = {
      jti: crypto.randomUUID(), htm: method, htu: address.split('?')[0], iat: Math.floor(Date.now() / 1000), nonce, ath: digest,
    };
    const signed = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })}.${encode(claims)}`;
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, Buffer.from(signed));
    return { dpop: `${signed}.${base64url(signature)}`, ...(token === undefined ? {} : { authorization: `DPoP ${token}` }) };
  };

  const send = async (address, init = {}, token) => {
    for (let again = false; ; again = true) {
      const used = nonce;
      const signed = await headers(init.method ?? 'GET', address, token);
      const answer = await fetch(address, { ...init, headers: { ...init.headers, ...signed } });
      nonce = answer.headers.get('dpop-nonce') ?? nonce;
      if (answer.status !== 401 || again || nonce === used) return answer;
    }
  };
  return { headers, fetch: send };
}
