// Runs the core for whoever is in: does what it asks for (store, exchange, wake) and keeps the stream of notices open.
//
// Invariants: writes reach the disk in the order the core asked for them; an edit is answered once it is durable; after a
// failed write the core is thrown away and opened again from what is on the disk, so memory never runs ahead of it, and the
// disk says which edits it has; only the worker that leads by the disk's word sends anything; a disk that says nothing is told
// as such; time given to the core goes back only when somebody has set the clock.
// Deliberately absent: any decision about records, about when to sync, or about who is let in.

import type { Core, Effect, OpenCore } from './core';
import { faultOf, type Mark, StoreError, type StoreFault } from './store';
import type { Credential, Listened, Transport } from './transport';
import type { Room } from './vault';

/** Pauses between attempts to open the core again, and between connections to the stream of notices. */
const REOPEN_FIRST_MS = 250;
const REOPEN_LAST_MS = 30_000;
const EVENTS_FIRST_MS = 1_000;
const EVENTS_LAST_MS = 60_000;
/** A clock that goes back by more was set. */
const CLOCK_SET_MS = 60_000;

export interface Clock {
  now(): number;
  /** Ms that only ever grow, however the tablet's clock is set. */
  steady(): number;
  /** Returns a function that cancels. */
  after(ms: number, run: () => void): () => void;
}

export interface RunnerDeps {
  readonly open: OpenCore;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly online: () => boolean;
  /** Whether an error means that the core itself broke down, rather than refused. */
  readonly broken: (error: unknown) => boolean;
}

/** As whom the tablet speaks to the server, and where their rows are. */
export interface Seat {
  readonly who: Credential;
  readonly room: Room;
}

/** `slow`: the disk has said nothing for a while; what waits for it is neither stored nor lost yet. */
export type Fault = Exclude<StoreFault, 'superseded'> | 'core' | 'slow';

/** An edit: durable, refused by the core, or not stored. */
export type Recorded = { readonly ok: true } | { readonly ok: false; readonly fault: Fault };

/** What the runner has to know of the tablet, and tells it. */
export interface Surroundings {
  /** Null: nobody is in. */
  readonly seat: () => Seat | null;
  /** The server says that the day of the pass has ended. */
  readonly ended: () => Promise<void>;
  readonly changed: (documents?: readonly string[]) => void;
  /** Another worker has taken the disk over. */
  readonly superseded: () => void;
  /** Whether the disk has an edit, as far as it was read last. */
  readonly isDone: (mark: Mark) => boolean;
  /** The core is about to be opened, during which this worker answers nobody. */
  readonly opening: () => void;
}

export interface Runner {
  /** The time the core is given. */
  now(): number;
  /** Null: nobody is in, or something failed. */
  core(): Core | null;
  fault(): Fault | null;
  /** Whether the core was opened once, if there was anybody to open it for. */
  started(): boolean;
  online(): boolean;
  /** Whether the day of the pass has ended. */
  isOver(): boolean;
  /** Opens the core anew, for whoever is in. */
  reopen(): Promise<void>;
  /** Forgets the core and stops listening. */
  close(): void;
  tell(input: unknown): void;
  /** One edit; answered when it is durable. Throws what the core refuses. */
  record(input: unknown, mark: Mark): Promise<Recorded>;
  /** Whether the disk has said nothing for a while. */
  slow(isSlow: boolean): void;
  network(online: boolean): void;
  /** Everything that the core has asked for until now is on the disk, or failed. */
  settled(): Promise<void>;
}

/** An edit that was given to the core. */
interface Underway {
  readonly mark: Mark;
  readonly answer: (recorded: Recorded) => void;
}

export function createRunner(deps: RunnerDeps, around: Surroundings): Runner {
  let core: Core | null = null;
  let fault: Fault | null = null;
  let started = false;
  let online = deps.online();
  let last = 0;
  let cancelWake: (() => void) | null = null;
  let cancelEnd: (() => void) | null = null;
  let events: AbortController | null = null;
  /** Grows with every opening of the core; results for an older one are dropped. */
  let opening = 0;
  let writing: Promise<void> = Promise.resolve();
  let failures = 0;
  let cancelReopen: (() => void) | null = null;
  /** Edits of which only the disk knows whether it has them. */
  let doubtful: Underway[] = [];

  const now = (): number => {
    const seen = deps.clock.now();
    last = seen < last - CLOCK_SET_MS ? seen : Math.max(last, seen);
    return last;
  };

  const isOver = (): boolean => {
    const pass = around.seat()?.who.identity.pass ?? null;
    return pass !== null && pass.ends_at <= now();
  };

  /** The disk has been read: it has an edit or does not. */
  const settle = (otherwise: Fault): void => {
    const settled = doubtful;
    doubtful = [];
    for (const { mark, answer } of settled) answer(around.isDone(mark) ? { ok: true } : { ok: false, fault: otherwise });
  };

  /** Opens the core again by itself, each time after a longer pause. */
  const retry = (): void => {
    cancelReopen?.();
    const pause = Math.min(REOPEN_FIRST_MS * 2 ** failures, REOPEN_LAST_MS);
    failures += 1;
    cancelReopen = deps.clock.after(pause, () => void reopen());
  };

  const fail = (next: StoreFault | 'core'): void => {
    if (next === 'superseded') {
      around.superseded();
      return;
    }
    fault = next;
    drop();
    around.changed();
    retry();
  };

  const drop = (): void => {
    opening += 1;
    cancelWake?.();
    cancelWake = null;
    core?.free();
    core = null;
  };

  /** Gives the core one input and does everything it asks for. The first row an edit asks for is its own. */
  const drive = (input: (core: Core) => void, edit: Underway | null = null): void => {
    if (core === null) {
      edit?.answer({ ok: false, fault: fault ?? 'storage' });
      return;
    }
    let own = edit;
    try {
      input(core);
    } catch (error) {
      if (!deps.broken(error)) throw error;
      // The core's memory can no longer be trusted, nor freed; what is on the disk can.
      core = null;
      if (own !== null) doubtful.push(own);
      fail('core');
      return;
    }
    for (let effect = core.poll_effect(); effect !== undefined; effect = core.poll_effect()) {
      perform(effect, own);
      if (effect.type === 'persist') own = null;
    }
    own?.answer({ ok: true });
    cancelWake?.();
    const wake = core.next_wakeup();
    cancelWake = wake === undefined ? null : deps.clock.after(Math.max(0, wake - deps.clock.now()), () => tell({ type: 'wake' }));
  };

  const tell = (input: unknown): void => drive((open) => open.handle(now(), JSON.stringify(input)));

  const perform = (effect: Effect, own: Underway | null): void => {
    switch (effect.type) {
      case 'shown':
        around.changed(effect.documents);
        return;
      case 'persist':
        persist(effect.task, effect.writes, own);
        return;
      case 'exchange':
        void exchange(effect.task, effect.path, effect.body);
    }
  };

  const persist = (task: number, writes: Extract<Effect, { type: 'persist' }>['writes'], own: Underway | null): void => {
    const mine = opening;
    if (own !== null) doubtful.push(own);
    const known = (): void => {
      doubtful = doubtful.filter((edit) => edit !== own);
    };
    writing = writing.then(async () => {
      const seat = around.seat();
      if (mine !== opening || seat === null) return;
      const stored = await seat.room.write(writes, own?.mark);
      if (stored.ok) {
        failures = 0;
        known();
        own?.answer({ ok: true });
      }
      if (mine !== opening) return;
      if (stored.ok) tell({ type: 'persisted', task, ok: true });
      else fail(stored.fault);
    });
  };

  const exchange = async (task: number, path: string, body: Uint8Array): Promise<void> => {
    const mine = opening;
    const seat = around.seat();
    if (seat === null) return;
    // a worker that was stopped and replaced hears of it from the disk, before anything old of it reaches the server
    const leads = await seat.room.leads();
    if (mine !== opening) return;
    if (!leads.ok) {
      fail(leads.fault);
      return;
    }
    const result = await deps.transport.exchange(seat.who, path, new Uint8Array(body));
    if (mine !== opening) return;
    if ('ok' in result) drive((open) => open.answered(now(), task, result.ok));
    else tell({ type: 'exchanged', task, result: { fault: result.fault } });
    if ('over' in result && result.over === true) await around.ended();
    around.changed();
  };

  const reopen = async (): Promise<void> => {
    cancelReopen?.();
    drop();
    cancelEnd?.();
    const mine = opening;
    try {
      const seat = around.seat();
      if (seat !== null) {
        const left = (seat.who.identity.pass?.ends_at ?? 0) - now();
        if (left > 0) cancelEnd = deps.clock.after(left, () => around.changed());
        const rows = await seat.room.rows();
        if (mine !== opening) return;
        settle(fault ?? 'storage');
        around.opening();
        core = deps.open(seat.who.identity.device, deps.random(8), rows, now());
      }
    } catch (error) {
      if (mine !== opening) return;
      started = true;
      fail(error instanceof StoreError ? faultOf(error) : 'core');
      return;
    }
    started = true;
    around.changed();
    if (core !== null) {
      tell({ type: 'online', online });
      void listen();
    }
    // all is well when the disk has taken what the opening asked for, not before
    void writing.then(() => {
      if (mine !== opening || fault === null) return;
      fault = null;
      around.changed();
    });
  };

  const hear = (): void => tell({ type: 'sync' });

  /** Keeps the stream of notices open; losing it costs only freshness. */
  const listen = async (): Promise<void> => {
    events?.abort();
    const mine = new AbortController();
    events = mine;
    let pause = EVENTS_FIRST_MS;
    let before: Listened = 'open';
    for (let seat = around.seat(); !mine.signal.aborted && seat !== null && !isOver(); seat = around.seat()) {
      const listened = await deps.transport.events(seat.who, hear, hear, mine.signal);
      // an exchange hears why
      if (listened === 'refused' && before !== 'refused' && !mine.signal.aborted) hear();
      before = listened;
      pause = listened === 'open' ? EVENTS_FIRST_MS : Math.min(pause * 2, EVENTS_LAST_MS);
      await new Promise<void>((resolve) => {
        const cancel = deps.clock.after(pause, resolve);
        mine.signal.addEventListener('abort', () => { cancel(); resolve(); }, { once: true });
      });
    }
  };

  return {
    now,
    core: () => core,
    fault: () => fault,
    started: () => started,
    online: () => online,
    isOver,
    reopen,
    close() {
      events?.abort();
      cancelReopen?.();
      fault = null;
      drop();
    },
    tell,
    record: (input, mark) => new Promise((resolve, reject) => {
      try {
        drive((open) => open.handle(now(), JSON.stringify(input)), { mark, answer: resolve });
      } catch (error) {
        reject(error);
      }
    }),
    slow(isSlow) {
      if (isSlow ? fault !== null : fault !== 'slow') return;
      fault = isSlow ? 'slow' : null;
      around.changed();
    },
    network(next) {
      if (online === next) return;
      online = next;
      tell({ type: 'online', online });
      if (online) void listen();
    },
    settled: () => writing,
  };
}
