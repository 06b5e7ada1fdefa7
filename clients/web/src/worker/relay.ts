// Between tabs: one tab's worker leads and runs the core, the others pass on what their page asks.
//
// Invariants: at most one host at a time, held by a Web Lock that the browser frees when the tab dies; a command is
// carried out at most once, so a command the former leader left unanswered is reported as lost, never sent again. While
// the tablet is unlocked, every worker holds what the next leader needs, since a tab that dies can hand over nothing.

import * as p from '../core/parse';
import { type Reply, type Request, request } from '../core/protocol';
import type { Host } from './host';
import { type Opened, opened as openedParser } from './vault';

export interface Channel {
  send(message: unknown): void;
  listen(receive: (message: unknown) => void): void;
}

export interface RelayDeps {
  /** The page this worker belongs to. */
  readonly page: Channel;
  /** Every other worker of this origin. */
  readonly others: Channel;
  /** Runs `lead` while, and as soon as, this worker leads. */
  readonly elect: (lead: () => Promise<void>) => void;
  /** Opens the host; `publish` reaches every page, `hand` every other worker. */
  readonly host: (publish: (reply: Reply) => void, left: Opened | null, hand: (opened: Opened | null) => void) => Promise<Host>;
}

/** Between workers alone: who has unlocked the tablet, and the question for it by a worker that has just begun. */
type Handover = { readonly type: 'opened'; readonly opened: Opened | null } | { readonly type: 'begun' };
const handover: p.Parse<Handover> = p.object((f): Handover => {
  const type = f.get('type', p.word(['opened', 'begun']));
  return type === 'begun' ? { type } : { type, opened: f.get('opened', p.nullable(openedParser)) };
});

export function startRelay(deps: RelayDeps): void {
  let host: Host | null = null;
  let leading = false;
  /** Commands that came while this worker was opening its host. */
  let early: Request[] = [];
  let opened: Opened | null = null;

  const tell = (message: Handover): void => deps.others.send(message);
  const hand = (next: Opened | null): void => {
    opened = next;
    tell({ type: 'opened', opened });
  };

  const publish = (reply: Reply): void => {
    deps.page.send(reply);
    deps.others.send(reply);
  };

  const carryOut = async (open: Host, asked: Request, answer: (reply: Reply) => void): Promise<void> => {
    const result = await open.command(asked.command);
    answer({ type: 'answer', to: asked.from, id: asked.id, ...result });
  };

  deps.page.listen((message) => {
    const asked = p.attempt(request, message);
    if (!asked.ok) return;
    if (host !== null) void carryOut(host, asked.value, (reply) => deps.page.send(reply));
    else if (leading) early.push(asked.value);
    else deps.others.send(asked.value);
  });

  deps.others.listen((message) => {
    const asked = p.attempt(request, message);
    if (asked.ok) {
      if (host !== null) void carryOut(host, asked.value, (reply) => deps.others.send(reply));
      return;
    }
    const handed = p.attempt(handover, message);
    if (handed.ok) {
      if (handed.value.type === 'opened') opened = leading ? opened : handed.value.opened;
      else if (leading) tell({ type: 'opened', opened });
      return;
    }
    // Answers and notices of the leader; the page picks out its own.
    if (!leading) deps.page.send(message);
  });

  deps.elect(async () => {
    leading = true;
    const open = await deps.host(publish, opened, hand);
    host = open;
    publish({ type: 'leader' });
    const waiting = early;
    early = [];
    for (const asked of waiting) void carryOut(open, asked, (reply) => deps.page.send(reply));
  });
  tell({ type: 'begun' });
}
