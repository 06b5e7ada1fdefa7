// Runs the core in the leading tab: does what it asks for (store, exchange, wake), and answers the pages.
//
// Invariants: writes reach the disk in the order the core asked for them; after a failed write the core is thrown away
// and opened again from what is on the disk, so memory never runs ahead of it; time given to the core never goes back.
// Deliberately absent: any decision about records or about when to sync.

import * as p from '../core/parse';
import type { Command, Problem, Stage } from '../core/protocol';
import { status } from '../core/protocol';
import { type DocumentId, documentId } from '../core/records';
import type { Core, Effect, OpenCore } from './core';
import type { Store, StoreFault } from './store';
import { type Credential, credential, type Transport } from './transport';

const CREDENTIAL = 'credential';
/** Pauses between attempts to reopen after a failed write, and between connections to the stream of notices. */
const REOPEN_MS = 2_000;
const EVENTS_FIRST_MS = 1_000;
const EVENTS_LAST_MS = 60_000;

export type Answer = { readonly ok: true; readonly json: string } | { readonly ok: false; readonly problem: Problem };

export interface Clock {
  now(): number;
  /** Returns a function that cancels. */
  after(ms: number, run: () => void): () => void;
}

export interface HostDeps {
  readonly store: Store;
  readonly open: OpenCore;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly uuid: () => string;
  readonly online: () => boolean;
  /** Whether an error means that the core itself broke down, rather than refused. */
  readonly broken: (error: unknown) => boolean;
  readonly notify: (stage: Stage, documents: readonly DocumentId[]) => void;
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
    last = Math.max(last, deps.clock.now());
    return last;
  };

  const stage = (): Stage => {
    if (fault !== null) return { stage: 'fault', fault };
    if (!started) return { stage: 'starting' };
    if (who === null || core === null) return { stage: 'unenrolled' };
    return { stage: 'ready', identity: who.identity, status: p.json(status, core.status()), online };
  };

  const notify = (documents: readonly string[] = []): void => {
    const known = documents.flatMap((id) => {
      const parsed = p.attempt(documentId, id);
      return parsed.ok ? [parsed.value] : [];
    });
    deps.notify(stage(), known);
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
      const stored = await deps.store.write(writes);
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
    const result = await deps.transport.exchange(who.token, path, new Uint8Array(body));
    if (mine !== opening) return;
    if ('ok' in result) drive((open) => open.answered(now(), task, result.ok));
    else tell({ type: 'exchanged', task, result: { fault: result.fault } });
    notify();
  };

  const reopen = async (): Promise<void> => {
    try {
      drop();
      if (who !== null) {
        core = deps.open(who.identity.device, deps.random(8), await deps.store.rows(), now());
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
    while (!mine.signal.aborted && who !== null) {
      const opened = await deps.transport.events(who.token, hear, hear, mine.signal);
      pause = opened ? EVENTS_FIRST_MS : Math.min(pause * 2, EVENTS_LAST_MS);
      await new Promise<void>((resolve) => {
        const cancel = deps.clock.after(pause, resolve);
        mine.signal.addEventListener('abort', () => { cancel(); resolve(); }, { once: true });
      });
    }
  };

  const enrol = async (code: string, deviceName: string): Promise<Answer> => {
    if (who !== null) return refuse('already_enrolled');
    const answer = await deps.transport.enrol(code, deps.uuid(), deviceName);
    if (!answer.ok) return answer;
    const kept = await deps.store.keep(CREDENTIAL, answer.credential);
    if (!kept.ok) return refuse(kept.fault);
    who = answer.credential;
    await reopen();
    return done;
  };

  return {
    async start() {
      const found = p.attempt(credential, await deps.store.read(CREDENTIAL));
      who = found.ok ? found.value : null;
      await reopen();
    },

    async command(command) {
      switch (command.type) {
        case 'stage':
          return { ok: true, json: JSON.stringify(stage()) };
        case 'enrol':
          return enrol(command.code, command.device_name);
        case 'network':
          if (online !== command.online) {
            online = command.online;
            tell({ type: 'online', online });
            if (online) void listen();
            notify();
          }
          return done;
        case 'list':
          return { ok: true, json: core?.list() ?? '[]' };
        case 'view':
          return { ok: true, json: core?.view(command.document) ?? 'null' };
        case 'summary':
          return { ok: true, json: core?.summary(command.document) ?? 'null' };
        case 'registry':
          return { ok: true, json: core?.registry() ?? 'null' };
        case 'sync':
          tell({ type: 'sync' });
          notify();
          return done;
        case 'record':
          if (core === null || who === null) return refuse(fault ?? 'not_ready');
          try {
            tell({ type: 'record', document: command.document, kind: command.kind, by: who.identity.person.id, intent: command.intent });
            return done;
          } catch (error) {
            return refuse('not_recorded', error instanceof Error ? error.message : String(error));
          }
      }
    },
  };
}
