// The page's only way to the core: sends commands to its worker, keeps what screens show up to date.
//
// Invariants: a number on the screen comes from a view the core gave after it was durable, never from a guess of the
// page; queries and edits survive a change of leader (they are asked again, and the worker makes an edit once), everything
// else is reported as lost; what is shown says so when the core has not answered within its time, so that no mark outlives
// what it states.

import * as p from './parse';
import { type Command, type Problem, type Stage, type StartFault, type Status, reply, stage as stageParser } from './protocol';
import { type DocumentId, type Entry, type Intent, type Kind, type RecordView, type Sums, type Typing, entries, entry, recordView, sums } from './records';
import { EMPTY_REGISTRY, type Registry, registry as registryParser } from './registry';

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly problem: Problem };

export interface Snapshot {
  readonly stage: Stage;
  readonly registry: Registry;
  readonly entries: ReadonlyMap<DocumentId, Entry>;
  /** False until the list has been read once. */
  readonly listed: boolean;
  /** Why nothing can be recorded for the moment, while the stage is what it was before; null: all is well. */
  readonly fault: StartFault | null;
  /** Nobody has answered within the time for it. */
  readonly silent: boolean;
  /** Edits that have not been answered within the time for it: they are neither stored nor lost yet. */
  readonly late: number;
}

/** Whether what is shown can be vouched for at this moment. */
export function isCertain(snapshot: Snapshot): boolean {
  return snapshot.fault === null && !snapshot.silent && snapshot.late === 0;
}

export type Act = Extract<Command, { readonly type: 'enrol' | 'enrol_again' | 'enter_pass' | 'unlock' | 'recover' | 'add_person' | 'dismiss' | 'lock' }>;

export interface Client {
  snapshot(): Snapshot;
  subscribe(changed: () => void): () => void;
  /** The record's view, kept fresh while someone watches. `null`: not here; `undefined`: not known yet. */
  view(document: DocumentId): RecordView | null | undefined;
  watch(document: DocumentId, changed: () => void): () => void;
  /** The figures of a fiscal year over the records here, of the organisation that `scope` names; empty: of all of them. */
  figures(year: number, scope: string): Promise<Sums | undefined>;
  /** An edit, or with `typing` what is being typed so far; answered when it is durable. */
  record(document: DocumentId, kind: Kind, intent: Intent, typing?: Typing): Promise<Outcome>;
  /** Enrolling, unlocking and the like; what they carry is in the worker's words. */
  perform(command: Act): Promise<Outcome>;
  /** Whether an edit has not been answered yet. */
  isUnderWay(): boolean;
  sync(): void;
  network(online: boolean): void;
  /** The worker did not come, or cannot. Counts only until it has said something. */
  failed(fault: StartFault): void;
  /** The page was away and is back. */
  back(): void;
}

export interface ClientDeps {
  readonly send: (message: unknown) => void;
  readonly listen: (receive: (message: unknown) => void) => void;
  readonly name: string;
  readonly after: (ms: number, run: () => void) => void;
}

/** More changed records than this and the whole list is read instead. */
const ONE_BY_ONE = 20;
const LIST_PAUSE_MS = 300;
/** An answer that takes longer is told about. */
const LATE_MS = 2_500;
/** Between two questions whether anybody answers. */
const BEAT_MS = 4_000;

interface Pending {
  readonly command: Command;
  readonly settle: (result: { readonly ok: true; readonly json: string } | { readonly ok: false; readonly problem: Problem }) => void;
}

function repeatable(command: Command): boolean {
  return !['enrol', 'enrol_again', 'enter_pass', 'unlock', 'recover', 'add_person', 'dismiss'].includes(command.type);
}

/** What all records' save states hang on, beside the records themselves. */
function agreementOf(status: Status): string {
  return status.scopes.map((scope) => `${scope.scope} ${scope.agreed} ${scope.agreed_at}`).join('\n');
}

export function createClient(deps: ClientDeps): Client {
  let current: Snapshot = { stage: { stage: 'starting' }, registry: EMPTY_REGISTRY, entries: new Map(), listed: false, fault: null, silent: false, late: 0 };
  let nextId = 1;
  let registryJson = '';
  let listQueued = false;
  let agreement = '';
  let exchangedAt: number | null = null;
  const pending = new Map<number, Pending>();
  /** Edits that are late. */
  const late = new Set<number>();
  let hasHeard = false;
  const listeners = new Set<() => void>();
  const views = new Map<DocumentId, RecordView | null>();
  const watchers = new Map<DocumentId, Set<() => void>>();

  const post = (id: number, command: Command): void => deps.send({ type: 'request', from: deps.name, id, command });

  const ask = (command: Command): Promise<Parameters<Pending['settle']>[0]> =>
    new Promise((settle) => {
      const id = nextId++;
      pending.set(id, { command, settle });
      post(id, command);
      if (command.type === 'record') deps.after(LATE_MS, () => isLate(id));
    });

  const isLate = (id: number): void => {
    if (!pending.has(id)) return;
    late.add(id);
    update({ late: late.size });
  };

  const settled = (id: number, result: Parameters<Pending['settle']>[0]): void => {
    const asked = pending.get(id);
    pending.delete(id);
    if (late.delete(id)) update({ late: late.size });
    asked?.settle(result);
  };

  /** Asks again and again whether anybody answers. */
  const beat = (): void => {
    let answered = false;
    void ask({ type: 'ping' }).then(() => {
      answered = true;
      deps.after(BEAT_MS, beat);
    });
    deps.after(LATE_MS, () => {
      if (!answered && !current.silent) update({ silent: true });
    });
  };

  /** Somebody has answered: what was shown while nobody did is asked for anew. */
  const heard = (): void => {
    hasHeard = true;
    if (!current.silent) return;
    update({ silent: false });
    agreement = '';
    void refresh();
  };

  const query = async <T>(command: Command, parse: p.Parse<T>): Promise<T | undefined> => {
    const answer = await ask(command);
    return answer.ok ? p.json(parse, answer.json) : undefined;
  };

  const update = (change: Partial<Snapshot>): void => {
    current = { ...current, ...change };
    for (const listener of listeners) listener();
  };

  const readList = async (): Promise<void> => {
    const list = await query({ type: 'list' }, entries);
    if (list !== undefined) update({ entries: new Map(list.map((item) => [item.document, item])), listed: true });
  };

  const queueList = (): void => {
    if (listQueued) return;
    listQueued = true;
    deps.after(current.listed ? LIST_PAUSE_MS : 0, () => {
      listQueued = false;
      void readList();
    });
  };

  const readRegistry = async (): Promise<void> => {
    const answer = await ask({ type: 'registry' });
    if (!answer.ok || answer.json === registryJson || answer.json === 'null') return;
    registryJson = answer.json;
    update({ registry: p.json(registryParser, answer.json) });
  };

  const readView = async (document: DocumentId): Promise<void> => {
    const view = await query({ type: 'view', document }, p.nullable(recordView));
    if (view === undefined) return;
    views.set(document, view);
    for (const changed of watchers.get(document) ?? []) changed();
  };

  const readEntry = async (document: DocumentId): Promise<void> => {
    const found = await query({ type: 'summary', document }, p.nullable(entry));
    if (found === undefined) return;
    const next = new Map(current.entries);
    if (found === null) next.delete(document);
    else next.set(document, found);
    update({ entries: next });
  };

  const changed = (stage: Stage, documents: readonly DocumentId[]): void => {
    if (stage.stage === 'locked' || stage.stage === 'over') {
      // the next person sees nothing of this one's screens
      views.clear();
      agreement = '';
      registryJson = '';
      update({ stage, registry: EMPTY_REGISTRY, entries: new Map(), listed: false, fault: null });
      return;
    }
    if (stage.stage === 'fault') {
      // the screens stay where they are, and say that they cannot be vouched for
      agreement = '';
      update(current.stage.stage === 'ready' ? { fault: stage.fault } : { stage, fault: stage.fault });
      return;
    }
    // who opens the core again goes on with the screens as they are
    if (stage.stage === 'starting' && current.stage.stage === 'ready') return;
    update({ stage, fault: null });
    if (stage.stage !== 'ready') return;
    const agreed = agreementOf(stage.status);
    const everything = agreed !== agreement || !current.listed;
    agreement = agreed;
    if (stage.status.last_exchange_at !== exchangedAt || registryJson === '') {
      exchangedAt = stage.status.last_exchange_at;
      void readRegistry();
    }
    for (const watched of watchers.keys()) if (everything || documents.includes(watched)) void readView(watched);
    if (everything || documents.length > ONE_BY_ONE) queueList();
    else for (const document of documents) void readEntry(document);
  };

  const refresh = async (): Promise<void> => {
    const stage = await query({ type: 'stage' }, stageParser);
    if (stage !== undefined) changed(stage, []);
  };

  deps.listen((message) => {
    const received = p.attempt(reply, message);
    if (!received.ok) return;
    heard();
    const value = received.value;
    switch (value.type) {
      case 'answer': {
        if (value.to === deps.name) settled(value.id, value.ok ? { ok: true, json: value.json } : { ok: false, problem: value.problem });
        return;
      }
      case 'changed':
        changed(value.stage, value.documents);
        return;
      case 'leader':
        for (const [id, asked] of [...pending]) {
          if (repeatable(asked.command)) post(id, asked.command);
          else settled(id, { ok: false, problem: { code: 'leader_lost', detail: null } });
        }
        agreement = '';
        void refresh();
    }
  });
  void refresh();
  beat();

  const outcome = (answer: Awaited<ReturnType<typeof ask>>): Outcome => (answer.ok ? { ok: true } : answer);

  return {
    snapshot: () => current,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    view: (document) => views.get(document),
    watch(document, listener) {
      const set = watchers.get(document) ?? new Set();
      watchers.set(document, set.add(listener));
      void readView(document);
      return () => {
        set.delete(listener);
        if (set.size === 0) {
          watchers.delete(document);
          views.delete(document);
        }
      };
    },
    figures: (year, scope) => query({ type: 'figures', year, scope }, sums),
    record: async (document, kind, intent, typing) => outcome(await ask({ type: 'record', document, kind, intent, typing: typing ?? null })),
    perform: async (command) => outcome(await ask(command)),
    isUnderWay: () => [...pending.values()].some(({ command }) => command.type === 'record'),
    sync: () => void ask({ type: 'sync' }),
    network: (online) => void ask({ type: 'network', online }),
    failed(fault) {
      if (!hasHeard) changed({ stage: 'fault', fault }, []);
    },
    back: () => void refresh(),
  };
}
