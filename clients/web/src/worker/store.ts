// The tablet's disk: one IndexedDB database, one object store per table of the core, one for the host itself.
//
// Invariants: a batch of writes is one transaction with strict durability and counts as written on `complete` only;
// error, abort and a full disk all come back as a fault, never as silence. Opening takes the disk over: it raises `term`,
// and every later transaction looks at it, so that a worker that was stopped and replaced can write nothing when it wakes, and
// asks before it sends anything.
// A connection that died is opened anew by the next use, and a disk that says nothing for 2.5 s is told about. The layout is
// never changed to take over: a stopped tab answers no change of version.

import { type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import type { Row, Write } from './core';
import type { Clock } from './runner';

export const TABLES = ['document', 'outbox', 'intent', 'scope', 'meta'] as const;
const HOST = 'host';
const EVERYTHING = [...TABLES, HOST];
const TERM = 'term';
const DONE = 'done';
/** Of so many pages, and so many commands of each, it is known that they were carried out. */
const PAGES = 16;
const COMMANDS = 64;
/** A disk that takes longer is told about. */
const LATE_MS = 2_500;

/** `denied`: the browser gives no storage; `newer`: a newer version of the app laid it out; `superseded`: another took over. */
export type StoreFault = 'quota' | 'storage' | 'denied' | 'newer' | 'superseded';
export type Stored = { readonly ok: true } | { readonly ok: false; readonly fault: StoreFault };

/** What the disk tells by itself. */
export interface StoreWatch {
  readonly after: Clock['after'];
  /** The connection ended; the next use opens it anew. */
  closed(): void;
  /** Whether something has waited for the disk for longer than it should. */
  slow(isSlow: boolean): void;
}

/** Names a command of a page, so that it is carried out once whoever leads. */
export interface Mark {
  readonly from: string;
  readonly id: number;
}

export interface Store {
  /** Grows with every worker that takes over. */
  readonly term: number;
  /** Everything that is durable. Throws a {@link StoreError}. */
  rows(): Promise<readonly Row[]>;
  /** Writes rows and, in the same transaction, values of the host and that a command was carried out. */
  write(writes: readonly Write[], values?: Readonly<Record<string, unknown>>, mark?: Mark): Promise<Stored>;
  /** Whether this worker still leads, by the disk's own word. */
  leads(): Promise<Stored>;
  /** Whether the command is durable, as far as was read last. */
  isDone(mark: Mark): boolean;
  /** Values of the host itself, such as the credential. */
  read(key: string): Promise<unknown>;
  keep(values: Readonly<Record<string, unknown>>): Promise<Stored>;
  /** Takes everything off the disk but the values given. */
  empty(values: Readonly<Record<string, unknown>>): Promise<Stored>;
  close(): void;
}

/** Reading failed. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  constructor(readonly fault: StoreFault) {
    super(`the tablet's storage: ${fault}`);
  }
}

export function faultOf(error: unknown): StoreFault {
  if (error instanceof StoreError) return error.fault;
  switch (error instanceof DOMException ? error.name : '') {
    case 'QuotaExceededError':
      return 'quota';
    case 'VersionError':
      return 'newer';
    case 'SecurityError':
    case 'NotAllowedError':
      return 'denied';
    default:
      return error instanceof ReferenceError ? 'denied' : 'storage';
  }
}

type Transaction<Mode extends IDBTransactionMode> = IDBPTransaction<unknown, string[], Mode>;
type Done = ReadonlyMap<string, readonly number[]>;

function doneOf(value: unknown): Done {
  if (!(value instanceof Map)) return new Map();
  const known = [...value].filter((entry): entry is [string, number[]] => typeof entry[0] === 'string' && Array.isArray(entry[1]));
  return new Map(known);
}

/** With one command more; the page that wrote last stands last. */
function withMark(done: Done, { from, id }: Mark): Done {
  const others = [...done].filter(([page]) => page !== from).slice(1 - PAGES);
  return new Map([...others, [from, [...(done.get(from) ?? []), id].slice(-COMMANDS)]]);
}

/** Opens the disk and takes it over. Throws a {@link StoreError}. */
export async function openStore(name: string, watch: StoreWatch): Promise<Store> {
  let connection: Promise<IDBPDatabase> | null = null;
  let term = 0;
  let done: Done = new Map();

  const ended = (): void => {
    connection = null;
    watch.closed();
  };

  let slow = 0;
  /** Everything that waits for the disk waits here. */
  const watched = async <T>(work: Promise<T>): Promise<T> => {
    let isSlow = false;
    const cancel = watch.after(LATE_MS, () => {
      isSlow = true;
      slow += 1;
      if (slow === 1) watch.slow(true);
    });
    try {
      return await work;
    } finally {
      cancel();
      if (isSlow) {
        slow -= 1;
        if (slow === 0) watch.slow(false);
      }
    }
  };

  const connect = (): Promise<IDBPDatabase> => {
    connection ??= openDB(name, 1, {
      upgrade(fresh) {
        for (const table of EVERYTHING) fresh.createObjectStore(table);
      },
      // a newer version of the app wants another layout: it is let through
      blocking(_current, _blocked, event) {
        if (event.target instanceof IDBDatabase) event.target.close();
        ended();
      },
      terminated: ended,
    }).catch((error: unknown) => {
      connection = null;
      throw error;
    });
    return connection;
  };

  /** A closed connection refuses before anything is written, so that a second one may be tried. */
  const begin = async <Mode extends 'readonly' | 'readwrite', T>(mode: Mode, work: (transaction: Transaction<Mode>) => T): Promise<{ readonly transaction: Transaction<Mode>; readonly value: T }> => {
    for (let again = false; ; again = true) {
      const database = await connect();
      let transaction: Transaction<Mode>;
      try {
        transaction = database.transaction([...EVERYTHING], mode, { durability: 'strict' });
      } catch (error) {
        connection = null;
        if (again) throw error;
        continue;
      }
      // `done` rejects on abort; whoever waits for it hears, nobody else has to
      transaction.done.catch(() => undefined);
      return { transaction, value: work(transaction) };
    }
  };

  /** One strict transaction, if this worker still leads. */
  const commit = async (
    fill: (put: (table: string, key: string, value: unknown) => void, clear: (table: string) => void) => void,
  ): Promise<Stored> => {
    let superseded = false;
    let failed: unknown;
    try {
      const { transaction } = await begin('readwrite', (open) => {
        open.objectStore(HOST).get(TERM).then((found: unknown) => {
          if (found === term) return;
          superseded = true;
          open.abort();
        }).catch(() => undefined);
        try {
          fill((table, key, value) => {
            const store = open.objectStore(table);
            const request: Promise<unknown> = value === null ? store.delete(key) : store.put(value, key);
            // the failure of one request aborts the transaction, which tells it
            request.catch(() => undefined);
          }, (table) => void open.objectStore(table).clear().catch(() => undefined));
        } catch (error) {
          failed = error;
          open.abort();
        }
      });
      await transaction.done;
      return { ok: true };
    } catch (error) {
      return { ok: false, fault: superseded ? 'superseded' : faultOf(failed ?? error) };
    }
  };

  const takeOver = async (): Promise<void> => {
    const { transaction, value } = await begin('readwrite', async (open) => {
      const store = open.objectStore(HOST);
      const [before, known] = await Promise.all([store.get(TERM), store.get(DONE)]);
      term = (typeof before === 'number' ? before : 0) + 1;
      done = doneOf(known);
      await store.put(term, TERM);
    });
    await value;
    await transaction.done;
  };

  /** What is read, or why not. */
  const reading = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await watched(work());
    } catch (error) {
      throw new StoreError(faultOf(error));
    }
  };

  const committed: typeof commit = (fill) => watched(commit(fill));

  await reading(takeOver);

  return {
    term,
    rows: () => reading(async () => {
      const { transaction, value } = await begin('readonly', async (open) => {
        const host = open.objectStore(HOST);
        const [found, known, ...tables] = await Promise.all([
          host.get(TERM), host.get(DONE),
          ...TABLES.map((table) => Promise.all([table, open.objectStore(table).getAllKeys(), open.objectStore(table).getAll()])),
        ]);
        if (found !== term) throw new StoreError('superseded');
        done = doneOf(known);
        return tables.flatMap(([table, keys, values]) => keys.flatMap((key, index): Row[] => {
          const value: unknown = values[index];
          return typeof key === 'string' && value instanceof Uint8Array ? [{ table, key, value }] : [];
        }));
      });
      const rows = await value;
      await transaction.done;
      return rows;
    }),
    async write(writes, values = {}, mark) {
      const next = mark === undefined ? done : withMark(done, mark);
      const stored = await committed((put) => {
        for (const write of writes) put(write.table, write.key, write.value);
        for (const [key, value] of Object.entries(values)) put(HOST, key, value);
        if (mark !== undefined) put(HOST, DONE, next);
      });
      if (stored.ok) done = next;
      return stored;
    },
    async leads() {
      try {
        const found = await reading(async () => (await begin('readonly', (open) => open.objectStore(HOST).get(TERM))).value);
        return found === term ? { ok: true } : { ok: false, fault: 'superseded' };
      } catch (error) {
        return { ok: false, fault: faultOf(error) };
      }
    },
    isDone: ({ from, id }) => done.get(from)?.includes(id) ?? false,
    read: (key) => reading(async (): Promise<unknown> => (await begin('readonly', (open) => open.objectStore(HOST).get(key))).value),
    keep: (values) => committed((put) => {
      for (const [key, value] of Object.entries(values)) put(HOST, key, value);
    }),
    empty: (values) => committed((put, clear) => {
      for (const table of EVERYTHING) clear(table);
      for (const [key, value] of Object.entries({ ...values, [TERM]: term })) put(HOST, key, value);
    }),
    close() {
      void connection?.then((database) => database.close());
      connection = null;
    },
  };
}
