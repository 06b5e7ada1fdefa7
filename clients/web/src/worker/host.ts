// Runs the core in the leading tab: does what it asks for (store, exchange, wake), and answers the pages.
//
// Invariants: writes reach the disk in the order the core asked for them; after a failed write the core is thrown away
// and opened again from what is on the disk, so memory never runs ahead of it; time given to the core goes back only
// when somebody has set the clock.
// Deliberately absent: any decision about records or about when to sync.

import * as p from '../core/parse';
import type { Command, Problem, Stage } from '../core/protocol';
import { status } from '../core/protocol';
import { type DocumentId, documentId } from '../core/records';
import type { Core, Effect, OpenCore } from './core';
import type { StoreFault } from './store';
import type { Credential, Listened, Transport } from './transport';
import { newRecovery, type Opened, type Person, type Room, type Vault, type Waiting } from './vault';

/** Pauses between attempts to reopen after a failed write, and between connections to the stream of notices. */
const REOPEN_MS = 2_000;
const EVENTS_FIRST_MS = 1_000;
/** A clock that goes back by more was set. */
const CLOCK_SET_MS = 60_000;
const EVENTS_LAST_MS = 60_000;

export type Answer = { readonly ok: true; readonly json: string } | { readonly ok: false; readonly problem: Problem };

export interface Clock {
  now(): number;
  /** Ms that only ever grow, however the tablet's clock is set. */
  steady(): number;
  /** Returns a function that cancels. */
  after(ms: number, run: () => void): () => void;
}

export interface HostDeps {
  readonly vault: Vault;
  readonly open: OpenCore;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly uuid: () => string;
  readonly online: () => boolean;
  /** Whether an error means that the core itself broke down, rather than refused. */
  readonly broken: (error: unknown) => boolean;
  readonly notify: (stage: Stage, documents: readonly DocumentId[]) => void;
  /** What the worker that led before left, when it was unlocked. */
  readonly left: Opened | null;
  /** Who has unlocked the tablet from now on, for whichever worker leads next; null: it is locked. */
  readonly hand: (opened: Opened | null) => void;
}

export interface Host {
  start(): Promise<void>;
  command(command: Command): Promise<Answer>;
}

const done: Answer = { ok: true, json: 'null' };
const refuse = (code: string, detail: string | null = null): Answer => ({ ok: false, problem: { code, detail } });

export function createHost(deps: HostDeps): Host {
  let core: Core | null = null;
  let who: Credential | null = null;
  let room: Room | null = null;
  /** Who has unlocked the tablet: edits are theirs. */
  let person: Person | null = null;
  /** Who may unlock it; null while it is not enrolled. */
  let door: Awaited<ReturnType<Vault['door']>> = null;
  /** When the day pass ended of which nothing is left here; null: there was none. */
  let ended: number | null = null;
  let cancelEnd: (() => void) | null = null;
  let leaving = false;
  let fault: StoreFault | 'core' | null = null;
  let started = false;
  let online = deps.online();
  let last = 0;
  let cancelWake: (() => void) | null = null;
  let events: AbortController | null = null;
  /** Grows with every opening of the core; results for an older one are dropped. */
  let opening = 0;
  let writing: Promise<void> = Promise.resolve();

  const now = (): number => {
    const seen = deps.clock.now();
    last = seen < last - CLOCK_SET_MS ? seen : Math.max(last, seen);
    return last;
  };

  /** Somebody is in, or nobody. */
  const admit = (found: Credential | null, opened: Room | null, by: Person | null): void => {
    [who, room, person] = [found, opened, by];
    deps.hand(opened === null || by === null ? null : { data: opened.data, person: by });
  };

  const isOver = (): boolean => {
    const pass = who?.identity.pass ?? null;
    return pass !== null && pass.ends_at <= now();
  };

  const waiting = (people: readonly Waiting[]): Extract<Stage, { stage: 'locked' }>['people'] =>
    people.map(({ id, name, opens_at }) => ({ id, name, wait_ms: Math.max(0, Math.ceil(opens_at - deps.clock.steady())) }));

  const stage = (): Stage => {
    if (fault !== null) return { stage: 'fault', fault };
    if (!started) return { stage: 'starting' };
    if (ended !== null) return { stage: 'over', ends_at: ended, unsent: 0, fault: null };
    if (room === null && door !== null) return { stage: 'locked', people: waiting(door.people) };
    if (who === null || person === null || core === null) return { stage: 'unenrolled' };
    const told = p.json(status, core.status());
    const { pass } = who.identity;
    if (pass !== null && isOver()) return { stage: 'over', ends_at: pass.ends_at, unsent: told.unsent_changes, fault: told.last_fault };
    const people = (door?.people ?? []).map(({ id, name }) => ({ id, name }));
    return { stage: 'ready', identity: { ...who.identity, person }, people, status: told, online };
  };

  const isSpent = (present: Stage): present is Extract<Stage, { stage: 'over' }> =>
    present.stage === 'over' && ended === null && present.unsent === 0;

  const notify = (documents: readonly string[] = []): void => {
    const present = stage();
    // a day pass leaves nothing behind once the day is over and everything has arrived
    if (isSpent(present)) void leaveSpent();
    const known = documents.flatMap((id) => {
      const parsed = p.attempt(documentId, id);
      return parsed.ok ? [parsed.value] : [];
    });
    deps.notify(present, known);
  };

  /** Forgets a day pass, with everything that was recorded on it. Only what has been sent may be forgotten. */
  const leave = async (endsAt: number | null): Promise<boolean> => {
    const stored = await deps.vault.forget(endsAt);
    if (!stored.ok) return false;
    events?.abort();
    drop();
    [door, ended] = [null, endsAt];
    admit(null, null, null);
    notify();
    return true;
  };

  const leaveSpent = async (): Promise<void> => {
    if (leaving) return;
    leaving = true;
    // an edit on its way to the disk is counted as unsent once it is there
    await writing;
    const present = stage();
    if (isSpent(present)) await leave(present.ends_at);
    leaving = false;
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
      notify();
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
        notify(effect.documents);
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
      if (mine !== opening) return;
      if (room === null) return;
      const stored = await room.write(writes);
      if (mine !== opening) return;
      if (stored.ok) {
        tell({ type: 'persisted', task, ok: true });
        return;
      }
      fault = stored.fault;
      drop();
      notify();
      deps.clock.after(REOPEN_MS, () => void reopen());
    });
  };

  const exchange = async (task: number, path: string, body: Uint8Array): Promise<void> => {
    const mine = opening;
    if (who === null) return;
    const result = await deps.transport.exchange(who, path, new Uint8Array(body));
    if (mine !== opening) return;
    if ('ok' in result) drive((open) => open.answered(now(), task, result.ok));
    else tell({ type: 'exchanged', task, result: { fault: result.fault } });
    if ('over' in result && result.over === true) await endNow();
    notify();
  };

  /** The server's word counts, whatever the clock here says. */
  const endNow = async (): Promise<void> => {
    const pass = who?.identity.pass ?? null;
    if (who === null || room === null || pass === null || isOver()) return;
    who = { ...who, identity: { ...who.identity, pass: { ...pass, ends_at: now() } } };
    await room.keep(who);
  };

  const reopen = async (): Promise<void> => {
    try {
      drop();
      cancelEnd?.();
      if (who !== null) {
        const left = (who.identity.pass?.ends_at ?? 0) - now();
        if (left > 0) cancelEnd = deps.clock.after(left, () => notify());
        const rows = room === null ? [] : await room.rows();
        core = deps.open(who.identity.device, deps.random(8), rows, now());
      }
      fault = null;
    } catch {
      fault = 'core';
      deps.clock.after(REOPEN_MS * 5, () => void reopen());
    }
    started = true;
    notify();
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
    let last: Listened = 'open';
    while (!mine.signal.aborted && who !== null && !isOver()) {
      const listened = await deps.transport.events(who, hear, hear, mine.signal);
      // an exchange hears why
      if (listened === 'refused' && last !== 'refused' && !mine.signal.aborted) hear();
      last = listened;
      pause = listened === 'open' ? EVENTS_FIRST_MS : Math.min(pause * 2, EVENTS_LAST_MS);
      await new Promise<void>((resolve) => {
        const cancel = deps.clock.after(pause, resolve);
        mine.signal.addEventListener('abort', () => { cancel(); resolve(); }, { once: true });
      });
    }
  };

  const enrol = async (code: string, deviceName: string, pin: string): Promise<Answer> => {
    if (door !== null) return refuse('already_enrolled');
    const recovery = newRecovery();
    const answer = await deps.transport.enrol(code, deps.uuid(), deviceName, recovery);
    if (!answer.ok) return answer;
    // what ends by itself needs no PIN, whichever way its code came
    const founded = await deps.vault.found(answer.credential, answer.credential.identity.pass === null ? pin : null, recovery);
    if (!founded.ok) return refuse(founded.fault);
    door = await deps.vault.door();
    admit(answer.credential, founded.room, answer.credential.identity.person);
    await reopen();
    return done;
  };

  /** A day pass that was scanned. One that is here already has to have sent everything. */
  const enterPass = async (code: string): Promise<Answer> => {
    if (door !== null) {
      const unsent = core === null ? 1 : p.json(status, core.status()).unsent_changes;
      if (who === null || who.identity.pass === null) return refuse('already_enrolled');
      if (unsent > 0) return refuse('pass_unsent');
    }
    const answer = await deps.transport.enterPass(code, deps.uuid());
    if (!answer.ok) return answer;
    // without a PIN goes only what ends by itself
    if (answer.credential.identity.pass === null) return refuse('code_unknown');
    if ((door !== null || ended !== null) && !(await leave(null))) return refuse('storage');
    const founded = await deps.vault.found(answer.credential, null, newRecovery());
    if (!founded.ok) return refuse(founded.fault);
    door = await deps.vault.door();
    admit(answer.credential, founded.room, answer.credential.identity.person);
    await reopen();
    return done;
  };

  /** A new registration under the same id: what is not sent yet stays and is sent under it. */
  const enrolAgain = async (code: string): Promise<Answer> => {
    if (who === null || room === null) return refuse('not_ready');
    const answer = await deps.transport.enrol(code, who.identity.device, who.identity.device_name, null);
    if (!answer.ok) return answer;
    const stored = await room.keep(answer.credential);
    if (!stored.ok) return refuse(stored.fault);
    who = answer.credential;
    await reopen();
    return done;
  };

  const enter = async (unlocked: Awaited<ReturnType<Vault['unlock']>>): Promise<Answer> => {
    door = await deps.vault.door();
    if (!unlocked.ok) {
      notify();
      return refuse(unlocked.code, 'name' in unlocked ? unlocked.name : null);
    }
    const found = await unlocked.room.credential();
    if (found === null) return refuse('storage');
    admit(found, unlocked.room, unlocked.person);
    await reopen();
    return done;
  };

  const recover = async (id: string, code: string, pin: string): Promise<Answer> => {
    const key = await deps.vault.key();
    if (door === null || key === null) return refuse('storage');
    const told = await deps.transport.recover(key, door.device, code);
    return told.ok ? enter(await deps.vault.recover(told.value, id, pin)) : told;
  };

  const addPerson = async (code: string, pin: string): Promise<Answer> => {
    if (who === null || room === null) return refuse('not_ready');
    const told = await deps.transport.colleague(who, code);
    if (!told.ok) return told;
    const stored = await room.admit(told.value, pin);
    if (!stored.ok) return refuse(stored.fault);
    door = await deps.vault.door();
    notify();
    return done;
  };

  const dismiss = async (id: string): Promise<Answer> => {
    if (room === null) return refuse('not_ready');
    const dismissed = await room.dismiss(id);
    if (!dismissed.ok) return refuse(dismissed.fault);
    door = await deps.vault.door();
    notify();
    return done;
  };

  /** Everything readable leaves the memory once what was recorded is on the disk. */
  const lock = async (): Promise<Answer> => {
    await writing;
    events?.abort();
    drop();
    admit(null, null, null);
    door = await deps.vault.door();
    notify();
    return done;
  };

  /** What screens may read from: nothing of a day pass that has ended. */
  const shown = (): Core | null => (isOver() ? null : core);

  return {
    async start() {
      door = await deps.vault.door();
      ended = await deps.vault.ended();
      const open = door?.open ?? null;
      // a tab that was closed must not lock the one somebody is working in
      if (deps.left !== null && door !== null && (await enter(await deps.vault.resume(deps.left))).ok) return;
      if (open === null || !(await enter(await deps.vault.unlock(open, ''))).ok) await reopen();
    },

    async command(command) {
      switch (command.type) {
        case 'stage':
          return { ok: true, json: JSON.stringify(stage()) };
        case 'enrol':
          return enrol(command.code, command.device_name, command.pin);
        case 'enter_pass':
          return enterPass(command.code);
        case 'enrol_again':
          return enrolAgain(command.code);
        case 'unlock':
          return enter(await deps.vault.unlock(command.person, command.pin));
        case 'recover':
          return recover(command.person, command.code, command.pin);
        case 'add_person':
          return addPerson(command.code, command.pin);
        case 'dismiss':
          return dismiss(command.person);
        case 'lock':
          return lock();
        case 'network':
          if (online !== command.online) {
            online = command.online;
            tell({ type: 'online', online });
            if (online) void listen();
          }
          // a page that comes back asks this: a day may have ended meanwhile
          notify();
          return done;
        case 'list':
          return { ok: true, json: shown()?.list() ?? '[]' };
        case 'view':
          return { ok: true, json: shown()?.view(command.document) ?? 'null' };
        case 'summary':
          return { ok: true, json: shown()?.summary(command.document) ?? 'null' };
        case 'registry':
          return { ok: true, json: shown()?.registry() ?? 'null' };
        case 'sync':
          tell({ type: 'sync' });
          notify();
          return done;
        case 'record':
          if (shown() === null || person === null) return refuse(fault ?? 'not_ready');
          try {
            tell({ type: 'record', document: command.document, kind: command.kind, by: person.id, intent: command.intent });
            return done;
          } catch (error) {
            return refuse('not_recorded', error instanceof Error ? error.message : String(error));
          }
      }
    },
  };
}
