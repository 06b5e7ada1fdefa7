// A day pass on its holder's phone: in without a PIN, over with the day or by the server's word, nothing lost and nothing left.

import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { identity, type Stage } from '../core/protocol';
import { isDocumentId } from '../core/records';
import type { Core, Effect } from './core';
import { createHost, type Host } from './host';
import { ask } from './host-testing';
import { newKey } from './proof';
import { openStore } from './store';
import { QUIET } from './store-testing';
import type { Enrolled, Exchanged, Listened } from './transport';
import { createVault } from './vault';

const DOCUMENT = '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a01';
const ENDS_AT = 50_000;

async function enrolled(pass: boolean): Promise<Enrolled> {
  const who = identity({
    device: '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02', device_name: '一日券 富沢', person: { id: 'le-1', name: '富沢' }, role: 'visitor', organisation: DOCUMENT,
    tenant: { code: '11', name: '埼玉県' }, scopes: [`session:${DOCUMENT}`], pass: pass ? { document: DOCUMENT, ends_at: ENDS_AT } : null,
  }, '');
  return { ok: true, credential: { token: 't', key: await newKey(), identity: who } };
}

interface Phone {
  readonly stages: Stage[];
  readonly timers: { readonly at: number; readonly run: () => void }[];
  readonly inputs: string[];
  readonly opened: number[];
  effects: Effect[];
  unsent: number;
  clock: number;
  answer: Enrolled;
  exchanged: Exchanged;
  /** How the next streams of notices end; after them one stays. */
  streams: Listened[];
  readonly start: () => Promise<Host>;
}

async function phone(name: string): Promise<Phone> {
  const store = await openStore(name, QUIET);
  const made: Phone = {
    stages: [], timers: [], inputs: [], opened: [], effects: [], unsent: 0, clock: 1_000, answer: await enrolled(true), exchanged: { fault: { type: 'unreachable' } }, streams: [],
    async start() {
      const host = createHost({
        vault: createVault({ store, now: () => made.clock, steady: () => made.clock, rounds: 1_000 }),
        transport: {
          exchange: () => Promise.resolve(made.exchanged),
          enrol: () => Promise.resolve(made.answer),
          enterPass: () => Promise.resolve(made.answer),
          colleague: () => Promise.resolve({ ok: false, problem: { code: 'unreachable', detail: null } }),
          recover: () => Promise.resolve({ ok: false, problem: { code: 'unreachable', detail: null } }),
          events: () => {
            const next = made.streams.shift();
            return next === undefined ? new Promise(() => undefined) : Promise.resolve(next);
          },
        },
        open: (_device, _seed, rows): Core => {
          made.opened.push(rows.length);
          return {
            handle: (_now, input) => void made.inputs.push(input),
            answered: () => undefined,
            poll_effect: () => made.effects.shift(),
            next_wakeup: () => undefined,
            status: () => JSON.stringify({ unsent_records: made.unsent, unsent_changes: made.unsent, last_agreed_at: null, last_exchange_at: null, last_fault: null, too_large: null, syncing: false, scopes: [] }),
            list: () => '["record"]',
            figures: () => '{}',
            summary: () => '"record"',
            view: () => '"record"',
            registry: () => '{"version":1}', names: () => '{"people":[{"id":"pe-9","name":"鈴木"}],"devices":[]}',
            free: () => undefined,
          };
        },
        clock: { now: () => made.clock, steady: () => made.clock, after: (ms, run) => { made.timers.push({ at: made.clock + ms, run }); return () => undefined; } },
        random: (count) => new Uint8Array(count),
        uuid: () => '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02',
        online: () => true,
        broken: () => false,
        notify: (stage) => void made.stages.push(stage),
        left: null,
        hand: () => undefined, superseded: () => undefined, opening: () => undefined,
      });
      await host.start();
      return host;
    },
  };
  return made;
}

const enter = (host: Host): Promise<unknown> => ask(host, { type: 'enter_pass', code: 'ABCD-2345' });

function tap(host: Host): Promise<unknown> {
  if (!isDocumentId(DOCUMENT)) throw new Error('not an id');
  return ask(host, { type: 'record', document: DOCUMENT, kind: 'session', intent: { type: 'count', measure: 'screening.viewers', by: 1, reason: null }, typing: null });
}

/** The stage, once what is under way has reached the disk. */
async function stageOf(host: Host, wanted: (stage: Stage) => boolean): Promise<Stage> {
  for (let turn = 0; turn < 200; turn += 1) {
    const answer = await ask(host, { type: 'stage' });
    const stage = answer.ok ? (JSON.parse(answer.json) as Stage) : null;
    if (stage !== null && wanted(stage)) return stage;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  throw new Error('the stage never came');
}

describe('day pass', () => {
  it('enters with the code alone, and opens again without a PIN', async () => {
    const b = await phone('enter');
    const host = await b.start();
    expect((await stageOf(host, () => true)).stage).toBe('unenrolled');
    expect(await enter(host)).toMatchObject({ ok: true });
    expect(await stageOf(host, () => true)).toMatchObject({ stage: 'ready', identity: { pass: { document: DOCUMENT, ends_at: ENDS_AT }, person: { name: '富沢' } } });
    const again = await b.start();
    expect((await stageOf(again, () => true)).stage).toBe('ready');
    expect(await tap(again)).toMatchObject({ ok: true });
  });

  it('takes nothing but a day pass in without a PIN', async () => {
    const b = await phone('other');
    b.answer = await enrolled(false);
    const host = await b.start();
    expect(await enter(host)).toMatchObject({ ok: false, problem: { code: 'code_unknown' } });
    expect((await stageOf(host, () => true)).stage).toBe('unenrolled');
  });

  it('shows nothing once the day is over, keeps what is not sent, and forgets everything when it is', async () => {
    const b = await phone('over');
    const host = await b.start();
    await enter(host);
    b.unsent = 2;
    b.clock = ENDS_AT;
    b.timers.filter((timer) => timer.at === ENDS_AT).forEach((timer) => timer.run());
    expect(b.stages.at(-1)).toEqual({ stage: 'over', ends_at: ENDS_AT, unsent: 2, fault: null });
    for (const type of ['list', 'registry'] as const) expect(await ask(host, { type })).toMatchObject({ json: type === 'list' ? '[]' : 'null' });
    expect(await tap(host)).toMatchObject({ ok: false });
    expect(await enter(host)).toMatchObject({ ok: false, problem: { code: 'pass_unsent' } });
    const later = await b.start();
    expect(await stageOf(later, () => true)).toMatchObject({ stage: 'over', unsent: 2 });
    expect(b.opened).toHaveLength(2);
    b.unsent = 0;
    await ask(later, { type: 'sync' });
    expect(await stageOf(later, (stage) => stage.stage === 'over')).toEqual({ stage: 'over', ends_at: ENDS_AT, unsent: 0, fault: null });
    await stageOf(later, () => b.stages.at(-1)?.stage === 'over');
    const last = await b.start();
    expect(await stageOf(last, () => true)).toEqual({ stage: 'over', ends_at: ENDS_AT, unsent: 0, fault: null });
    expect(b.opened, 'no core is opened: nothing is left').toHaveLength(2);
    b.clock = 10_000;
    expect(await enter(last)).toMatchObject({ ok: true });
    expect((await stageOf(last, () => true)).stage).toBe('ready');
  });

  it('is over by the server\'s word, also after a restart', async () => {
    const b = await phone('word');
    const host = await b.start();
    await enter(host);
    b.unsent = 1;
    b.exchanged = { fault: { type: 'unauthorised' }, over: true };
    b.effects = [{ type: 'exchange', task: 1, path: '/v1/sync', body: new Uint8Array() }];
    await ask(host, { type: 'sync' });
    expect(await stageOf(host, (stage) => stage.stage === 'over')).toMatchObject({ unsent: 1 });
    const again = await b.start();
    expect(await stageOf(again, () => true)).toMatchObject({ stage: 'over', unsent: 1 });
  });

  it('asks the server why when its stream of notices is refused, once', async () => {
    const b = await phone('refused');
    const host = await b.start();
    b.streams = ['open', 'refused', 'refused', 'unreachable'];
    await enter(host);
    const asked = (): number => b.inputs.filter((input) => input === '{"type":"sync"}').length;
    for (const [pause, times] of [[1_000, 0], [2_000, 1], [4_000, 1], [8_000, 1]] as const) {
      const due = (): Phone['timers'] => b.timers.filter((timer) => timer.at === b.clock + pause);
      await stageOf(host, () => due().length > 0);
      expect(asked()).toBe(times);
      for (const timer of due()) timer.run();
    }
  });

  it('gives way to another pass when everything is sent, and only then', async () => {
    const b = await phone('second');
    const host = await b.start();
    await enter(host);
    b.unsent = 1;
    expect(await enter(host)).toMatchObject({ ok: false, problem: { code: 'pass_unsent' } });
    b.unsent = 0;
    expect(await enter(host)).toMatchObject({ ok: true });
    expect((await stageOf(host, () => true)).stage).toBe('ready');
    expect(b.opened).toEqual([0, 0]);
  });
});
