// Guessing at PINs: each person's wrong tries are their own, and a wait passes only while the app runs.

import { describe, expect, it } from 'vitest';
import * as p from '../core/parse';
import { waitAfter } from './vault';
import { type Bench, founded, opened, OTHER, PIN, SATO, TOMIZAWA } from './vault-testing';

const WRONG = '551122';

/** Two people, with a PIN each. */
async function shared(name: string): Promise<Bench> {
  const b = await founded(name);
  await (await opened(b, 'pe-1', PIN)).admit(SATO, OTHER);
  return b;
}

async function miss(b: Bench, person: string, times: number): Promise<void> {
  for (let tries = 0; tries < times; tries += 1) expect(await b.vault.unlock(person, WRONG)).toMatchObject({ code: 'wrong_pin' });
}

/** How much is left of each person's wait, ms. */
async function waits(b: Bench): Promise<Readonly<Record<string, number>>> {
  const people = (await b.vault.door())?.people ?? [];
  return Object.fromEntries(people.map(({ id, opens_at }) => [id, Math.max(0, opens_at - b.time.steady)]));
}

describe('wrong PINs', () => {
  it('wait longer each time', async () => {
    const b = await founded('longer');
    await miss(b, 'pe-1', 3);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    b.pass(4_999);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    b.pass(1);
    await miss(b, 'pe-1', 1);
    b.pass(5_001);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    b.pass(5_000);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ ok: true, person: TOMIZAWA });
    expect([2, 3, 4, 5, 30].map(waitAfter)).toEqual([0, 5_000, 10_000, 20_000, 900_000]);
  });

  it('are not forgiven when a colleague enters the right one, nor when somebody joins', async () => {
    const b = await shared('colleague');
    for (let round = 0; round < 3; round += 1) {
      await miss(b, 'pe-1', 1);
      const room = await opened(b, 'pe-2', OTHER);
      await room.admit({ id: `pe-${round + 5}`, name: '山田' }, OTHER);
    }
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    expect(await waits(b)).toMatchObject({ 'pe-1': 5_000, 'pe-2': 0, 'pe-5': 0 });
  });

  it('make nobody else wait', async () => {
    const b = await shared('others');
    await miss(b, 'pe-1', 3);
    expect(await b.vault.unlock('pe-2', OTHER)).toMatchObject({ ok: true });
    expect((await b.vault.door())?.people.map((one) => one.id), 'everybody stays in their place').toEqual(['pe-1', 'pe-2']);
  });

  it('are forgiven when the person enters the right one, and no others', async () => {
    const b = await shared('own');
    await miss(b, 'pe-1', 3);
    await miss(b, 'pe-2', 3);
    b.pass(5_000);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ ok: true });
    await miss(b, 'pe-1', 2);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ ok: true });
    await miss(b, 'pe-2', 1);
    expect(await waits(b)).toEqual({ 'pe-1': 0, 'pe-2': 10_000 });
  });

  it('are forgiven when the person is given a new one, and no others', async () => {
    const b = await shared('recovered');
    await miss(b, 'pe-1', 3);
    await miss(b, 'pe-2', 3);
    expect(await b.vault.recover({ half: b.recovery, person: TOMIZAWA }, 'pe-1', '861942')).toMatchObject({ ok: true });
    expect(await waits(b)).toEqual({ 'pe-1': 0, 'pe-2': 5_000 });
  });

  it('wait as long whether the clock is set forward or back', async () => {
    const b = await founded('clock');
    await miss(b, 'pe-1', 3);
    b.time.clock += 86_400_000;
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    b.time.clock -= 2 * 86_400_000;
    b.pass(4_999);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    b.pass(1);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ ok: true });
  });

  it('wait anew when the app is opened again', async () => {
    const b = await founded('restart');
    await miss(b, 'pe-1', 3);
    b.pass(5_000);
    b.restart();
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    expect(await waits(b)).toEqual({ 'pe-1': 5_000 });
    b.time.steady = 0;
    b.restart();
    b.pass(4_999);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ code: 'wait' });
    b.pass(1);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ ok: true });
  });

  it('are counted though they are tried at the same time', async () => {
    const b = await founded('at-once');
    const answers = await Promise.all(Array.from({ length: 9 }, () => b.vault.unlock('pe-1', WRONG)));
    expect(answers.filter((answer) => !answer.ok && answer.code === 'wrong_pin')).toHaveLength(3);
  });

  it('that were counted for all people together count for each, and nothing is lost', async () => {
    const b = await shared('together');
    const disk = await b.store.read('vault');
    const all = p.dictionary((value) => value)(disk);
    const slots = p.array(p.dictionary((value) => value))(all['slots']).map((slot) => Object.fromEntries(Object.entries(slot).filter(([name]) => name !== 'failures' && name !== 'tried_at')));
    await b.store.keep({ vault: { ...all, slots, failures: 4, tried_at: b.time.clock } });
    b.restart();
    expect(await waits(b)).toEqual({ 'pe-1': 10_000, 'pe-2': 10_000 });
    b.pass(10_000);
    expect(await b.vault.unlock('pe-1', PIN)).toMatchObject({ ok: true, person: TOMIZAWA });
    await miss(b, 'pe-2', 1);
    expect(await waits(b)).toEqual({ 'pe-1': 0, 'pe-2': 20_000 });
    b.pass(20_000);
    expect(await b.vault.unlock('pe-2', OTHER)).toMatchObject({ ok: true, person: SATO });
  });

  it('are counted together for a tab with an older version of the app', async () => {
    const b = await shared('older');
    await miss(b, 'pe-2', 2);
    expect(await b.store.read('vault')).toMatchObject({ failures: 2, tried_at: b.time.clock });
  });
});
