// The store: one strict transaction for a batch, and every failure reported.

import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openStore } from './store';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

afterEach(() => vi.restoreAllMocks());

describe('store', () => {
  it('writes a batch over several tables in one strict transaction', async () => {
    const store = await openStore('one-transaction', () => undefined);
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const stored = await store.write([
      { table: 'document', key: 'a', value: bytes(1) },
      { table: 'outbox', key: 'a/1', value: bytes(2) },
      { table: 'intent', key: '1', value: null },
    ]);
    expect(stored).toEqual({ ok: true });
    expect(transaction).toHaveBeenCalledTimes(1);
    expect(transaction.mock.calls[0]).toEqual([['document', 'outbox', 'intent'], 'readwrite', { durability: 'strict' }]);
    expect(await store.rows()).toEqual([
      { table: 'document', key: 'a', value: bytes(1) },
      { table: 'outbox', key: 'a/1', value: bytes(2) },
    ]);
    store.close();
  });

  it('reports an aborted transaction as a fault and keeps nothing of it', async () => {
    const store = await openStore('aborted', () => undefined);
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

  it('names a full disk', async () => {
    const store = await openStore('full', () => undefined);
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    expect(await store.write([{ table: 'document', key: 'a', value: bytes(1) }])).toEqual({ ok: false, fault: 'quota' });
    store.close();
  });

  it('gives back what was written after it is opened again', async () => {
    const first = await openStore('again', () => undefined);
    await first.write([{ table: 'meta', key: 'writer', value: bytes(9) }]);
    await first.keep({ credential: { token: 't' } });
    first.close();
    const second = await openStore('again', () => undefined);
    expect(await second.rows()).toEqual([{ table: 'meta', key: 'writer', value: bytes(9) }]);
    expect(await second.read('credential')).toEqual({ token: 't' });
    second.close();
  });
});
