// The host: nothing is shown before it is on the disk, a failed write throws the core away, a restart re-reads the rows.

import { describe, expect, it, vi } from 'vitest';
import { type Command, identity, type Stage } from '../core/protocol';
import { isDocumentId } from '../core/records';
import type { Core, Effect, Row, Write } from './core';
import { createHost, type HostDeps } from './host';
import { ask } from './host-testing';
import { newKey } from './proof';
import type { Mark, Store, Stored } from './store';
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
  unsent_records: 0, unsent_changes: 0, last_agreed_at: null, last_exchange_at: null, last_fault: null, too_large: null, syncing: false, scopes: [],
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
      if (text.includes('"type":"sync"')) effects.push({ type: 'exchange', task, path: '/v1/sync', body: new Uint8Array([1]) });
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
    registry: () => undefined, names: () => '{"people":[],"devices":[]}',
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
  /** What the disk says of who leads. */
  leads: Promise<Stored>;
}

function bench(): Bench {
  const cores: FakeCore[] = [];
  const shown: string[][] = [];
  const stages: Stage[] = [];
  const disk = new Map<string, Row>();
  const writes: Write[][] = [];
  const waiting: ((stored: Stored) => void)[] = [];
  const timers: (() => void)[] = [];
  const done = new Set<string>();
  const isDone = ({ from, id }: Mark): boolean => done.has(`${from}/${id}`);
  const store: Store = {
    term: 1,
    isDone,
    rows: () => Promise.resolve([...disk.values()]),
    write: (batch, _values, mark) => {
      writes.push([...batch]);
      return new Promise((resolve) => {
        waiting.push((stored) => {
          if (stored.ok && mark !== undefined) done.add(`${mark.from}/${mark.id}`);
          if (stored.ok) for (const { table, key, value } of batch) if (value !== null) disk.set(`${table}/${key}`, { table, key, value });
          resolve(stored);
        });
      });
    },
    leads: () => Promise.resolve({ ok: true }),
    read: () => Promise.resolve(undefined),
    keep: () => Promise.resolve({ ok: true }),
    empty: () => Promise.resolve({ ok: true }),
    close: () => undefined,
  };
  const who = { token: 't', key: KEY, identity: identity(IDENTITY, '') };
  const room: Room = {
    data: new Uint8Array([7]),
    rows: () => store.rows(),
    write: (batch, mark) => store.write(batch, {}, mark),
    leads: () => made.leads,
    credential: () => Promise.resolve(who),
    keep: () => Promise.resolve({ ok: true }),
    admit: () => Promise.resolve({ ok: true }),
    dismiss: () => Promise.resolve({ ok: true }),
  };
  const vault: Vault = {
    isDone,
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
    cores, shown, stages, disk, writes, timers, clock: 1000, leads: Promise.resolve({ ok: true }),
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
      hand: () => undefined, superseded: () => undefined, opening: () => undefined,
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
  await ask(host, { type: 'unlock', person: IDENTITY.person.id, pin: PIN });
}

function tap(host: ReturnType<typeof createHost>): Promise<unknown> {
  if (!isDocumentId(DOCUMENT)) throw new Error('not an id');
  return ask(host, {
    type: 'record', document: DOCUMENT, kind: 'session',
    intent: { type: 'count', measure: 'screening.viewers', by: 1, reason: null }, typing: null,
  });
}

describe('host', () => {
  it('shows a tap only after its write has completed', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    const answered = vi.fn();
    void tap(host).then(answered);
    await Promise.resolve();
    expect(b.writes).toHaveLength(1);
    expect(b.shown).toEqual([]);
    expect(answered).not.toHaveBeenCalled();
    await b.settle({ ok: true });
    expect(b.shown).toEqual([[DOCUMENT]]);
    expect(answered).toHaveBeenCalledWith({ ok: true, json: 'null' });
  });

  it('shows nothing while it is locked, and locks after what was recorded is on the disk', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await host.start();
    expect(b.stages.at(-1)).toMatchObject({ stage: 'locked', people: [IDENTITY.person] });
    expect(b.cores).toHaveLength(0);
    expect(await tap(host)).toMatchObject({ ok: false });
    expect(await ask(host, { type: 'unlock', person: 'pe-1', pin: '000000' })).toMatchObject({ ok: false, problem: { code: 'wrong_pin' } });
    await ask(host, { type: 'unlock', person: 'pe-1', pin: PIN });
    void tap(host);
    const locking = ask(host, { type: 'lock' });
    await b.settle({ ok: true });
    await locking;
    expect(b.disk.size).toBe(1);
    expect(b.stages.at(-1)?.stage).toBe('locked');
    expect(await ask(host, { type: 'list' })).toEqual({ ok: true, json: '[]' });
  });

  it('keeps the order of writes: the second waits for the first', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    void tap(host);
    void tap(host);
    await Promise.resolve();
    expect(b.writes).toHaveLength(1);
    await b.settle({ ok: true });
    expect(b.writes).toHaveLength(2);
  });

  it('reports a failed write, shows nothing of it, and opens again from the rows on the disk', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    void tap(host);
    await b.settle({ ok: true });
    const missing = tap(host);
    await b.settle({ ok: false, fault: 'quota' });
    expect(b.stages.at(-1)).toEqual({ stage: 'fault', fault: 'quota' });
    expect(b.shown).toHaveLength(1);
    expect(await tap(host)).toEqual({ ok: false, problem: { code: 'quota', detail: null } });
    for (const run of b.timers.splice(0)) run();
    await b.settle({ ok: true });
    expect(b.cores).toHaveLength(2);
    expect(b.cores[1]?.rows).toEqual([{ table: 'intent', key: '1', value: new Uint8Array([1]) }]);
    expect(b.stages.at(-1)?.stage).toBe('ready');
    expect(await missing, 'the disk says that it does not have it').toEqual({ ok: false, problem: { code: 'quota', detail: null } });
  });

  it('says that the disk is silent, takes nothing more until it speaks, and goes on by itself', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    const first = tap(host);
    await Promise.resolve();
    host.slow(true);
    expect(b.stages.at(-1)).toEqual({ stage: 'fault', fault: 'slow' });
    expect(await tap(host)).toEqual({ ok: false, problem: { code: 'slow', detail: null } });
    await b.settle({ ok: true });
    host.slow(false);
    expect(await first).toEqual({ ok: true, json: 'null' });
    expect(b.stages.at(-1)?.stage).toBe('ready');
    expect(b.cores).toHaveLength(1);
  });

  it('makes an edit once, however often its page asks', async () => {
    const b = bench();
    const host = createHost(b.deps);
    await open(host);
    if (!isDocumentId(DOCUMENT)) throw new Error('not an id');
    const edit: Command = { type: 'record', document: DOCUMENT, kind: 'session', intent: { type: 'count', measure: 'screening.viewers', by: 1, reason: null }, typing: null };
    const mark = { from: 'page', id: 900 };
    const answers = [host.command(edit, mark), host.command(edit, mark)];
    await b.settle({ ok: true });
    expect(await Promise.all(answers)).toEqual([{ ok: true, json: 'null' }, { ok: true, json: 'null' }]);
    expect(await host.command(edit, mark)).toEqual({ ok: true, json: 'null' });
    expect(b.writes).toHaveLength(1);
    const next = createHost(b.deps);
    await next.start();
    expect(await next.command(edit, mark), 'the next leader is locked and knows that it is stored').toEqual({ ok: true, json: 'null' });
  });

  it('leads no more once another has taken the disk over', async () => {
    const b = bench();
    const superseded = vi.fn();
    const host = createHost({ ...b.deps, superseded });
    await open(host);
    void tap(host);
    await b.settle({ ok: false, fault: 'superseded' });
    expect(superseded).toHaveBeenCalledTimes(1);
    expect(b.stages.at(-1)?.stage, 'it says nothing of its own').toBe('ready');
  });

  it('sends nothing of a worker that another has replaced while it was stopped', async () => {
    const b = bench();
    const superseded = vi.fn();
    const exchange = vi.spyOn(b.deps.transport, 'exchange');
    const host = createHost({ ...b.deps, superseded });
    await open(host);
    const sent = async (): Promise<number> => {
      await ask(host, { type: 'sync' });
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      return exchange.mock.calls.length;
    };
    expect(await sent()).toBe(1);
    b.leads = Promise.resolve({ ok: false, fault: 'superseded' });
    expect(await sent()).toBe(1);
    expect(superseded).toHaveBeenCalledTimes(1);
  });

  it('re-reads the rows when a new worker takes over', async () => {
    const b = bench();
    const first = createHost(b.deps);
    await open(first);
    void tap(first);
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
    void tap(host);
    const times = b.cores[0]?.times ?? [];
    expect(times.every((time) => time >= 1000)).toBe(true);
    b.clock = 3_600_000;
    void tap(host);
    b.clock = 2_000;
    void tap(host);
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
