// Runs the core for whoever is in: does what it asks for (store, exchange, wake) and keeps the stream of notices open.
//
// Invariants: writes reach the disk in the order the core asked for them; after a failed write the core is thrown away
// and opened again from what is on the disk, so memory never runs ahead of it; time given to the core goes back only
// when somebody has set the clock.
// Deliberately absent: any decision about records, about when to sync, or about who is let in.

import type { Core, Effect, OpenCore } from './core';
import type { StoreFault } from './store';
import type { Credential, Listened, Transport } from './transport';
import type { Room } from './vault';

/** Pauses between attempts to reopen after a failed write, and between connections to the stream of notices. */
const REOPEN_MS = 2_000;
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

/** What the runner has to know of the tablet, and tells it. */
export interface Surroundings {
  /** Null: nobody is in. */
  readonly seat: () => Seat | null;
  /** The server says that the day of the pass has ended. */
  readonly ended: () => Promise<void>;
  readonly changed: (documents?: readonly string[]) => void;
}

export interface Runner {
  /** The time the core is given. */
  now(): number;
  /** Null: nobody is in, or something failed. */
  core(): Core | null;
  fault(): StoreFault | 'core' | null;
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
  network(online: boolean): void;
  /** Everything that the core has asked for until now is on the disk, or failed. */
  settled(): Promise<void>;
}

export function createRunner(deps: RunnerDeps, around: Surroundings): Runner {
  let core: Core | null = null;
  let fault: StoreFault | 'core' | null = null;
  let started = false;
  let online = deps.online();
  let last = 0;
  let cancelWake: (() => void) | null = null;
  let cancelEnd: (() => void) | null = null;
  let events: AbortController | null = null;
  /** Grows with every opening of the core; results for an older one are dropped. */
  let opening = 0;
  let writing: Promise<void> = Promise.resolve();

  const now = (): number => {
    const seen = deps.clock.now();
    last = seen < last - CLOCK_SET_MS ? seen : Math.max(last, seen);
    return last;
  };

  const isOver = (): boolean => {
    const pass = around.seat()?.who.identity.pass ?? null;
    return pass !== null && pass.ends_at <= now();
  };

  const drop = (): void => {
    opening += 1;
    cancelWake?.();
    cancelWake = null;
    core?.free();
    core = null;
  };

  /** Gives the core one input and does everything it asks for. */
  const drive = (input: (core: Core) => void): void => {
    if (core === null) return;
    try {
      input(core);
    } catch (error) {
      if (!deps.broken(error)) throw error;
      // The core's memory can no longer be trusted, nor freed; what is on the disk can.
      core = null;
      drop();
      fault = 'core';
      around.changed();
      return;
    }
    for (let effect = core.poll_effect(); effect !== undefined; effect = core.poll_effect()) perform(effect);
    cancelWake?.();
    const wake = core.next_wakeup();
    cancelWake = wake === undefined ? null : deps.clock.after(Math.max(0, wake - deps.clock.now()), () => tell({ type: 'wake' }));
  };

  const tell = (input: unknown): void => drive((open) => open.handle(now(), JSON.stringify(input)));

  const perform = (effect: Effect): void => {
    switch (effect.type) {
      case 'shown':
        around.changed(effect.documents);
        return;
      case 'persist':
        persist(effect.task, effect.writes);
        return;
      case 'exchange':
        void exchange(effect.task, effect.path, effect.body);
    }
  };

  const persist = (task: number, writes: Extract<Effect, { type: 'persist' }>['writes']): void => {
    const mine = opening;
    writing = writing.then(async () => {
      const seat = around.seat();
      if (mine !== opening || seat === null) return;
      const stored = await seat.room.write(writes);
      if (mine !== opening) return;
      if (stored.ok) {
        tell({ type: 'persisted', task, ok: true });
        return;
      }
      fault = stored.fault;
      drop();
      around.changed();
      deps.clock.after(REOPEN_MS, () => void reopen());
    });
  };

  const exchange = async (task: number, path: string, body: Uint8Array): Promise<void> => {
    const mine = opening;
    const seat = around.seat();
    if (seat === null) return;
    const result = await deps.transport.exchange(seat.who, path, new Uint8Array(body));
    if (mine !== opening) return;
    if ('ok' in result) drive((open) => open.answered(now(), task, result.ok));
    else tell({ type: 'exchanged', task, result: { fault: result.fault } });
    if ('over' in result && result.over === true) await around.ended();
    around.changed();
  };

  const reopen = async (): Promise<void> => {
    try {
      drop();
      cancelEnd?.();
      const seat = around.seat();
      if (seat !== null) {
        const left = (seat.who.identity.pass?.ends_at ?? 0) - now();
        if (left > 0) cancelEnd = deps.clock.after(left, () => around.changed());
        const rows = await seat.room.rows();
        core = deps.open(seat.who.identity.device, deps.random(8), rows, now());
      }
      fault = null;
    } catch {
      fault = 'core';
      deps.clock.after(REOPEN_MS * 5, () => void reopen());
    }
    started = true;
    around.changed();
    if (core !== null) {
      tell({ type: 'online', online });
      void listen();
    }
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
      drop();
    },
    tell,
    network(next) {
      if (online === next) return;
      online = next;
      tell({ type: 'online', online });
      if (online) void listen();
    },
    settled: () => writing,
  };
}
