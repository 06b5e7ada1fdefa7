// The one request function: a sign-in that ran out is renewed once for all who wait, and nothing is sent meanwhile.

import { describe, expect, it } from 'vitest';
import { createApi, type Api } from './client';

const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
const OVER = { code: 'unauthorised', detail: 'サインインが必要です。' };

interface Server {
  readonly api: Api;
  readonly sent: string[];
  signedIn: boolean;
}

function server(): Server {
  const made: { -readonly [K in keyof Server]: Server[K] } = {
    sent: [],
    signedIn: false,
    api: createApi({
      listen: () => () => undefined,
      fetch: (input, init) => {
        made.sent.push(`${init?.method ?? 'GET'} ${String(input)}`);
        return Promise.resolve(made.signedIn ? answer(200, { done: true }) : answer(401, OVER));
      },
    }),
  };
  return made;
}

const anything = (value: unknown): unknown => value;

describe('a sign-in that ran out', () => {
  it('is asked for once, and all that failed is done again', async () => {
    const s = server();
    let asked = 0;
    let signIn = (): void => undefined;
    s.api.signInWith(() => new Promise((done) => {
      asked += 1;
      signIn = () => {
        s.signedIn = true;
        done(true);
      };
    }));
    const acts = [s.api.get('/v1/a', anything), s.api.post('/v1/b', { reason: '本人の求め' }, anything), s.api.remove('/v1/c', {}, anything)];
    await new Promise((resolve) => setTimeout(resolve, 0));
    const late = s.api.put('/v1/d', {}, anything);
    const file = s.api.mayTake('/v1/e');
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(s.sent).toEqual(['GET /v1/a', 'POST /v1/b', 'DELETE /v1/c']);
    signIn();
    expect((await Promise.all([...acts, late])).every((one) => one.ok)).toBe(true);
    expect(await file).toBe('yes');
    expect(asked).toBe(1);
    expect(s.sent.slice(3).toSorted()).toEqual(['DELETE /v1/c', 'GET /v1/a', 'HEAD /v1/e', 'POST /v1/b', 'PUT /v1/d'].toSorted());
  });

  it('asks once when an act begins while the sign-in is asked for, and is put off with it', async () => {
    const s = server();
    let asked = 0;
    let putOff = (): void => undefined;
    s.api.signInWith(() => new Promise((done) => {
      asked += 1;
      putOff = () => done(false);
    }));
    const read = s.api.get('/v1/a', anything);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const act = s.api.remove('/v1/b', {}, anything);
    await new Promise((resolve) => setTimeout(resolve, 0));
    putOff();
    expect([await read, await act].map((one) => one.ok)).toEqual([false, false]);
    expect(asked).toBe(1);
    expect(s.sent).toEqual(['GET /v1/a']);
  });

  it('leaves a failure that says so where the person puts it off', async () => {
    const s = server();
    const urgent: boolean[] = [];
    s.api.signInWith((now) => {
      urgent.push(now);
      return Promise.resolve(false);
    });
    expect(await s.api.get('/v1/a', anything)).toEqual({ ok: false, problem: OVER });
    expect(await s.api.post('/v1/b', {}, anything)).toEqual({ ok: false, problem: OVER });
    expect(await s.api.mayTake('/v1/c')).toBe('no');
    expect(urgent).toEqual([false, true, true]);
    expect(s.sent).toEqual(['GET /v1/a', 'POST /v1/b', 'HEAD /v1/c']);
  });

  it('is nothing to who signs in', async () => {
    const s = server();
    s.api.signInWith(() => Promise.reject(new Error('not asked for')));
    expect(await s.api.bare.post('/v1/sign-in/password', {}, anything)).toEqual({ ok: false, problem: OVER });
  });
});

describe('an act', () => {
  it('that is under way is not begun a second time', async () => {
    const s = server();
    s.signedIn = true;
    const presses = [1, 2, 3, 4, 5].map(() => s.api.post('/v1/devices/codes', { person: 'pe-1' }, anything));
    const other = s.api.post('/v1/devices/codes', { person: 'pe-2' }, anything);
    expect((await Promise.all([...presses, other])).every((one) => one.ok)).toBe(true);
    await s.api.post('/v1/devices/codes', { person: 'pe-1' }, anything);
    expect(s.sent).toHaveLength(3);
  });
});
