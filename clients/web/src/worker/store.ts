// The tablet's disk: one IndexedDB database, one object store per table of the core, one for the host itself.
//
// Invariants: a batch of writes is one transaction with strict durability and counts as written on `complete` only;
// error, abort and a full disk all come back as a fault, never as silence.

import { type IDBPDatabase, openDB } from 'idb';
import type { Row, Write } from './core';

export const TABLES = ['document', 'outbox', 'intent', 'scope', 'meta'] as const;
const HOST = 'host';

export type StoreFault = 'quota' | 'storage';
export type Stored = { readonly ok: true } | { readonly ok: false; readonly fault: StoreFault };

export interface Store {
  rows(): Promise<readonly Row[]>;
  /** Writes rows and, in the same transaction, values of the host. */
  write(writes: readonly Write[], values?: Readonly<Record<string, unknown>>): Promise<Stored>;
  /** Values of the host itself, such as the credential. */
  read(key: string): Promise<unknown>;
  keep(values: Readonly<Record<string, unknown>>): Promise<Stored>;
  /** Takes everything off the disk but the values given. */
  empty(values: Readonly<Record<string, unknown>>): Promise<Stored>;
  close(): void;
}

function faultOf(error: unknown): StoreFault {
  return error instanceof DOMException && error.name === 'QuotaExceededError' ? 'quota' : 'storage';
}

/** Runs `fill` in one strict transaction and waits until it is on the disk. */
async function commit(
  database: IDBPDatabase,
  tables: readonly string[],
  fill: (put: (table: string, key: string, value: unknown) => void, clear: (table: string) => void) => void,
): Promise<Stored> {
  try {
    const transaction = database.transaction([...tables], 'readwrite', { durability: 'strict' });
    // `done` rejects on abort; the failure of a single request aborts the transaction and must not go unhandled.
    const done = transaction.done;
    try {
      fill((table, key, value) => {
        const store = transaction.objectStore(table);
        const request = value === null ? store.delete(key) : store.put(value, key);
        request.catch(() => undefined);
      }, (table) => void transaction.objectStore(table).clear().catch(() => undefined));
    } catch (error) {
      transaction.abort();
      await done.catch(() => undefined);
      return { ok: false, fault: faultOf(error) };
    }
    await done;
    return { ok: true };
  } catch (error) {
    return { ok: false, fault: faultOf(error) };
  }
}

export async function openStore(name: string, onClosed: () => void): Promise<Store> {
  const database = await openDB(name, 1, {
    upgrade(fresh) {
      for (const table of [...TABLES, HOST]) fresh.createObjectStore(table);
    },
    // Another tab wants a newer layout: let it through, this tab must be reloaded.
    blocking(_current, _blocked, event) {
      if (event.target instanceof IDBDatabase) event.target.close();
      onClosed();
    },
    terminated: onClosed,
  });
  return {
    async rows() {
      const transaction = database.transaction([...TABLES], 'readonly');
      const rows: Row[] = [];
      for (const table of TABLES) {
        const store = transaction.objectStore(table);
        const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
        keys.forEach((key, index) => {
          const value: unknown = values[index];
          if (typeof key === 'string' && value instanceof Uint8Array) rows.push({ table, key, value });
        });
      }
      await transaction.done;
      return rows;
    },
    write(writes, values = {}) {
      const own = Object.entries(values);
      const tables = [...new Set(writes.map((write) => write.table)), ...(own.length > 0 ? [HOST] : [])];
      if (tables.length === 0) return Promise.resolve({ ok: true });
      return commit(database, tables, (put) => {
        for (const write of writes) put(write.table, write.key, write.value);
        for (const [key, value] of own) put(HOST, key, value);
      });
    },
    read: (key) => database.get(HOST, key),
    keep: (values) => commit(database, [HOST], (put) => {
      for (const [key, value] of Object.entries(values)) put(HOST, key, value);
    }),
    empty: (values) => commit(database, [...TABLES, HOST], (put, clear) => {
      for (const table of [...TABLES, HOST]) clear(table);
      for (const [key, value] of Object.entries(values)) put(HOST, key, value);
    }),
    close: () => database.close(),
  };
}
