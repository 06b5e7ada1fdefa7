// The store: one strict transaction for a batch, every failure reported, one writer at a time, and a connection that heals.

import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openStore, StoreError, TABLES } from './store';
import { QUIET } from './store-testing';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

afterEach(() => vi.restoreAllMocks());

describe('store', () => {
  it('writes a batch over several tables in one strict transaction', async () => {
    const store = await openStore('one-transaction', QUIET);
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const stored = await store.write([
      { table: 'document', key: 'a', value: bytes(1) },
      { table: 'outbox', key: 'a/1', value: bytes(2) },
      { table: 'intent', key: '1', value: null },
    ]);
    expect(stored).toEqual({ ok: true });
    expect(transaction).toHaveBeenCalledTimes(1);
    expect(transaction.mock.calls[0]).toEqual([[...TABLES, 'host'], 'readwrite', { durability: 'strict' }]);
    expect(await store.rows()).toEqual([
      { table: 'document', key: 'a', value: bytes(1) },
      { table: 'outbox', key: 'a/1', value: bytes(2) },
    ]);
    store.close();
  });

  it('reports an aborted transaction as a fault and keeps nothing of it', async () => {
    const store = await openStore('aborted', QUIET);
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      const request = put.call(this, value, key);
      if (key === 'b') this.transaction.abort();
      return request;
    });
    const stored = await store.write([
      { table: 'document', key: 'a', value: bytes(1) },
      { table: 'document', key: 'b', value: bytes(2) },
    ]);
    expect(stored).toEqual({ ok: false, fault: 'storage' });
    vi.restoreAllMocks();
    expect(await store.rows()).toEqual([]);
    store.close();
  });

  it('takes nothing of a worker that another has replaced, and shows it nothing', async () => {
    const stopped = await openStore('fenced', QUIET);
    await stopped.write([{ table: 'intent', key: '1', value: bytes(1) }]);
    const next = await openStore('fenced', QUIET);
    expect(next.term).toBeGreaterThan(stopped.term);
    const late = [
      stopped.write([{ table: 'intent', key: '2', value: bytes(2) }]), stopped.keep({ credential: 'old' }), stopped.empty({}),
    ];
    for (const write of late) expect(await write).toEqual({ ok: false, fault: 'superseded' });
    await expect(stopped.rows()).rejects.toEqual(new StoreError('superseded'));
    expect(await next.rows()).toEqual([{ table: 'intent', key: '1', value: bytes(1) }]);
    expect([await stopped.leads(), await next.leads()]).toEqual([{ ok: false, fault: 'superseded' }, { ok: true }]);
    expect(await next.read('credential')).toBeUndefined();
    expect(await next.write([{ table: 'intent', key: '2', value: bytes(3) }])).toEqual({ ok: true });
  });

  it('knows which commands are durable, whoever asks and however many pages there are', async () => {
    const first = await openStore('marks', QUIET);
    await first.write([{ table: 'intent', key: '1', value: bytes(1) }], {}, { from: 'page', id: 7 });
    const second = await openStore('marks', QUIET);
    expect(second.isDone({ from: 'page', id: 7 })).toBe(true);
    expect([6, 8].map((id) => second.isDone({ from: 'page', id }))).toEqual([false, false]);
    for (let page = 0; page < 40; page += 1) await second.write([], {}, { from: `page ${page}`, id: 1 });
    expect(second.isDone({ from: 'page 39', id: 1 })).toBe(true);
    expect(second.isDone({ from: 'page', id: 7 }), 'the oldest is forgotten').toBe(false);
  });

  it('opens a dead connection again by the next use', async () => {
    const store = await openStore('dead', QUIET);
    await store.write([{ table: 'meta', key: 'a', value: bytes(1) }]);
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
      throw new DOMException('closing', 'InvalidStateError');
    });
    expect(await store.write([{ table: 'meta', key: 'b', value: bytes(2) }])).toEqual({ ok: true });
    expect(transaction).toHaveBeenCalledTimes(2);
    expect((await store.rows()).map((row) => row.key)).toEqual(['a', 'b']);
  });

  it('says when the disk says nothing, and when it speaks again', async () => {
    const heard: boolean[] = [];
    const late: (() => void)[] = [];
    const watch = { ...QUIET, after: (_: number, run: () => void) => { late.push(run); return () => undefined; }, slow: (isSlow: boolean) => void heard.push(isSlow) };
    const store = await openStore('slow', watch);
    late.length = 0;
    const writing = [store.keep({ a: 1 }), store.rows()];
    for (const run of late) run();
    expect(heard).toEqual([true]);
    await Promise.all(writing);
    expect(heard).toEqual([true, false]);
  });

  it('names what keeps it from opening', async () => {
    const named = async (name: string): Promise<unknown> => {
      vi.spyOn(indexedDB, 'open').mockImplementationOnce(() => {
        throw new DOMException('no', name);
      });
      return openStore('refused', QUIET).catch((error: unknown) => error);
    };
    for (const [name, fault] of [['SecurityError', 'denied'], ['VersionError', 'newer'], ['QuotaExceededError', 'quota'], ['UnknownError', 'storage']] as const) {
      expect(await named(name)).toEqual(new StoreError(fault));
    }
  });

  it('names a full disk', async () => {
    const store = await openStore('full', QUIET);
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    expect(await store.write([{ table: 'document', key: 'a', value: bytes(1) }])).toEqual({ ok: false, fault: 'quota' });
    store.close();
  });

  it('gives back what was written after it is opened again', async () => {
    const first = await openStore('again', QUIET);
    await first.write([{ table: 'meta', key: 'writer', value: bytes(9) }]);
    await first.keep({ credential: { token: 't' } });
    first.close();
    const second = await openStore('again', QUIET);
    expect(await second.rows()).toEqual([{ table: 'meta', key: 'writer', value: bytes(9) }]);
    expect(await second.read('credential')).toEqual({ token: 't' });
    second.close();
  });
});
