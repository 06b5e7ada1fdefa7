// The vault: nothing readable on the disk, a PIN opens it, and a lost one is recovered, for one person alone.

import { describe, expect, it } from 'vitest';
import type { Store } from './store';
import { newRecovery, ROUNDS } from './vault';
import { bench, bytes, credential, founded, opened, OTHER, PIN, rowsWith, SATO, TOMIZAWA } from './vault-testing';

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

describe('vault', () => {
  it('derives keys from PINs with at least 600,000 rounds', () => expect(ROUNDS).toBeGreaterThanOrEqual(600_000));

  it('leaves nothing readable on the disk, not even what was there before', async () => {
    const b = await founded('unreadable');
    const disk = await everything(b.store);
    for (const clear of ['座談会', 'むかし', '富沢', 'とくべつな鍵', '112119', '埼玉', PIN, 'EXTRACTABLE', b.recovery]) expect(disk).not.toContain(clear);
    expect(await rowsWith(b, 'pe-1', PIN)).toEqual(['座談会の記録', 'むかしの記録']);
    expect((await b.vault.door())?.people).toMatchObject([TOMIZAWA]);
  });

  it('admits a colleague with a PIN of their own', async () => {
    const b = await founded('colleague');
    await (await opened(b, 'pe-1', PIN)).admit(SATO, OTHER);
    expect(await rowsWith(b, 'pe-2', OTHER)).toContain('座談会の記録');
    expect(await b.vault.unlock('pe-2', PIN)).toMatchObject({ code: 'wrong_pin' });
    expect(await rowsWith(b, 'pe-1', PIN)).toContain('座談会の記録');
  });

  it('opens with the server\'s half when the PIN is lost, keeps every row, and gives the old PIN no way in', async () => {
    const b = await founded('lost');
    expect(await b.vault.recover({ half: newRecovery(), person: TOMIZAWA }, 'pe-1', OTHER)).toMatchObject({ ok: false });
    const back = await b.vault.recover({ half: b.recovery, person: TOMIZAWA }, 'pe-1', OTHER);
    if (!back.ok) throw new Error(back.code);
    expect((await back.room.rows()).length).toBe(2);
    expect((await back.room.credential())?.token).toBe('とくべつな鍵');
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wrong_pin' });
    expect(await rowsWith(b, 'pe-1', OTHER)).toContain('座談会の記録');
  });

  it('gives a new PIN to nobody but whom the half is for, and says whose it is', async () => {
    const b = await founded('whose');
    await (await opened(b, 'pe-1', PIN)).admit(SATO, OTHER);
    const before = await everything(b.store);
    expect(await b.vault.recover({ half: b.recovery, person: SATO }, 'pe-1', '551122')).toEqual({ ok: false, code: 'code_of_another', name: '佐藤' });
    expect(await b.vault.recover({ half: b.recovery, person: { id: 'pe-3', name: '山田' } }, 'pe-1', '551122')).toEqual({ ok: false, code: 'code_of_stranger', name: '山田' });
    expect(await b.vault.recover({ half: b.recovery, person: { id: 'pe-3', name: '山田' } }, 'pe-3', '551122')).toMatchObject({ ok: false });
    expect(await everything(b.store)).toBe(before);
    expect(await b.vault.recover({ half: b.recovery, person: SATO }, 'pe-2', '551122')).toMatchObject({ ok: true, person: SATO });
    expect(await rowsWith(b, 'pe-2', '551122')).toContain('座談会の記録');
    expect(await rowsWith(b, 'pe-1', PIN)).toContain('座談会の記録');
  });

  it('lets a person go but neither who unlocked it nor the last one, and keeps what they recorded', async () => {
    const b = await founded('dismissed');
    const room = await opened(b, 'pe-1', PIN);
    expect(await room.dismiss('pe-1')).toMatchObject({ fault: 'not_dismissed' });
    await room.admit(SATO, OTHER);
    expect(await room.dismiss('pe-1')).toMatchObject({ fault: 'not_dismissed' });
    await (await opened(b, 'pe-2', OTHER)).write([{ table: 'document', key: 'b', value: bytes('佐藤の記録') }]);
    expect(await room.dismiss('pe-2')).toEqual({ ok: true });
    expect((await b.vault.door())?.people).toMatchObject([TOMIZAWA]);
    expect(await b.vault.unlock('pe-2', OTHER)).toMatchObject({ ok: false });
    b.restart();
    expect(await b.vault.unlock('pe-2', OTHER)).toMatchObject({ ok: false });
    expect(await rowsWith(b, 'pe-1', PIN)).toContain('佐藤の記録');
    const late = await b.vault.resume({ data: room.data, person: SATO });
    if (!late.ok) throw new Error(late.code);
    expect(await late.room.dismiss('pe-1'), 'the last one').toMatchObject({ fault: 'not_dismissed' });
  });

  it('holds a day pass without a PIN, still unreadable on the disk, and forgets all of it', async () => {
    const b = await bench('pass');
    const made = await b.vault.found(await credential(), null, newRecovery());
    if (!made.ok) throw new Error(made.fault);
    await made.room.write([{ table: 'document', key: 'a', value: bytes('座談会の記録') }]);
    const disk = await everything(b.store);
    for (const clear of ['座談会', '富沢', 'とくべつな鍵', '112119', '埼玉', 'EXTRACTABLE']) expect(disk).not.toContain(clear);
    b.restart();
    expect((await b.vault.door())?.open).toBe('pe-1');
    expect(await rowsWith(b, 'pe-1', '')).toEqual(['座談会の記録']);
    expect(await b.vault.ended()).toBe(null);
    expect(await b.vault.forget(5)).toEqual({ ok: true });
    expect([await b.vault.door(), await b.store.read('key'), await b.store.rows(), await b.vault.ended()]).toEqual([null, undefined, [], 5]);
  });

  it('opens a tablet with a PIN to nobody without one', async () => {
    const b = await founded('closed');
    expect((await b.vault.door())?.open).toBe(null);
    expect(await b.vault.unlock('pe-1', '')).toMatchObject({ code: 'wrong_pin' });
  });

  it('is opened by another worker with what an unlocked one holds', async () => {
    const b = await founded('resumed');
    const unlocked = await b.vault.unlock('pe-1', PIN);
    if (!unlocked.ok) throw new Error(unlocked.code);
    const resumed = await b.vault.resume({ data: unlocked.room.data, person: unlocked.person });
    if (!resumed.ok) throw new Error(resumed.code);
    expect(new TextDecoder().decode((await resumed.room.rows()).at(0)?.value)).toContain('記録');
    expect((await resumed.room.credential())?.token).toBe('とくべつな鍵');
    const other = await b.vault.resume({ data: new Uint8Array(32), person: unlocked.person });
    expect(other.ok && (await other.room.credential())).toBeNull();
  });
});
