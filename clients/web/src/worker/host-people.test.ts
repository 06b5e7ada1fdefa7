// The people of one tablet at the host: each has their own wait, a code gives a new PIN to whom it is for, and one can go.

import { describe, expect, it } from 'vitest';
import { type Stage, stage } from '../core/protocol';
import { createHost, type Host, type HostDeps } from './host';
import { ask } from './host-testing';
import type { Transport } from './transport';
import { type Bench, founded, opened, OTHER, PIN, SATO, TOMIZAWA } from './vault-testing';

const YAMADA = { id: 'pe-3', name: '山田' };
const WRONG = '551122';
const STATUS = JSON.stringify({ unsent_records: 0, unsent_changes: 0, last_agreed_at: null, last_exchange_at: null, last_fault: null, too_large: null, syncing: false, scopes: [] });
const unreachable = { ok: false, problem: { code: 'unreachable', detail: null } } as const;

interface Tablet {
  readonly b: Bench;
  readonly host: Host;
  readonly stages: Stage[];
  /** What the server says from now on. */
  readonly server: { recover: Awaited<ReturnType<Transport['recover']>>; enrol: Awaited<ReturnType<Transport['enrol']>> };
}

/** Locked, with two people. */
async function tablet(name: string): Promise<Tablet> {
  const b = await founded(name);
  await (await opened(b, 'pe-1', PIN)).admit(SATO, OTHER);
  const stages: Stage[] = [];
  const server: Tablet['server'] = { recover: unreachable, enrol: unreachable };
  const deps: HostDeps = {
    vault: b.vault,
    transport: {
      exchange: () => Promise.resolve({ fault: { type: 'unreachable' } }),
      enrol: () => Promise.resolve(server.enrol),
      enterPass: () => Promise.resolve(unreachable),
      colleague: () => Promise.resolve({ ok: true, value: YAMADA }),
      recover: () => Promise.resolve(server.recover),
      events: () => new Promise(() => undefined),
    },
    open: () => ({
      handle: () => undefined, answered: () => undefined, poll_effect: () => undefined, next_wakeup: () => undefined, status: () => STATUS,
      list: () => '[]', figures: () => '{}', summary: () => undefined, view: () => undefined, registry: () => undefined,
      names: () => '{"people":[],"devices":[]}', free: () => undefined,
    }),
    clock: { now: () => b.time.clock, steady: () => b.time.steady, after: () => () => undefined },
    random: (count) => new Uint8Array(count),
    uuid: () => '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02',
    online: () => true,
    broken: () => false,
    // as a page reads it
    notify: (told) => void stages.push(stage(JSON.parse(JSON.stringify(told)))),
    left: null,
    hand: () => undefined, superseded: () => undefined, opening: () => undefined,
  };
  const host = createHost(deps);
  await host.start();
  return { b, host, stages, server };
}

const unlock = (host: Host, person: string, pin: string): Promise<unknown> => ask(host, { type: 'unlock', person, pin });

describe('people of a tablet', () => {
  it('wait for themselves alone, by what is left when it is told', async () => {
    const { b, host, stages } = await tablet('host-wait');
    for (let tries = 0; tries < 3; tries += 1) await unlock(host, 'pe-1', WRONG);
    expect(stages.at(-1)).toEqual({ stage: 'locked', people: [{ ...TOMIZAWA, wait_ms: 5_000 }, { ...SATO, wait_ms: 0 }] });
    b.pass(1_999.5);
    b.time.clock += 86_400_000;
    const asked = await ask(host, { type: 'stage' });
    expect(asked.ok && JSON.parse(asked.json)).toMatchObject({ people: [{ wait_ms: 3_001 }, { wait_ms: 0 }] });
    expect(await unlock(host, 'pe-1', PIN)).toMatchObject({ problem: { code: 'wait' } });
    expect(await unlock(host, 'pe-2', OTHER)).toMatchObject({ ok: true });
  });

  it('get a new PIN by a code for themselves, and hear whose a code is otherwise', async () => {
    const { b, host, stages, server } = await tablet('host-recover');
    server.recover = { ok: true, value: { half: b.recovery, person: SATO } };
    expect(await ask(host, { type: 'recover', person: 'pe-1', code: 'ABCD-2345', pin: WRONG })).toEqual({ ok: false, problem: { code: 'code_of_another', detail: '佐藤' } });
    expect(stages.at(-1)?.stage).toBe('locked');
    server.recover = { ok: true, value: { half: b.recovery, person: YAMADA } };
    expect(await ask(host, { type: 'recover', person: 'pe-1', code: 'ABCD-2345', pin: WRONG })).toEqual({ ok: false, problem: { code: 'code_of_stranger', detail: '山田' } });
    expect(await unlock(host, 'pe-1', WRONG)).toMatchObject({ ok: false });
    server.recover = { ok: true, value: { half: b.recovery, person: TOMIZAWA } };
    expect(await ask(host, { type: 'recover', person: 'pe-1', code: 'ABCD-2345', pin: WRONG })).toMatchObject({ ok: true });
    expect(stages.at(-1)).toMatchObject({ stage: 'ready', identity: { person: TOMIZAWA } });
  });

  it('come and go, but not who has unlocked it', async () => {
    const { host, stages } = await tablet('host-people');
    expect(await ask(host, { type: 'dismiss', person: 'pe-2' })).toMatchObject({ problem: { code: 'locked' } });
    await unlock(host, 'pe-1', PIN);
    await ask(host, { type: 'add_person', code: 'ABCD-2345', pin: OTHER });
    expect(stages.at(-1)).toMatchObject({ stage: 'ready', people: [TOMIZAWA, SATO, YAMADA] });
    expect(await ask(host, { type: 'dismiss', person: 'pe-1' })).toEqual({ ok: false, problem: { code: 'not_dismissed', detail: null } });
    expect(await ask(host, { type: 'dismiss', person: 'pe-2' })).toMatchObject({ ok: true });
    expect(stages.at(-1)).toMatchObject({ people: [TOMIZAWA, YAMADA] });
    await ask(host, { type: 'lock' });
    expect(stages.at(-1)).toMatchObject({ stage: 'locked', people: [{ ...TOMIZAWA, wait_ms: 0 }, { ...YAMADA, wait_ms: 0 }] });
    expect(await unlock(host, 'pe-2', OTHER)).toMatchObject({ ok: false });
  });

  it('hear the server\'s words when a code does not register their tablet anew', async () => {
    const { host, server } = await tablet('host-again');
    await unlock(host, 'pe-1', PIN);
    const problem = { code: 'device_taken', detail: '別の端末のためのコードです。' };
    server.enrol = { ok: false, problem };
    expect(await ask(host, { type: 'enrol_again', code: 'ABCD-2345' })).toEqual({ ok: false, problem });
  });
});
