// Signing in at an OpenID provider: a real one (npm oidc-provider), and one made here that answers wrongly on purpose.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { startServer } from './harness.mjs';

const CLIENT = 'tsudoi';
const BACK = '/v1/sign-in/oidc/back';

/** A port nobody listens on now. */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** A browser's cookies, without its rules: every address here is one machine. */
class Browser {
  #cookies = new Map();

  async ask(address, options = {}) {
    const { origin } = new URL(address);
    const jar = this.#cookies.get(origin) ?? new Map();
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(address, { redirect: 'manual', ...options, headers: { ...options.headers, ...(cookie === '' ? {} : { cookie }) } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    this.#cookies.set(origin, jar);
    return answer;
  }

  post(address, body) {
    return this.ask(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  async leave(address) {
    const answer = await this.ask(address);
    assert.equal(answer.status, 303, await answer.text());
    return new URL(answer.headers.get('location'), address);
  }

  /** Cookies with names that begin so. */
  count(origin, begin) {
    return [...(this.#cookies.get(origin) ?? new Map()).keys()].filter((name) => name.startsWith(begin)).length;
  }

  cookie(origin, name) {
    return this.#cookies.get(origin)?.get(name);
  }
}

async function start(t, issuer, settings = {}) {
  const port = await freePort();
  const own = `http://127.0.0.1:${port}`;
  const server = await startServer(t, { TSUDOI_PUBLIC_URL: own, TSUDOI_OIDC_ISSUER: issuer, TSUDOI_OIDC_CLIENT_ID: CLIENT, TSUDOI_WRONG_CODES_PER_MINUTE: '1000', ...settings }, port);
  return { own, server };
}

/** Signs in with a demonstration code and takes a sign-in name. */
async function withName(server, own, name) {
  const browser = new Browser();
  const login = await browser.post(`${own}/v1/login`, { code: server.code('administrator-11') });
  assert.equal(login.status, 200, await login.text());
  const set = await browser.post(`${own}/v1/own/password`, { name, password: 'さくら ひかり でんしゃ' });
  assert.equal(set.status, 200, await set.text());
  return browser;
}

/** Follows the provider's own screens until it sends the browser back. */
async function throughScreens(browser, from, own, login) {
  let address = from;
  for (let step = 0; step < 20; step += 1) {
    if (address.origin === own) return address;
    const answer = await browser.ask(address.href);
    if (answer.status >= 300 && answer.status < 400) {
      address = new URL(answer.headers.get('location'), address);
      continue;
    }
    const page = await answer.text();
    const action = /action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
    assert.ok(action && prompt, page);
    const form = new URLSearchParams({ prompt, login, password: 'any' });
    const sent = await browser.ask(new URL(action, address).href, { method: 'POST', body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    address = new URL(sent.headers.get('location'), address);
  }
  throw new Error('no way back');
}

/** Where the server sends the browser when it has come back. */
const landed = async (browser, address) => (await browser.leave(address)).href.slice(new URL(address).origin.length);

test('a real provider: linked by the person, then enough to sign in and to prove', async (t) => {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const { own, server } = await start(t, issuer);
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT, token_endpoint_auth_method: 'none', redirect_uris: [`${own}${BACK}`], grant_types: ['authorization_code'], response_types: ['code'] }],
    pkce: { required: () => true },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], auth_time: null },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  });
  const listening = provider.listen(port, '127.0.0.1');
  t.after(() => listening.close());

  const stranger = new Browser();
  const back = await throughScreens(stranger, await stranger.leave(`${own}/v1/sign-in/oidc`), own, 'somebody');
  assert.equal(await landed(stranger, back.href), '/office?problem=provider_unlinked');

  const known = await withName(server, own, 'yamada');
  const linking = await throughScreens(known, await known.leave(`${own}/v1/own/provider?purpose=link`), own, 'yamada-at-work');
  assert.equal(await landed(known, linking.href), '/office/own');

  const browser = new Browser();
  const signing = await throughScreens(browser, await browser.leave(`${own}/v1/sign-in/oidc`), own, 'yamada-at-work');
  assert.equal(await landed(browser, signing.href), '/office');
  const me = await (await browser.ask(`${own}/v1/me`)).json();
  assert.equal(me.role, 'administrator');
  for (let again = 0; again < 5; again += 1) {
    assert.equal(await landed(browser, signing.href), '/office', 'going back to a finished visit leads on');
  }

  const before = browser.cookie(own, 'tsudoi_session');
  const proving = await throughScreens(browser, await browser.leave(`${own}/v1/own/provider?purpose=proof`), own, 'yamada-at-work');
  assert.equal(await landed(browser, proving.href), '/office');
  assert.notEqual(browser.cookie(own, 'tsudoi_session'), before);

  const victim = new Browser();
  const attacker = new Browser();
  const planted = await throughScreens(attacker, await attacker.leave(`${own}/v1/sign-in/oidc`), own, 'yamada-at-work');
  assert.equal(await landed(victim, planted.href), '/office?problem=step_over', "another browser's way back is nobody's");
  assert.equal((await victim.ask(`${own}/v1/me`)).status, 401);
});

/** A provider that says what it is told to: keys, claims and answers are the test's. */
async function puppet(t) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const state = { issuer, keys: [], token: null, asked: 0, form: null };
  const server = createServer((request, response) => {
    const json = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url === '/.well-known/openid-configuration') {
      json(200, {
        issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      });
    } else if (request.url === '/keys') {
      state.asked += 1;
      json(200, { keys: state.keys });
    } else {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', async () => {
        state.form = new URLSearchParams(body);
        const token = await state.token();
        json(token === null ? 400 : 200, token === null ? { error: 'invalid_grant' } : { access_token: 'a', token_type: 'Bearer', id_token: token });
      });
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
  return state;
}

async function key(kid) {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { kid, privateKey, public: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' } };
}

test('what a provider must not get away with, new keys, and clocks that differ', async (t) => {
  const provider = await puppet(t);
  const { own, server } = await start(t, provider.issuer, { TSUDOI_OIDC_NAME_CLAIM: 'email', TSUDOI_OIDC_CLOCK_SKEW_SECONDS: '60' });
  await withName(server, own, 'yamada@example.jp');
  const first = await key('first');
  provider.keys = [first.public];
  const now = () => Math.floor(Date.now() / 1000);
  const claims = (nonce) => ({ iss: provider.issuer, aud: CLIENT, sub: 'one', nonce, iat: now(), exp: now() + 300, email: 'yamada@example.jp', email_verified: true });
  const sign = (body, { kid, privateKey } = first) => new SignJWT(body).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);

  /** Goes to the provider and comes back with what `make` makes of the nonce. */
  const visit = async (make, query = {}) => {
    const browser = new Browser();
    const there = await browser.leave(`${own}/v1/sign-in/oidc`);
    const asked = there.searchParams;
    provider.token = () => make(asked.get('nonce'));
    provider.form = null;
    const back = `${own}${BACK}?${new URLSearchParams({ code: 'c', state: asked.get('state'), ...query })}`;
    return { to: await landed(browser, back), asked };
  };

  const good = await visit((nonce) => sign(claims(nonce)));
  assert.equal(good.to, '/office');
  assert.equal(good.asked.get('code_challenge_method'), 'S256');
  const challenge = createHash('sha256').update(provider.form.get('code_verifier')).digest('base64url');
  assert.equal(challenge, good.asked.get('code_challenge'), 'the verifier fits the challenge');

  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const hmac = async (nonce) => new SignJWT(claims(nonce)).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(JSON.stringify(first.public)));
  const foreign = await key('first');
  const refused = {
    'another nonce': () => sign(claims('other')),
    'no nonce': (nonce) => sign({ ...claims(nonce), nonce: undefined }),
    'another audience': (nonce) => sign({ ...claims(nonce), aud: 'other' }),
    'another issuer': (nonce) => sign({ ...claims(nonce), iss: 'https://evil.example' }),
    'over for longer than the skew': (nonce) => sign({ ...claims(nonce), exp: now() - 90 }),
    'from the future': (nonce) => sign({ ...claims(nonce), iat: now() + 90 }),
    'not signed': (nonce) => `${encode({ alg: 'none' })}.${encode(claims(nonce))}.`,
    'signed with what everyone knows': hmac,
    "signed with somebody else's key": (nonce) => sign(claims(nonce), foreign),
    'no token at all': () => null,
  };
  for (const [what, make] of Object.entries(refused)) {
    assert.equal((await visit(make)).to, '/office?problem=provider_invalid', what);
  }
  assert.equal((await visit((nonce) => sign(claims(nonce)), { iss: 'https://evil.example' })).to, '/office?problem=provider_invalid');
  assert.equal((await visit((nonce) => sign(claims(nonce)), { error: 'access_denied' })).to, '/office?problem=provider_denied');
  assert.equal((await visit((nonce) => sign(claims(nonce)), { state: 'forged' })).to, '/office?problem=step_over');
  const other = { sub: 'two' };
  assert.equal((await visit((nonce) => sign({ ...claims(nonce), ...other }))).to, '/office?problem=provider_unlinked', 'a name given to another person there');

  assert.equal((await visit((nonce) => sign({ ...claims(nonce), exp: now() - 30 }))).to, '/office', 'within the skew');
  assert.equal((await visit((nonce) => sign({ ...claims(nonce), iat: now() + 30 }))).to, '/office', 'within the skew');

  const second = await key('second');
  provider.keys = [second.public];
  const asked = provider.asked;
  assert.equal((await visit((nonce) => sign(claims(nonce), second))).to, '/office', 'new keys are asked for');
  assert.ok(provider.asked > asked);
  assert.equal((await visit((nonce) => sign(claims(nonce), first))).to, '/office?problem=provider_invalid', 'a key that was taken back');
});

test('visits of two tabs, one after the other, and ways back that are nobody\'s guess', async (t) => {
  const provider = await puppet(t);
  const { own, server } = await start(t, provider.issuer, { TSUDOI_OIDC_NAME_CLAIM: 'email', TSUDOI_WRONG_CODES_PER_MINUTE: '3' });
  await withName(server, own, 'yamada@example.jp');
  const signer = await key('first');
  provider.keys = [signer.public];
  const now = Math.floor(Date.now() / 1000);

  const browser = new Browser();
  const [first, second] = [await browser.leave(`${own}/v1/sign-in/oidc`), await browser.leave(`${own}/v1/sign-in/oidc`)];
  const backOf = async (there) => {
    const [nonce, state] = ['nonce', 'state'].map((name) => there.searchParams.get(name));
    const claims = { iss: provider.issuer, aud: CLIENT, sub: 'one', nonce, iat: now, exp: now + 300, email: 'yamada@example.jp', email_verified: true };
    provider.token = () => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: signer.kid }).sign(signer.privateKey);
    return landed(browser, `${own}${BACK}?${new URLSearchParams({ code: 'c', state })}`);
  };
  assert.equal(await backOf(first), '/office', 'the tab that set out first is signed in');
  assert.equal((await browser.ask(`${own}/v1/me`)).status, 200);
  assert.equal(await backOf(second), '/office', 'and so is the other');
  for (let again = 0; again < 10; again += 1) {
    assert.equal(await backOf(first), '/office', 'Back leads on');
    assert.equal(await landed(new Browser(), `${own}${BACK}?code=c&state=forged`), '/office?problem=step_over');
  }
  const colleague = await new Browser().post(`${own}/v1/login`, { code: server.code('municipal-112119') });
  assert.equal(colleague.status, 200, 'no wrong code was counted for the office');

  // a browser keeps so many visits and no more
  for (let tab = 0; tab < 12; tab += 1) await browser.leave(`${own}/v1/sign-in/oidc`);
  assert.ok(browser.count(own, 'tsudoi_visit_') <= 9, `${browser.count(own, 'tsudoi_visit_')} visits are kept`);
});

test('a provider that does not answer', async (t) => {
  const { own } = await start(t, `http://127.0.0.1:${await freePort()}`);
  const answer = await new Browser().ask(`${own}/v1/sign-in/oidc`);
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).code, 'provider_unreachable');
});
