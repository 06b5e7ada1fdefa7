// The leading tab's answers to the pages: who is let in, for how long, and what the screens read from the core.
//
// Invariants: nothing is read from the core while the tablet is locked or its day pass is over; a day pass leaves nothing
// behind once it is over and everything has been sent, and nothing before; an edit is answered when it is durable, and made
// once however often its page asks.
// Deliberately absent: any decision about records; running the core (`runner`); PINs and keys (`vault`).

import * as p from '../core/parse';
import type { Command, Problem, Stage } from '../core/protocol';
import { status } from '../core/protocol';
import { type DocumentId, documentId } from '../core/records';
import type { Core } from './core';
import { withNames } from './names';
import { createRunner, type RunnerDeps, type Seat } from './runner';
import { type Mark, StoreError } from './store';
import type { Credential } from './transport';
import { newRecovery, type Opened, type Person, type Room, type Vault, type Waiting } from './vault';

export type Answer = { readonly ok: true; readonly json: string } | { readonly ok: false; readonly problem: Problem };

export interface HostDeps extends RunnerDeps {
  readonly vault: Vault;
  readonly uuid: () => string;
  readonly notify: (stage: Stage, documents: readonly DocumentId[]) => void;
  /** What the worker that led before left, when it was unlocked. */
  readonly left: Opened | null;
  /** Who has unlocked the tablet from now on, for whichever worker leads next; null: it is locked. */
  readonly hand: (opened: Opened | null) => void;
  /** Another worker has taken the disk over: this one leads no more. */
  readonly superseded: () => void;
  /** This worker is about to answer nobody for a while. */
  readonly opening: () => void;
}

export interface Host {
  start(): Promise<void>;
  command(command: Command, mark: Mark): Promise<Answer>;
  /** Opens the core again, after the connection to the disk was lost. */
  heal(): void;
  /** Whether the disk has said nothing for a while. */
  slow(isSlow: boolean): void;
  /** Leads no more: forgets everything readable, and tells nobody. */
  resign(): void;
}

const done: Answer = { ok: true, json: 'null' };
const refuse = (code: string, detail: string | null = null): Answer => ({ ok: false, problem: { code, detail } });

export function createHost(deps: HostDeps): Host {
  /** Who has unlocked the tablet: edits are theirs. */
  let seat: (Seat & { readonly person: Person }) | null = null;
  /** Who may unlock it; null while it is not enrolled. */
  let door: Awaited<ReturnType<Vault['door']>> = null;
  /** When the day pass ended of which nothing is left here; null: there was none. */
  let ended: number | null = null;
  let leaving = false;
  /** Edits on their way to the disk, by page and number. */
  const underway = new Map<string, Promise<Answer>>();

  /** Somebody is in. */
  const admit = (who: Credential, room: Room, person: Person): void => {
    seat = { who, room, person };
    deps.hand({ data: room.data, person });
  };

  /** Nobody is in, and everything readable leaves the memory. */
  const empty = (): void => {
    runner.close();
    seat = null;
    deps.hand(null);
  };

  const registry = (): string => {
    const [core, json] = [shown(), shown()?.registry()];
    if (core === null || json === undefined || seat === null) return 'null';
    const { identity } = seat.who;
    const people = [...(door?.people ?? []), identity.person].map(({ id, name }) => ({ id, name }));
    return withNames(json, core.names(), { people, device: { id: identity.device, name: identity.device_name } });
  };

  const waiting = (people: readonly Waiting[]): Extract<Stage, { stage: 'locked' }>['people'] =>
    people.map(({ id, name, opens_at }) => ({ id, name, wait_ms: Math.max(0, Math.ceil(opens_at - deps.clock.steady())) }));

  const stage = (): Stage => {
    const fault = runner.fault();
    if (fault !== null) return { stage: 'fault', fault };
    if (!runner.started()) return { stage: 'starting' };
    if (ended !== null) return { stage: 'over', ends_at: ended, unsent: 0, fault: null };
    if (seat === null && door !== null) return { stage: 'locked', people: waiting(door.people) };
    const core = runner.core();
    if (seat === null || core === null) return { stage: 'unenrolled' };
    const told = p.json(status, core.status());
    const { identity } = seat.who;
    if (identity.pass !== null && runner.isOver()) return { stage: 'over', ends_at: identity.pass.ends_at, unsent: told.unsent_changes, fault: told.last_fault };
    const people = (door?.people ?? []).map(({ id, name }) => ({ id, name }));
    return { stage: 'ready', identity: { ...identity, person: seat.person }, people, status: told, online: runner.online() };
  };

  const notReady = (): Answer => refuse(seat === null && door !== null ? 'locked' : 'not_ready');

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

  /** The server's word counts, whatever the clock here says. */
  const endNow = async (): Promise<void> => {
    const pass = seat?.who.identity.pass ?? null;
    if (seat === null || pass === null || runner.isOver()) return;
    const who = { ...seat.who, identity: { ...seat.who.identity, pass: { ...pass, ends_at: runner.now() } } };
    seat = { ...seat, who };
    await seat.room.keep(who);
  };

  const runner = createRunner(deps, { seat: () => seat, ended: endNow, changed: notify, superseded: deps.superseded, opening: deps.opening, isDone: deps.vault.isDone });

  /** Forgets a day pass, with everything that was recorded on it. Only what has been sent may be forgotten. */
  const leave = async (endsAt: number | null): Promise<boolean> => {
    const stored = await deps.vault.forget(endsAt);
    if (!stored.ok) return false;
    [door, ended] = [null, endsAt];
    empty();
    notify();
    return true;
  };

  const leaveSpent = async (): Promise<void> => {
    if (leaving) return;
    leaving = true;
    // an edit on its way to the disk is counted as unsent once it is there
    await runner.settled();
    const present = stage();
    if (isSpent(present)) await leave(present.ends_at);
    leaving = false;
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
    await runner.reopen();
    return done;
  };

  /** A day pass that was scanned. One that is here already has to have sent everything. */
  const enterPass = async (code: string): Promise<Answer> => {
    if (door !== null) {
      const core = runner.core();
      const unsent = core === null ? 1 : p.json(status, core.status()).unsent_changes;
      if (seat === null || seat.who.identity.pass === null) return refuse('already_enrolled');
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
    await runner.reopen();
    return done;
  };

  /** A new registration under the same id: what is not sent yet stays and is sent under it. */
  const enrolAgain = async (code: string): Promise<Answer> => {
    if (seat === null) return notReady();
    const { who, room } = seat;
    const answer = await deps.transport.enrol(code, who.identity.device, who.identity.device_name, null);
    if (!answer.ok) return answer;
    const stored = await room.keep(answer.credential);
    if (!stored.ok) return refuse(stored.fault);
    // whoever locked it meanwhile finds the new registration when they open it
    if (seat === null) return done;
    seat = { ...seat, who: answer.credential };
    await runner.reopen();
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
    await runner.reopen();
    return done;
  };

  const recover = async (id: string, code: string, pin: string): Promise<Answer> => {
    const key = await deps.vault.key();
    if (door === null || key === null) return refuse('storage');
    const told = await deps.transport.recover(key, door.device, code);
    return told.ok ? enter(await deps.vault.recover(told.value, id, pin)) : told;
  };

  const addPerson = async (code: string, pin: string): Promise<Answer> => {
    if (seat === null) return notReady();
    const { who, room } = seat;
    const told = await deps.transport.colleague(who, code);
    if (!told.ok) return told;
    const stored = await room.admit(told.value, pin);
    if (!stored.ok) return refuse(stored.fault);
    door = await deps.vault.door();
    notify();
    return done;
  };

  const dismiss = async (id: string): Promise<Answer> => {
    if (seat === null) return notReady();
    const dismissed = await seat.room.dismiss(id);
    if (!dismissed.ok) return refuse(dismissed.fault);
    door = await deps.vault.door();
    notify();
    return done;
  };

  /** Once what was recorded is on the disk. */
  const lock = async (): Promise<Answer> => {
    await runner.settled();
    empty();
    door = await deps.vault.door();
    notify();
    return done;
  };

  /** What screens may read from: nothing of a day pass that has ended. */
  const shown = (): Core | null => (runner.isOver() ? null : runner.core());

  const record = async (command: Extract<Command, { type: 'record' }>, mark: Mark): Promise<Answer> => {
    // a leader that ended may have stored what it had not answered, and a locked tablet knows that too
    if (deps.vault.isDone(mark)) return done;
    const fault = runner.fault();
    if (fault !== null) return refuse(fault);
    if (seat === null || shown() === null) return notReady();
    try {
      const { document, kind, intent, typing } = command;
      const edit = { document, kind, by: seat.person.id, intent };
      const recorded = await runner.record(typing === null ? { type: 'record', ...edit } : { type: 'draft', ...edit, ...typing }, mark);
      return recorded.ok ? done : refuse(recorded.fault);
    } catch (error) {
      return refuse('not_recorded', error instanceof Error ? error.message : String(error));
    }
  };

  /** A page that asks again, because it was not answered in time, gets the answer to its first question. */
  const once = (mark: Mark, act: () => Promise<Answer>): Promise<Answer> => {
    const name = `${mark.from}/${mark.id}`;
    const known = underway.get(name) ?? act().finally(() => underway.delete(name));
    underway.set(name, known);
    return known;
  };

  const carryOut = async (command: Command, mark: Mark): Promise<Answer> => {
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
        runner.network(command.online);
        // a page that comes back asks this: a day may have ended meanwhile
        notify();
        return done;
      case 'list':
        return { ok: true, json: shown()?.list() ?? '[]' };
      case 'figures':
        return { ok: true, json: shown()?.figures(command.year, command.scope) ?? '{}' };
      case 'view':
        return { ok: true, json: shown()?.view(command.document) ?? 'null' };
      case 'summary':
        return { ok: true, json: shown()?.summary(command.document) ?? 'null' };
      case 'registry':
        return { ok: true, json: registry() };
      case 'sync':
        runner.tell({ type: 'sync' });
        notify();
        return done;
      case 'record':
        return once(mark, () => record(command, mark));
      case 'ping':
        return done;
    }
  };

  return {
    async start() {
      door = await deps.vault.door();
      ended = await deps.vault.ended();
      const open = door?.open ?? null;
      // a tab that was closed must not lock the one somebody is working in
      if (deps.left !== null && door !== null && (await enter(await deps.vault.resume(deps.left))).ok) return;
      if (open === null || !(await enter(await deps.vault.unlock(open, ''))).ok) await runner.reopen();
    },

    heal: () => void runner.reopen(),
    slow: (isSlow) => runner.slow(isSlow),

    resign() {
      runner.close();
      seat = null;
    },

    async command(command, mark) {
      try {
        return await carryOut(command, mark);
      } catch (error) {
        return refuse(error instanceof StoreError ? error.fault : 'core');
      }
    },
  };
}
