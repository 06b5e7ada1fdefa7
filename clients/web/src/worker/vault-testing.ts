// A vault for tests: on a disk in memory, with clocks that a test sets.

import 'fake-indexeddb/auto';
import { identity } from '../core/protocol';
import { newKey } from './proof';
import { openStore, type Store } from './store';
import { QUIET } from './store-testing';
import type { Credential } from './transport';
import { createVault, newRecovery, type Room, type Vault } from './vault';

export const PIN = '194805';
export const OTHER = '730216';
export const TOMIZAWA = { id: 'pe-1', name: '富沢' };
export const SATO = { id: 'pe-2', name: '佐藤' };
export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

export async function credential(): Promise<Credential> {
  return {
    token: 'とくべつな鍵', key: await newKey(),
    identity: identity({
      device: '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02', device_name: '受付1号機', person: TOMIZAWA, role: 'staff', organisation: '112119',
      tenant: { code: '11', name: '埼玉県' }, scopes: ['municipality:112119'],
    }, ''),
  };
}

export interface Bench {
  readonly store: Store;
  readonly recovery: string;
  vault: Vault;
  /** What the tablet shows as the time, and how long it has run, ms. */
  readonly time: { clock: number; steady: number };
  /** Time goes by, and no clock is set. */
  pass(ms: number): void;
  /** The app is closed and opened again. */
  restart(): void;
}

export async function bench(name: string): Promise<Bench> {
  const store = await openStore(name, QUIET);
  const time = { clock: 1_000_000, steady: 400 };
  const open = (): Vault => createVault({ store, now: () => time.clock, steady: () => time.steady, rounds: 1_000 });
  const made: Bench = {
    store, time, recovery: newRecovery(), vault: open(),
    pass(ms) {
      time.clock += ms;
      time.steady += ms;
    },
    restart() {
      made.vault = open();
    },
  };
  return made;
}

/** With the first person's PIN, a record of before and one of after. */
export async function founded(name: string): Promise<Bench> {
  const made = await bench(name);
  await made.store.write([{ table: 'document', key: 'old', value: bytes('むかしの記録') }]);
  const first = await made.vault.found(await credential(), PIN, made.recovery);
  if (!first.ok) throw new Error(first.fault);
  await first.room.write([{ table: 'document', key: 'a', value: bytes('座談会の記録') }]);
  return made;
}

export async function opened(made: Bench, person: string, pin: string): Promise<Room> {
  const unlocked = await made.vault.unlock(person, pin);
  if (!unlocked.ok) throw new Error(unlocked.code);
  return unlocked.room;
}

export async function rowsWith(made: Bench, person: string, pin: string): Promise<readonly string[]> {
  const rows = await (await opened(made, person, pin)).rows();
  return rows.map((row) => new TextDecoder().decode(row.value));
}
