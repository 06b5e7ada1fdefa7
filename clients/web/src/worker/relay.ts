// Between tabs: one tab's worker leads and runs the core, the others pass on what their page asks.
//
// Invariants: at most one worker leads, held by a Web Lock that the browser frees when the tab dies, and that another takes
// when the leader has not answered for a while. Whoever leads has a term; what a former leader still says when it wakes is
// of an older term and is dropped, and the disk takes nothing of it (`store`). An edit is made at most once, since pages
// number theirs and the disk knows which it has: what was not answered is asked again. Everything else that changes
// something is reported as lost. While the tablet is unlocked, every worker holds what the next leader needs, since a tab
// that dies can hand over nothing.

import * as p from '../core/parse';
import { type Reply, reply as replyParser, type Request, request } from '../core/protocol';
import type { Host } from './host';
import type { Clock } from './runner';
import { type Opened, opened as openedParser } from './vault';

/** A follower asks this often whether the leader is there, and takes its place when it says nothing for so long. */
const BEAT_MS = 2_000;
const PATIENCE_MS = 2_500;
const LONGEST_PATIENCE_MS = 40_000;
/** Opening the core keeps a slow tablet busy for so long. */
const OPENING_MS = 20_000;

export interface Channel {
  send(message: unknown): void;
  listen(receive: (message: unknown) => void): void;
}

/** Who leads. `lead` runs once it is this worker's turn; `lost` when another took it. */
export interface Election {
  /** Waits for its turn. */
  wait(lead: () => void, lost: () => void): void;
  /** Takes it from whoever leads. */
  steal(lead: () => void, lost: () => void): void;
}

/** What a leader's host is given. */
export interface Lead {
  /** Reaches every page. */
  readonly publish: (reply: Reply) => void;
  /** What the worker that led before left, when it was unlocked. */
  readonly left: Opened | null;
  /** Reaches every other worker. */
  readonly hand: (opened: Opened | null) => void;
  readonly superseded: () => void;
  /** Tells the others that this worker answers nobody for a while. */
  readonly opening: () => void;
  /** Whether this worker still leads. */
  readonly leads: () => boolean;
}

export interface RelayDeps {
  /** The page this worker belongs to. */
  readonly page: Channel;
  /** Every other worker of this origin. */
  readonly others: Channel;
  readonly election: Election;
  readonly after: Clock['after'];
  /** Opens the host and says its term. */
  readonly host: (lead: Lead) => Promise<{ readonly host: Host; readonly term: number }>;
}

/** Between workers alone: who has unlocked the tablet, whether the leader is there, and what it says to pages. */
type Between =
  | { readonly type: 'opened'; readonly opened: Opened | null }
  | { readonly type: 'begun' | 'there' | 'here' | 'opening' }
  | { readonly type: 'told'; readonly term: number; readonly reply: Reply };
const between: p.Parse<Between> = p.object((f): Between => {
  const type = f.get('type', p.word(['opened', 'begun', 'there', 'here', 'opening', 'told']));
  switch (type) {
    case 'opened':
      return { type, opened: f.get('opened', p.nullable(openedParser)) };
    case 'told':
      return { type, term: f.get('term', p.integer), reply: f.get('reply', replyParser) };
    default:
      return { type };
  }
});

export function startRelay(deps: RelayDeps): void {
  let host: Host | null = null;
  /** Grows whenever this worker begins or ends to lead; odd while it leads. */
  let turn = 0;
  const leading = (): boolean => turn % 2 === 1;
  /** The greatest term heard of. */
  let term = 0;
  /** Commands that came while this worker was opening its host. */
  let early: Request[] = [];
  let opened: Opened | null = null;
  let patience = PATIENCE_MS;
  let cancelWatch: (() => void) | null = null;
  let cancelBeat: (() => void) | null = null;
  /** The leader has said that it is opening the core. */
  let isOpening = false;

  const tell = (message: Between): void => deps.others.send(message);

  const rest = (): void => {
    cancelWatch?.();
    cancelBeat?.();
    [cancelWatch, cancelBeat] = [null, null];
  };

  /** Asks for a sign of the leader; without one this worker takes its place. */
  const watch = (): void => {
    if (leading() || cancelWatch !== null || isOpening) return;
    cancelWatch = deps.after(patience, () => {
      cancelWatch = null;
      if (leading()) return;
      // who opens slowly is given more time than who did not answer at all
      patience = Math.min(patience * 2, LONGEST_PATIENCE_MS);
      deps.election.steal(() => void lead(), lost);
    });
    tell({ type: 'there' });
  };

  /** The leader gave a sign, and will be asked for another. */
  const heard = (pause = BEAT_MS): void => {
    patience = PATIENCE_MS;
    rest();
    cancelBeat = deps.after(pause, () => {
      isOpening = false;
      watch();
    });
  };

  const carryOut = async (open: Host, asked: Request, answer: (reply: Reply) => void): Promise<void> => {
    const mine = turn;
    const result = await open.command(asked.command, { from: asked.from, id: asked.id });
    if (mine === turn) answer({ type: 'answer', to: asked.from, id: asked.id, ...result });
  };

  /** That somebody leads is answered also while the host is being opened. */
  const pinged = ({ from, id, command }: Request, answer: (reply: Reply) => void): boolean => {
    if (command.type !== 'ping' || !leading()) return false;
    answer({ type: 'answer', to: from, id, ok: true, json: 'null' });
    return true;
  };

  const toPage = (reply: Reply): void => deps.page.send(reply);
  const toOthers = (reply: Reply): void => tell({ type: 'told', term, reply });

  const lead = async (): Promise<void> => {
    rest();
    turn += leading() ? 2 : 1;
    const mine = turn;
    const leads = (): boolean => mine === turn;
    const publish = (reply: Reply): void => {
      if (!leads()) return;
      toPage(reply);
      toOthers(reply);
    };
    const hand = (next: Opened | null): void => {
      if (!leads()) return;
      opened = next;
      tell({ type: 'opened', opened });
    };
    tell({ type: 'here' });
    const open = await deps.host({
      publish, left: opened, hand, leads,
      superseded: () => (leads() ? lost() : undefined),
      opening: () => (leads() ? tell({ type: 'opening' }) : undefined),
    });
    if (!leads()) {
      open.host.resign();
      return;
    }
    host = open.host;
    term = Math.max(term, open.term);
    publish({ type: 'leader' });
    const waiting = early;
    early = [];
    for (const asked of waiting) void carryOut(open.host, asked, toPage);
  };

  /** Follows from now on. What this worker had not answered is asked of the next leader. */
  const lost = (): void => {
    if (!leading()) return;
    turn += 1;
    host?.resign();
    [host, early, opened] = [null, [], null];
    tell({ type: 'begun' });
    toPage({ type: 'leader' });
    deps.election.wait(() => void lead(), lost);
    watch();
  };

  deps.page.listen((message) => {
    const asked = p.attempt(request, message);
    if (!asked.ok || pinged(asked.value, toPage)) return;
    if (host !== null) void carryOut(host, asked.value, toPage);
    else if (leading()) early.push(asked.value);
    else {
      deps.others.send(asked.value);
      watch();
    }
  });

  deps.others.listen((message) => {
    const asked = p.attempt(request, message);
    if (asked.ok) {
      if (!pinged(asked.value, toOthers) && host !== null) void carryOut(host, asked.value, toOthers);
      return;
    }
    const known = p.attempt(between, message);
    if (!known.ok) return;
    const said = known.value;
    switch (said.type) {
      case 'opened':
        if (!leading()) opened = said.opened;
        return;
      case 'begun':
        if (leading()) tell({ type: 'opened', opened });
        return;
      case 'there':
        if (leading()) tell({ type: 'here' });
        return;
      case 'here':
      case 'opening':
        if (leading()) return;
        isOpening = said.type === 'opening';
        heard(isOpening ? OPENING_MS : BEAT_MS);
        return;
      case 'told':
        if (leading() || said.term < term) return;
        [term, isOpening] = [said.term, false];
        heard();
        // answers and notices of the leader; the page picks out its own
        toPage(said.reply);
    }
  });

  deps.election.wait(() => void lead(), lost);
  tell({ type: 'begun' });
  watch();
}
