// Poor lines: an exchange lives as long as bytes come, and how it ended is told apart.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identity } from '../core/protocol';
import { newKey } from './proof';
import { createTransport, type Credential, type Transport } from './transport';

async function who(): Promise<Credential> {
  return {
    token: 't', key: await newKey(),
    identity: identity({ device: '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02', device_name: '1号機', person: { id: 'pe-1', name: '富沢' }, role: 'staff', organisation: '112119', tenant: { code: '11', name: '埼玉県' }, scopes: [] }, ''),
  };
}

/** A server whose answer comes piece by piece, as the test feeds it; given up, it breaks off. */
function dripping(): { readonly transport: Transport; readonly feed: (...bytes: number[]) => void; readonly end: () => void; readonly cut: () => void } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const cut = (): void => { void writer.abort(new TypeError('network error')).catch(() => undefined); };
  const transport = createTransport({
    fetch: (_path, init) => {
      init.signal?.addEventListener('abort', cut, { once: true });
      return Promise.resolve(new Response(readable, { status: 200 }));
    },
  });
  return {
    transport, cut,
    feed: (...bytes) => { void writer.write(new Uint8Array(bytes)).catch(() => undefined); },
    end: () => { void writer.close().catch(() => undefined); },
  };
}

describe('transport on poor lines', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it('waits as long as bytes come, however long that is in all', async () => {
    const { transport, feed, end } = dripping();
    const answer = transport.exchange(await who(), '/v1/sync', new Uint8Array());
    for (let piece = 0; piece < 30; piece += 1) {
      feed(piece);
      await vi.advanceTimersByTimeAsync(50_000);
    }
    end();
    expect(await answer).toEqual({ ok: new Uint8Array([...Array(30).keys()]) });
  });

  it('gives up when nothing more comes', async () => {
    const { transport, feed } = dripping();
    const answer = transport.exchange(await who(), '/v1/sync', new Uint8Array());
    feed(1);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(await answer).toEqual({ fault: { type: 'timed_out' } });
  });

  it('tells a line that broke from one that is not there', async () => {
    const { transport, feed, cut } = dripping();
    const answer = transport.exchange(await who(), '/v1/sync', new Uint8Array());
    feed(1);
    await vi.advanceTimersByTimeAsync(1_000);
    cut();
    expect(await answer).toEqual({ fault: { type: 'cut' } });
    const gone = createTransport({ fetch: () => Promise.reject(new TypeError('Failed to fetch')) });
    expect(await gone.exchange(await who(), '/v1/sync', new Uint8Array())).toEqual({ fault: { type: 'unreachable' } });
  });

  it.each([[413, 'too_large'], [504, 'timed_out'], [408, 'timed_out']])('takes status %i for what it means', async (status, type) => {
    const transport = createTransport({ fetch: () => Promise.resolve(new Response('<html>', { status })) });
    expect(await transport.exchange(await who(), '/v1/sync', new Uint8Array())).toEqual({ fault: { type } });
  });
});
