// What the page shows never outlives what the worker vouches for: silence, late edits and faults are told, screens stay.

import { describe, expect, it } from 'vitest';
import { type Client, createClient, isCertain } from './client';
import { type Command, type Reply, request, stage } from './protocol';
import { type DocumentId, isDocumentId } from './records';

const IDENTITY = {
  device: '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02', device_name: '1号機', person: { id: 'pe-1', name: '富沢' }, role: 'staff', organisation: '112119',
  tenant: { code: '11', name: '埼玉県' }, scopes: [],
};
const STATUS = { unsent_records: 0, unsent_changes: 0, last_agreed_at: 1, last_exchange_at: 1, last_fault: null, syncing: false, scopes: [] };
const READY = stage({ stage: 'ready', identity: IDENTITY, people: [], status: STATUS, online: true });

function someDocument(): DocumentId {
  const id = '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a01';
  if (!isDocumentId(id)) throw new Error('not an id');
  return id;
}

interface Page {
  readonly client: Client;
  readonly asked: { readonly id: number; readonly command: Command }[];
  say(reply: Reply): Promise<void>;
  /** Answers everything that was asked, and whatever is asked in turn. */
  answerAll(): Promise<void>;
  pass(ms: number): Promise<void>;
}

function page(): Page {
  const asked: { id: number; command: Command }[] = [];
  const timers: { at: number; run: () => void }[] = [];
  let receive = (_: unknown): void => undefined;
  let now = 0;
  const client = createClient({
    send: (message) => asked.push(request(message)),
    listen: (listener) => {
      receive = listener;
    },
    name: 'page',
    after: (ms, run) => void timers.push({ at: now + ms, run }),
  });
  const calm = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  const say = async (reply: Reply): Promise<void> => {
    receive(reply);
    await calm();
  };
  const jsonOf = ({ type }: Command): string => (type === 'stage' ? JSON.stringify(READY) : type === 'list' ? '[]' : 'null');
  return {
    client,
    asked,
    say,
    async answerAll() {
      for (let one = asked.shift(); one !== undefined; one = asked.shift()) await say({ type: 'answer', to: 'page', id: one.id, ok: true, json: jsonOf(one.command) });
    },
    async pass(ms) {
      now += ms;
      for (const timer of timers.filter(({ at }) => at <= now)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.run();
      }
      await calm();
    },
  };
}

const tap = (client: Client): Promise<unknown> =>
  client.record(someDocument(), 'session', { type: 'count', measure: 'screening.viewers', by: 1, reason: null });

describe('what the page shows', () => {
  it('says after three seconds that nobody answers, and asks for everything anew when somebody does', async () => {
    const p = page();
    await p.answerAll();
    expect(isCertain(p.client.snapshot())).toBe(true);
    await p.pass(4_000);
    expect(p.asked.map(({ command }) => command.type)).toContain('ping');
    await p.pass(3_000);
    expect(p.client.snapshot()).toMatchObject({ silent: true, stage: { stage: 'ready' } });
    await p.answerAll();
    expect(isCertain(p.client.snapshot())).toBe(true);
  });

  it('says which edits are late, and what became of them', async () => {
    const p = page();
    await p.answerAll();
    const [first, second] = [tap(p.client), tap(p.client)];
    const edits = p.asked.splice(0);
    await p.pass(3_000);
    await p.answerAll();
    expect(p.client.snapshot()).toMatchObject({ late: 2, silent: false });
    await p.say({ type: 'answer', to: 'page', id: edits[0]?.id ?? 0, ok: true, json: 'null' });
    await p.say({ type: 'answer', to: 'page', id: edits[1]?.id ?? 0, ok: false, problem: { code: 'storage', detail: null } });
    expect(await first).toEqual({ ok: true });
    expect(await second).toEqual({ ok: false, problem: { code: 'storage', detail: null } });
    expect(p.client.snapshot().late).toBe(0);
  });

  it('asks the next leader for the same edit under the same number, and reports what is not repeated as lost', async () => {
    const p = page();
    await p.answerAll();
    void tap(p.client);
    const unlocking = p.client.perform({ type: 'unlock', person: 'pe-1', pin: '194805' });
    const before = p.asked.splice(0);
    await p.say({ type: 'leader' });
    const again = p.asked.filter(({ command }) => command.type === 'record');
    expect(again).toEqual(before.filter(({ command }) => command.type === 'record'));
    expect(p.asked.some(({ command }) => command.type === 'unlock')).toBe(false);
    expect(await unlocking).toEqual({ ok: false, problem: { code: 'leader_lost', detail: null } });
  });

  it('keeps the screen where it was while the disk fails, and takes back its word that all is well', async () => {
    const p = page();
    await p.answerAll();
    await p.say({ type: 'changed', stage: { stage: 'fault', fault: 'storage' }, documents: [] });
    expect(p.client.snapshot()).toMatchObject({ fault: 'storage', stage: { stage: 'ready' } });
    expect(isCertain(p.client.snapshot())).toBe(false);
    await p.say({ type: 'changed', stage: READY, documents: [] });
    expect(isCertain(p.client.snapshot())).toBe(true);
  });

  it('shows why it did not start, as long as nothing was heard', async () => {
    const p = page();
    p.client.failed('worker');
    expect(p.client.snapshot().stage).toEqual({ stage: 'fault', fault: 'worker' });
    await p.answerAll();
    p.client.failed('worker');
    expect(p.client.snapshot().stage.stage).toBe('ready');
  });
});
