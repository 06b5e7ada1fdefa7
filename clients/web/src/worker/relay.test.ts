// Tabs of one tablet: when the one that leads is closed, the next goes on as if nothing had happened.

import { describe, expect, it } from 'vitest';
import type { Reply } from '../core/protocol';
import type { Host } from './host';
import { startRelay } from './relay';
import type { Opened } from './vault';

const OPENED: Opened = { data: new Uint8Array([7]), person: { id: 'pe-1', name: '富沢' } };

interface Tab {
  readonly shown: unknown[];
  /** What it was given when it began to lead; undefined: it has not. */
  left: Opened | null | undefined;
  hand: (opened: Opened | null) => void;
  closed: boolean;
  lead: () => Promise<void>;
}

/** Tabs that hear each other. */
function tablet(): () => Tab {
  const tabs: { readonly tab: Tab; receive: (message: unknown) => void }[] = [];
  return () => {
    const tab: Tab = { shown: [], left: undefined, hand: () => undefined, closed: false, lead: () => Promise.resolve() };
    const own = { tab, receive: (_: unknown): void => undefined };
    tabs.push(own);
    startRelay({
      page: { send: (message) => void tab.shown.push(message), listen: () => undefined },
      others: {
        send: (message) => {
          for (const other of tabs) if (other !== own && !other.tab.closed) other.receive(structuredClone(message));
        },
        listen: (receive) => {
          own.receive = receive;
        },
      },
      elect: (lead) => {
        tab.lead = lead;
      },
      host: (_publish: (reply: Reply) => void, left, hand): Promise<Host> => {
        tab.left = left;
        tab.hand = hand;
        return Promise.resolve({ start: () => Promise.resolve(), command: () => Promise.resolve({ ok: true, json: 'null' }) });
      },
    });
    return tab;
  };
}

describe('tabs', () => {
  it('hand over to the next, whether it was there when the tablet was unlocked or came later', async () => {
    const open = tablet();
    const [first, second] = [open(), open()];
    await first.lead();
    expect(first.left).toBeNull();
    first.hand(OPENED);
    const third = open();
    first.closed = true;
    await second.lead();
    expect(second.left).toEqual(OPENED);
    second.closed = true;
    await third.lead();
    expect(third.left).toEqual(OPENED);
  });

  it('hand over nothing once the tablet is locked, and never to a page', async () => {
    const open = tablet();
    const [first, second] = [open(), open()];
    await first.lead();
    first.hand(OPENED);
    first.hand(null);
    first.closed = true;
    await second.lead();
    expect(second.left).toBeNull();
    const toPages = JSON.stringify([first.shown, second.shown]);
    expect(toPages).not.toContain('pe-1');
  });
});
