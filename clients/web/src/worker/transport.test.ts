// The way to the server: its own words reach the screen, and what it answers is taken for what it means.

import { describe, expect, it } from 'vitest';
import { identity } from '../core/protocol';
import { newKey } from './proof';
import { createTransport, type Credential, type Transport } from './transport';

const DEVICE = '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02';
const TAKEN = '別の端末のためのコードです。';

/** A server that always answers so, and what it was asked. */
function answering(status: number, body: unknown): { readonly transport: Transport; readonly asked: { readonly path: string; readonly body: unknown }[] } {
  const asked: { path: string; body: unknown }[] = [];
  const transport = createTransport({
    fetch: (path, init) => {
      asked.push({ path, body: typeof init.body === 'string' ? JSON.parse(init.body) : null });
      return Promise.resolve(Response.json(body, { status }));
    },
  });
  return { transport, asked };
}

async function who(): Promise<Credential> {
  return {
    token: 't', key: await newKey(),
    identity: identity({ device: DEVICE, device_name: '1号機', person: { id: 'pe-1', name: '富沢' }, role: 'staff', organisation: '112119', tenant: { code: '11', name: '埼玉県' }, scopes: [] }, ''),
  };
}

describe('transport', () => {
  it('says in the server\'s words why a code does not register this tablet anew', async () => {
    const { transport, asked } = answering(409, { code: 'device_taken', detail: TAKEN });
    expect(await transport.enrol('ABCD-2345', DEVICE, '1号機', null)).toEqual({ ok: false, problem: { code: 'device_taken', detail: TAKEN } });
    expect(asked).toEqual([{ path: '/v1/enrol', body: { code: 'ABCD-2345', device: DEVICE, device_name: '1号機' } }]);
  });

  it('hears for whom a lost PIN may be replaced', async () => {
    const { transport, asked } = answering(200, { recovery: '0a1b', person: { id: 'pe-2', name: '佐藤' } });
    expect(await transport.recover(await newKey(), DEVICE, 'ABCD-2345')).toEqual({ ok: true, value: { half: '0a1b', person: { id: 'pe-2', name: '佐藤' } } });
    expect(asked).toEqual([{ path: '/v1/recover', body: { code: 'ABCD-2345', device: DEVICE } }]);
    const nobody = answering(200, { recovery: '0a1b' });
    expect(await nobody.transport.recover(await newKey(), DEVICE, 'ABCD-2345')).toMatchObject({ problem: { code: 'unreadable' } });
  });

  it('says when the stream of notices is refused', async () => {
    const listen = async (status: number): Promise<unknown> => answering(status, { code: 'device_revoked' }).transport.events(await who(), () => undefined, () => undefined, new AbortController().signal);
    expect([await listen(401), await listen(403), await listen(503)]).toEqual(['refused', 'refused', 'unreachable']);
  });

  it('takes an ended registration for one, whichever status it comes with', async () => {
    const exchange = async (status: number, code: string): Promise<unknown> => answering(status, { code, detail: null }).transport.exchange(await who(), '/v1/sync', new Uint8Array());
    for (const status of [401, 403]) expect(await exchange(status, 'device_revoked')).toEqual({ fault: { type: 'unauthorised' }, over: false });
    expect(await exchange(401, 'pass_over')).toEqual({ fault: { type: 'unauthorised' }, over: true });
    expect(await exchange(403, 'forbidden')).toEqual({ fault: { type: 'refused', code: 'forbidden' } });
  });
});
