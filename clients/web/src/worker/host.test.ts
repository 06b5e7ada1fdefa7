// The host: nothing is shown before it is on the disk, a failed write throws the core away, a restart re-reads the rows.

import { describe, expect, it } from 'vitest';
import { identity, type Stage } from '../core/protocol';
import { isDocumentId } from '../core/records';
import type { Core, Effect, Row, Write } from './core';
import { createHost, type HostDeps } from './host';
import { newKey } from './proof';
import type { Store, Stored } from './store';
import type { Transport } from './transport';
import type { Room, Vault } from './vault';

const DOCUMENT = '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a01';
const DEVICE = '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02';
const IDENTITY = {
  device: DEVICE, device_name: '1号機', person: { id: 'pe-1', name: '富沢' }, role: 'staff', organisation: '112119',
  tenant: { code: '11', name: '埼玉県' }, scopes: [],
};
const KEY = await newKey();
const PIN = '194805';
const STATUS = JSON.stringify({
  unsent_records: 0, unsent_changes: 0, last_agreed_at: null, last_exchange_at: null, last_fault: null, syncing: false, scopes: [],
});

interface FakeCore extends Core {
  readonly inputs: unknown[];
  readonly rows: readonly Row[];
  readonly times: number[];
}

/** Persists every record, shows it when told it is durable. */
function fakeCore(rows: readonly Row[]): FakeCore {
  const effects: Effect[] = [];
  const inputs: unknown[] = [];
  const times: number[] = [];
  let task = 0;
  return {
    inputs,
    rows,
    times,
    handle(now, text) {
      times.push(now);
      const input: unknown = JSON.parse(text);
      inputs.push(input);
      if (text.includes('"type":"record"')) {
        task += 1;
        effects.push({ type: 'persist', task, writes: [{ table: 'intent', key: String(task), value: new Uint8Array([task]) }] });
      }
      if (text.includes('"type":"persisted"')) effects.push({ type: 'shown', documents: [DOCUMENT] });
    },
    answered: () => undefined,
    poll_effect: () => effects.shift(),
    next_wakeup: () => undefined,
    status: () => STATUS,
    list: () => '[]',
    figures: () => '{}',
    summary: () => undefined,
    view: () => undefined,
    registry: () => undefined,
    free: () => undefined,
  };
}

interface Bench {
  readonly deps: HostDeps;
  readonly cores: FakeCore[];
  readonly shown: string[][];
  readonly stages: Stage[];
  readonly disk: Map<string, Row>;
  readonly writes: Write[][];
  readonly settle: (stored: Stored) => Promise<void>;
  readonly timers: (() => void)[];
  clock: number;
}

function bench(): Bench {
  const cores: FakeCore[] = [];
  const shown: string[][] = [];
  const stages: Stage[] = [];
  const disk = new Map<string, Row>();
  const writes: Write[][] = [];
  const waiting: ((stored: Stored) => void)[] = [];
  const timers: (() => void)[] = [];
  const store: Store = {
    rows: () => Promise.resolve([...disk.values()]),
    write: (batch) => {
      writes.push([...batch]);
      return new Promise((resolve) => {
        waiting.push((stored) => {
          if (stored.ok) for (const { table, key, value } of batch) if (value !== null) disk.set(`${table}/${key}`, { table, key, value });
          resolve(stored);
        });
      });
    },
    read: () => Promise.resolve(undefined),
    keep: () => Promise.resolve({ ok: true }),
    empty: () => Promise.resolve({ ok: true }),
    close: () => undefined,
  };
  const who = { token: 't', key: KEY, identity: identity(IDENTITY, '') };
  const room: Room = {
    data: new Uint8Array([7]),
    rows: () => store.rows(),
    write: (batch) => store.write(batch),
    credential: () => Promise.resolve(who),
    keep: () => Promise.resolve({ ok: true }),
    admit: () => Promise.resolve({ ok: true }),
    dismiss: () => Promise.resolve({ ok: true }),
  };
  const vault: Vault = {
    door: () => Promise.resolve({ device: DEVICE, people: [{ ...IDENTITY.person, opens_at: 0 }], open: null }),
    found: () => Promise.resolve({ ok: true, room }),
    unlock: (_person, pin) => Promise.resolve(pin === PIN ? { ok: true, room, person: IDENTITY.person } : { ok: false, code: 'wrong_pin' }),
    recover: () => Promise.resolve({ ok: false, code: 'wrong_pin' }),
    resume: ({ data, person }) => Promise.resolve(data[0] === 7 ? { ok: true, room, person } : { ok: false, code: 'storage' }),
    forget: () => Promise.resolve({ ok: true }),
    ended: () => Promise.resolve(null),
    key: () => Promise.resolve(KEY),
  };
  const transport: Transport = {
    exchange: () => Promise.resolve({ fault: { type: 'unreachable' } }),
    enrol: () => Promise.resolve({ ok: false, problem: { code: 'unreachable', detail: null } }),
    enterPass: () => Promise.resolve({ ok: false, problem: { code: 'unreachable', detail: null } }),
    colleague: () => Promise.resolve({ ok: false, problem: { code: 'unreachable', detail: null } }),
    recover: () => Promise.resolve({ ok: false, problem: { code: 'unreachable', detail: null } }),
    events: () => new Promise(() => undefined),
  };
  const made: Bench = {
    cores, shown, stages, disk, writes, timers, clock: 1000,
    settle: async (stored) => {
      await Promise.resolve();
      waiting.shift()?.(stored);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    },
    deps: {
      vault,
      transport,
      open: (_device, _seed, rows) => {
        const core = fakeCore(rows);
        cores.push(core);
        return core;
      },
      clock: {
        now: () => made.clock,
        steady: () => made.clock,
        after: (_ms, run) => {
          timers.push(run);
          return () => undefined;
        },
      },
      random: (count) => new Uint8Array(count),
      uuid: () => DEVICE,
      online: () => true,
      broken: () => false,
      left: null,
      hand: () => undefined,
      notify: (stage, documents) => {
        stages.push(stage);
        if (documents.length > 0) shown.push([...documents]);
      },
    },
  };
  return made;
}

async function open(host: ReturnType<typeof createHost>): Promise<void> {
  await host.start();
  await host.command({ type: 'unlock', person: IDENTITY.person.id, pin: PIN });
}

function tap(host: ReturnType<typeof createHost>): Promise<unknown> {
  if (!isDocumentId(DOCUMENT)) throw new Error('not an id');
  return host.command({
    type: 'record', document: DOCUMENT, kind: 'session',
    intent: { type: 'count', measure: 'screening.viewers', by: 1, reason: null },
  });
}

describe('host', () => {
  it('shows a tap only after its write has completed', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    await tap(host);
    await Promise.resolve();
    expect(b.writes).toHaveLength(1);
    expect(b.shown).toEqual([]);
    await b.settle({ ok: true });
    expect(b.shown).toEqual([[DOCUMENT]]);
  });

  it('shows nothing while it is locked, and locks after what was recorded is on the disk', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await host.start();
    expect(b.stages.at(-1)).toMatchObject({ stage: 'locked', people: [IDENTITY.person] });
    expect(b.cores).toHaveLength(0);
    expect(await tap(host)).toMatchObject({ ok: false });
    expect(await host.command({ type: 'unlock', person: 'pe-1', pin: '000000' })).toMatchObject({ ok: false, problem: { code: 'wrong_pin' } });
    await host.command({ type: 'unlock', person: 'pe-1', pin: PIN });
    await tap(host);
    const locking = host.command({ type: 'lock' });
    await b.settle({ ok: true });
    await locking;
    expect(b.disk.size).toBe(1);
    expect(b.stages.at(-1)?.stage).toBe('locked');
    expect(await host.command({ type: 'list' })).toEqual({ ok: true, json: '[]' });
  });

  it('keeps the order of writes: the second waits for the first', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    await tap(host);
    await tap(host);
    await Promise.resolve();
    expect(b.writes).toHaveLength(1);
    await b.settle({ ok: true });
    expect(b.writes).toHaveLength(2);
  });

  it('reports a failed write, shows nothing of it, and opens again from the rows on the disk', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    await tap(host);
    await b.settle({ ok: true });
    await tap(host);
    await b.settle({ ok: false, fault: 'quota' });
    expect(b.stages.at(-1)).toEqual({ stage: 'fault', fault: 'quota' });
    expect(b.shown).toHaveLength(1);
    expect(await tap(host)).toEqual({ ok: false, problem: { code: 'quota', detail: null } });
    for (const run of b.timers.splice(0)) run();
    await b.settle({ ok: true });
    expect(b.cores).toHaveLength(2);
    expect(b.cores[1]?.rows).toEqual([{ table: 'intent', key: '1', value: new Uint8Array([1]) }]);
    expect(b.stages.at(-1)?.stage).toBe('ready');
  });

  it('re-reads the rows when a new worker takes over', async () => {
    const b = bench();
    const first = createHost(b.deps);
    await open(first);
    await tap(first);
    await b.settle({ ok: true });
    const second = createHost(b.deps);
    await open(second);
    expect(b.cores[1]?.rows).toHaveLength(1);
  });

  it('never gives the core a time before the last one, unless somebody has set the clock', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    b.clock = 500;
    await tap(host);
    const times = b.cores[0]?.times ?? [];
    expect(times.every((time) => time >= 1000)).toBe(true);
    b.clock = 3_600_000;
    await tap(host);
    b.clock = 2_000;
    await tap(host);
    expect(b.cores[0]?.times.at(-1)).toBe(2_000);
  });

  it('goes on unlocked where the tab that led before was unlocked, and only then', async () => {
    const handed: unknown[] = [];
    for (const [data, stage] of [[7, 'ready'], [8, 'locked']] as const) {
      const made = bench();
      const left = { data: new Uint8Array([data]), person: IDENTITY.person };
      await createHost({ ...made.deps, left, hand: (opened) => void handed.push(opened) }).start();
      expect(made.stages.at(-1)?.stage).toBe(stage);
    }
    expect(handed).toEqual([{ data: new Uint8Array([7]), person: IDENTITY.person }]);
  });
});
