// The vault: nothing readable on the disk, a PIN opens it, wrong ones wait longer and longer, and a lost one is recovered.

import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { identity } from '../core/protocol';
import { newKey } from './proof';
import { openStore, type Store } from './store';
import type { Credential } from './transport';
import { createVault, newRecovery, ROUNDS, type Vault, waitAfter } from './vault';

const PIN = '194805';
const OTHER = '730216';
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function credential(): Promise<Credential> {
  return {
    token: 'とくべつな鍵', key: await newKey(),
    identity: identity({
      device: '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02', device_name: '受付1号機', person: { id: 'pe-1', name: '富沢' }, role: 'staff', organisation: '112119',
      tenant: { code: '11', name: '埼玉県' }, scopes: ['municipality:112119'],
    }, ''),
  };
}

/** Every byte and text that the store holds, keys aside. */
async function everything(store: Store): Promise<string> {
  const shown = (value: unknown): string => {
    if (value instanceof Uint8Array) return new TextDecoder('utf-8').decode(value);
    if (Array.isArray(value)) return value.map(shown).join(' ');
    if (value instanceof CryptoKey) return value.extractable && value.type !== 'public' ? 'EXTRACTABLE' : '';
    if (typeof value === 'object' && value !== null) return Object.values(value).map(shown).join(' ');
    return String(value);
  };
  const rows = await store.rows();
  const own = await Promise.all(['vault', 'credential', 'key'].map((name) => store.read(name)));
  return shown([...rows.map((row) => row.value), ...own]);
}

interface Bench { readonly store: Store; readonly vault: Vault; readonly recovery: string; clock: number }

async function founded(name: string): Promise<Bench> {
  const store = await openStore(name, () => undefined);
  const bench: Bench = { store, clock: 1_000_000, recovery: newRecovery(), vault: createVault({ store, now: () => bench.clock, rounds: 1_000 }) };
  await store.write([{ table: 'document', key: 'old', value: text('むかしの記録') }]);
  const made = await bench.vault.found(await credential(), PIN, bench.recovery);
  if (!made.ok) throw new Error(made.fault);
  await made.room.write([{ table: 'document', key: 'a', value: text('座談会の記録') }]);
  return bench;
}

async function rowsWith(bench: Bench, person: string, pin: string): Promise<readonly string[]> {
  const opened = await bench.vault.unlock(person, pin);
  if (!opened.ok) throw new Error(opened.code);
  return (await opened.room.rows()).map((row) => new TextDecoder().decode(row.value));
}

describe('vault', () => {
  it('derives keys from PINs with at least 600,000 rounds', () => expect(ROUNDS).toBeGreaterThanOrEqual(600_000));

  it('leaves nothing readable on the disk, not even what was there before', async () => {
    const bench = await founded('unreadable');
    const disk = await everything(bench.store);
    for (const clear of ['座談会', 'むかし', '富沢', 'とくべつな鍵', '112119', '埼玉', PIN, 'EXTRACTABLE', bench.recovery]) expect(disk).not.toContain(clear);
    expect(await rowsWith(bench, 'pe-1', PIN)).toEqual(['座談会の記録', 'むかしの記録']);
    expect((await bench.vault.door())?.people).toEqual([{ id: 'pe-1', name: '富沢' }]);
  });

  it('lets each wrong PIN wait longer, counts across restarts, and is not shortened by the clock', async () => {
    const bench = await founded('waiting');
    for (let tries = 0; tries < 3; tries += 1) expect(await bench.vault.unlock('pe-1', OTHER)).toMatchObject({ code: 'wrong_pin' });
    expect(await bench.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    const again = createVault({ store: bench.store, now: () => bench.clock, rounds: 1_000 });
    expect(await again.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    bench.clock -= 900_000;
    expect(await bench.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    bench.clock += 905_001;
    expect(await bench.vault.unlock('pe-1', OTHER)).toMatchObject({ code: 'wrong_pin' });
    bench.clock += 5_001;
    expect(await bench.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    bench.clock += 5_001;
    expect(await bench.vault.unlock('pe-1', PIN)).toMatchObject({ ok: true, person: { name: '富沢' } });
    expect([2, 3, 4, 5, 30].map(waitAfter)).toEqual([0, 5_000, 10_000, 20_000, 900_000]);
  });

  it('admits a colleague with a PIN of their own', async () => {
    const bench = await founded('colleague');
    const first = await bench.vault.unlock('pe-1', PIN);
    if (!first.ok) throw new Error(first.code);
    await first.room.admit({ id: 'pe-2', name: '佐藤' }, OTHER);
    expect(await rowsWith(bench, 'pe-2', OTHER)).toContain('座談会の記録');
    expect(await bench.vault.unlock('pe-2', PIN)).toMatchObject({ code: 'wrong_pin' });
    expect(await rowsWith(bench, 'pe-1', PIN)).toContain('座談会の記録');
  });

  it('opens with the server\'s half when the PIN is lost, keeps every row, and gives the old PIN no way in', async () => {
    const bench = await founded('lost');
    expect(await bench.vault.recover(newRecovery(), 'pe-1', OTHER)).toMatchObject({ ok: false });
    const opened = await bench.vault.recover(bench.recovery, 'pe-1', OTHER);
    if (!opened.ok) throw new Error(opened.code);
    expect((await opened.room.rows()).length).toBe(2);
    expect((await opened.room.credential())?.token).toBe('とくべつな鍵');
    expect(await bench.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wrong_pin' });
    expect(await rowsWith(bench, 'pe-1', OTHER)).toContain('座談会の記録');
  });

  it('holds a day pass without a PIN, still unreadable on the disk, and forgets all of it', async () => {
    const store = await openStore('pass', () => undefined);
    const vault = createVault({ store, now: () => 1, rounds: 1_000 });
    const made = await vault.found(await credential(), null, newRecovery());
    if (!made.ok) throw new Error(made.fault);
    await made.room.write([{ table: 'document', key: 'a', value: text('座談会の記録') }]);
    const disk = await everything(store);
    for (const clear of ['座談会', '富沢', 'とくべつな鍵', '112119', '埼玉', 'EXTRACTABLE']) expect(disk).not.toContain(clear);
    const again = createVault({ store, now: () => 1, rounds: 1_000 });
    expect((await again.door())?.open).toBe('pe-1');
    const opened = await again.unlock('pe-1', '');
    if (!opened.ok) throw new Error(opened.code);
    expect((await opened.room.rows()).map((row) => new TextDecoder().decode(row.value))).toEqual(['座談会の記録']);
    expect(await vault.ended()).toBe(null);
    expect(await vault.forget(5)).toEqual({ ok: true });
    expect([await vault.door(), await store.read('key'), await store.rows(), await vault.ended()]).toEqual([null, undefined, [], 5]);
  });

  it('opens a tablet with a PIN to nobody without one', async () => {
    const bench = await founded('closed');
    expect((await bench.vault.door())?.open).toBe(null);
    expect(await bench.vault.unlock('pe-1', '')).toMatchObject({ code: 'wrong_pin' });
  });

  it('adds little to a tap', async () => {
    const bench = await founded('tap');
    const opened = await bench.vault.unlock('pe-1', PIN);
    if (!opened.ok) throw new Error(opened.code);
    const value = new Uint8Array(2_000);
    const measure = async (write: (n: number) => Promise<unknown>): Promise<number> => {
      const begun = performance.now();
      for (let n = 0; n < 50; n += 1) await write(n);
      return (performance.now() - begun) / 50;
    };
    const bare = await measure((n) => bench.store.write([{ table: 'intent', key: `bare${n}`, value }]));
    const sealed = await measure((n) => opened.room.write([{ table: 'intent', key: `sealed${n}`, value }]));
    expect(sealed - bare).toBeLessThan(20);
  });

  it('is opened by another worker with what an unlocked one holds', async () => {
    const bench = await founded('resumed');
    const unlocked = await bench.vault.unlock('pe-1', PIN);
    if (!unlocked.ok) throw new Error(unlocked.code);
    const resumed = await bench.vault.resume({ data: unlocked.room.data, person: unlocked.person });
    if (!resumed.ok) throw new Error(resumed.code);
    expect(new TextDecoder().decode((await resumed.room.rows()).at(0)?.value)).toContain('記録');
    expect((await resumed.room.credential())?.token).toBe('とくべつな鍵');
    const other = await bench.vault.resume({ data: new Uint8Array(32), person: unlocked.person });
    expect(other.ok && (await other.room.credential())).toBeNull();
  });
});
