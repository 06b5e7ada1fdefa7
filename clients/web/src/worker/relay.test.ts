// Tabs of one tablet: when the one that leads is closed or stopped, the next goes on as if nothing had happened.

import { describe, expect, it } from 'vitest';
import { type Reply, reply } from '../core/protocol';
import * as p from '../core/parse';
import type { Host } from './host';
import { type Lead, startRelay } from './relay';
import type { Mark } from './store';
import type { Opened } from './vault';

const OPENED: Opened = { data: new Uint8Array([7]), person: { id: 'pe-1', name: '富沢' } };

interface Tab {
  readonly shown: Reply[];
  /** What it was given when it began to lead; undefined: it has not. */
  lead: Lead | undefined;
  resigned: number;
  /** Its process does nothing. */
  stopped: boolean;
  ask(id: number, type: 'list' | 'ping' | 'lock'): void;
}

interface Tablet {
  open(): Promise<Tab>;
  /** The lock goes to whoever waits for it. */
  close(tab: Tab): Promise<void>;
  /** What a stopped tab was sent reaches it. */
  wake(tab: Tab): Promise<void>;
  pass(ms: number): Promise<void>;
  readonly carriedOut: string[];
}

/** Tabs that hear each other, a lock and a clock. */
function tablet(): Tablet {
  interface Own { readonly tab: Tab; receive: (message: unknown) => void; missed: unknown[]; closed: boolean }
  interface Turn { readonly own: Own; readonly lead: () => void; readonly lost: () => void }
  const tabs: Own[] = [];
  const timers: { readonly own: Own; at: number; readonly run: () => void }[] = [];
  const carriedOut: string[] = [];
  let now = 0;
  let term = 0;
  let holder: Turn | null = null;
  let queue: Turn[] = [];

  const calm = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
  };
  const grant = (): void => {
    if (holder !== null) return;
    holder = queue.shift() ?? null;
    holder?.lead();
  };

  const open = async (): Promise<Tab> => {
    let fromPage = (_: unknown): void => undefined;
    const tab: Tab = {
      shown: [], lead: undefined, resigned: 0, stopped: false,
      ask: (id, type) => fromPage({ type: 'request', from: String(tabs.indexOf(own)), id, command: { type } }),
    };
    const own: Own = { tab, receive: () => undefined, missed: [], closed: false };
    tabs.push(own);
    startRelay({
      page: {
        send: (message) => {
          const parsed = p.attempt(reply, message);
          if (parsed.ok) tab.shown.push(parsed.value);
        },
        listen: (receive) => {
          fromPage = receive;
        },
      },
      others: {
        send: (message) => {
          for (const other of tabs) {
            if (other === own || other.closed) continue;
            if (other.tab.stopped) other.missed.push(structuredClone(message));
            else other.receive(structuredClone(message));
          }
        },
        listen: (receive) => {
          own.receive = receive;
        },
      },
      election: {
        wait: (lead, lost) => {
          if (holder?.own === own) holder = null;
          queue = [...queue.filter((turn) => turn.own !== own), { own, lead, lost }];
          grant();
        },
        steal: (lead, lost) => {
          const before = holder;
          queue = queue.filter((turn) => turn.own !== own);
          holder = { own, lead, lost };
          if (before?.own.tab.stopped === true) before.own.missed.push(before.lost);
          else before?.lost();
          lead();
        },
      },
      after: (ms, run) => {
        const timer = { own, at: now + ms, run };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
      },
      host: (lead) => {
        tab.lead = lead;
        term += 1;
        const host: Host = {
          start: () => Promise.resolve(),
          command: (command, mark: Mark) => {
            carriedOut.push(`${tabs.indexOf(own)}: ${command.type} ${mark.from}/${mark.id}`);
            return Promise.resolve({ ok: true, json: 'null' });
          },
          heal: () => undefined,
          slow: () => undefined,
          resign: () => {
            tab.resigned += 1;
          },
        };
        return Promise.resolve({ host, term });
      },
    });
    await calm();
    return tab;
  };

  const ownOf = (tab: Tab): Own => {
    const found = tabs.find((own) => own.tab === tab);
    if (found === undefined) throw new Error('no such tab');
    return found;
  };

  return {
    open,
    carriedOut,
    async close(tab) {
      const own = ownOf(tab);
      own.closed = true;
      queue = queue.filter((turn) => turn.own !== own);
      if (holder?.own === own) holder = null;
      grant();
      await calm();
    },
    async wake(tab) {
      const own = ownOf(tab);
      tab.stopped = false;
      for (const missed of own.missed.splice(0)) {
        if (typeof missed === 'function') missed();
        else own.receive(missed);
      }
      await calm();
    },
    async pass(ms) {
      await calm();
      for (const end = now + ms; ;) {
        const next = timers.filter((timer) => timer.at <= end && !timer.own.tab.stopped && !timer.own.closed).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) {
          now = end;
          return;
        }
        now = Math.max(now, next.at);
        timers.splice(timers.indexOf(next), 1);
        next.run();
        await calm();
      }
    },
  };
}

const answers = (tab: Tab): readonly number[] => tab.shown.flatMap((said) => (said.type === 'answer' ? [said.id] : []));

describe('tabs', () => {
  it('hand over to the next, whether it was there when the tablet was unlocked or came later', async () => {
    const t = tablet();
    const [first, second] = [await t.open(), await t.open()];
    expect(first.lead?.left).toBeNull();
    first.lead?.hand(OPENED);
    const third = await t.open();
    await t.close(first);
    expect(second.lead?.left).toEqual(OPENED);
    await t.close(second);
    expect(third.lead?.left).toEqual(OPENED);
  });

  it('hand over nothing once the tablet is locked, and never to a page', async () => {
    const t = tablet();
    const [first, second] = [await t.open(), await t.open()];
    first.lead?.hand(OPENED);
    first.lead?.hand(null);
    await t.close(first);
    expect(second.lead?.left).toBeNull();
    expect(JSON.stringify([first.shown, second.shown])).not.toContain('pe-1');
  });

  it('replace a leader that sleeps, within three seconds of what is asked, and go on where it was unlocked', async () => {
    const t = tablet();
    const [first, second] = [await t.open(), await t.open()];
    first.lead?.hand(OPENED);
    first.stopped = true;
    second.ask(1, 'list');
    await t.pass(3_000);
    expect(second.lead?.left).toEqual(OPENED);
    expect(second.shown.at(-1)?.type).toBe('leader');
    second.ask(2, 'list');
    await t.pass(0);
    expect(answers(second)).toContain(2);
  });

  it('give a leader time that says it opens the core, and no longer than that', async () => {
    const t = tablet();
    const [first, second] = [await t.open(), await t.open()];
    first.lead?.opening();
    first.stopped = true;
    second.ask(1, 'list');
    await t.pass(15_000);
    expect(second.lead).toBeUndefined();
    await t.pass(8_000);
    expect(second.lead).toBeDefined();
  });

  it('leave a leader alone that answers, however long it is idle', async () => {
    const t = tablet();
    const [, second] = [await t.open(), await t.open()];
    await t.pass(600_000);
    expect(second.lead).toBeUndefined();
    second.ask(1, 'ping');
    await t.pass(0);
    expect(answers(second)).toEqual([1]);
  });

  it('hear nothing more of a leader that was replaced; it follows when it wakes', async () => {
    const t = tablet();
    const [first, second] = [await t.open(), await t.open()];
    first.lead?.hand(OPENED);
    const stale = first.lead;
    first.stopped = true;
    await t.pass(10_000);
    expect(second.lead).toBeDefined();
    second.lead?.hand(null);
    const [told, carried] = [second.shown.length, t.carriedOut.length];
    stale?.publish({ type: 'leader' });
    expect(second.shown, 'what it says when it wakes is of an older term').toHaveLength(told);
    await t.wake(first);
    expect(first.resigned).toBe(1);
    expect(first.shown.at(-1)?.type, 'its page asks again').toBe('leader');
    first.ask(5, 'list');
    await t.pass(0);
    expect(t.carriedOut.slice(carried)).toEqual(['1: list 0/5']);
    expect(answers(first)).toContain(5);
    await t.close(second);
    expect(first.lead?.left, 'it was locked meanwhile').toBeNull();
  });

  it('give one that lost the disk its turn again', async () => {
    const t = tablet();
    const first = await t.open();
    const before = first.lead;
    before?.superseded();
    await t.pass(0);
    expect(first.lead).not.toBe(before);
    expect(first.resigned).toBe(1);
  });
});
