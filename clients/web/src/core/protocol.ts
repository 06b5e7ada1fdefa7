// What a page and the core's worker say to each other. A page sends commands and asks for views; the worker answers,
// and tells every page when something it may be showing has changed.

import * as p from './parse';
import { type DeviceId, type DocumentId, type Intent, type Kind, deviceId, documentId, type Typing } from './records';
import { type Named, named } from './registry';

/** Who this tablet is on the server. */
export interface Identity {
  readonly device: DeviceId;
  readonly device_name: string;
  readonly person: Named;
  readonly role: string;
  readonly organisation: string;
  readonly tenant: { readonly code: string; readonly name: string };
  readonly scopes: readonly string[];
  /** The day pass: one session, for a while. */
  readonly pass: Pass | null;
}

export interface Pass {
  readonly document: DocumentId;
  /** From then on nothing of it is shown, ms. */
  readonly ends_at: number;
}

export const identity: p.Parse<Identity> = p.object((f) => ({
  device: f.get('device', deviceId),
  device_name: f.get('device_name', p.string),
  person: f.get('person', named),
  role: f.get('role', p.string),
  organisation: f.get('organisation', p.string),
  tenant: f.get('tenant', p.object((t) => ({ code: t.get('code', p.string), name: t.get('name', p.string) }))),
  scopes: f.get('scopes', p.list(p.string)),
  pass: f.get('pass', p.nullable(p.object((a) => ({ document: a.get('document', documentId), ends_at: a.get('ends_at', p.integer) })))),
}));

export interface ScopeStatus {
  readonly scope: string;
  readonly count: number;
  readonly digest: string;
  readonly agreed: boolean;
  readonly agreed_at: number | null;
}

export interface Status {
  readonly unsent_records: number;
  readonly unsent_changes: number;
  readonly last_agreed_at: number | null;
  readonly last_exchange_at: number | null;
  /** This tablet's clock minus the server's, ms; null: not known yet. */
  readonly clock_offset_ms: number | null;
  readonly last_fault: string | null;
  /** A change that does not get through although it goes alone. */
  readonly too_large: { readonly document: string; readonly bytes: number } | null;
  readonly syncing: boolean;
  /** When the server noticed that another copy of this tablet's disk is in use; null: as far as it knows there is none. */
  readonly copied_at: number | null;
  readonly scopes: readonly ScopeStatus[];
}

/** What an operator has to set right, and nobody at the tablet. */
const ADDRESS = 'address_mismatch';

/** A fault comes as an object; its `type` is what screens tell apart, and of refusals that of the address. */
const fault: p.Parse<string | null> = (value, path) => {
  if (value === null || value === undefined || typeof value === 'string') return value ?? null;
  const { type, code } = p.object((f) => ({ type: f.get('type', p.string), code: f.get('code', p.nullable(p.string)) }))(value, path);
  return code === ADDRESS ? ADDRESS : type;
};

export const status: p.Parse<Status> = p.object((f) => ({
  unsent_records: f.get('unsent_records', p.integer),
  unsent_changes: f.get('unsent_changes', p.integer),
  last_agreed_at: f.get('last_agreed_at', p.nullable(p.integer)),
  last_exchange_at: f.get('last_exchange_at', p.nullable(p.integer)),
  clock_offset_ms: f.get('clock_offset_ms', p.nullable(p.integer)),
  last_fault: f.get('last_fault', fault),
  too_large: f.get('too_large', p.nullable(p.object((t) => ({ document: t.get('document', p.string), bytes: t.get('bytes', p.integer) })))),
  syncing: f.get('syncing', p.boolean),
  copied_at: f.get('copied_at', p.nullable(p.integer)),
  scopes: f.get('scopes', p.list(p.object((s) => ({
    scope: s.get('scope', p.string),
    count: s.get('count', p.integer),
    digest: s.get('digest', p.string),
    agreed: s.get('agreed', p.boolean),
    agreed_at: s.get('agreed_at', p.nullable(p.integer)),
  })))),
}));

/** Somebody at the locked tablet. Their PIN is taken after so many ms: what is left of their own wait, as it was told. */
export interface Waiting extends Named {
  readonly wait_ms: number;
}

/**
 * Why the core does not run, or not now. The disk: `storage` fails, `quota` is full, `slow` says nothing, `denied` by the
 * browser, `newer` than this app. The core: `core` broke down, it is still `loading`, `wasm` did not come, `no_wasm` in this browser. The worker:
 * `worker` did not come, `insecure` address.
 */
const FAULTS = ['storage', 'quota', 'slow', 'denied', 'newer', 'core', 'loading', 'wasm', 'no_wasm', 'worker', 'insecure'] as const;
export type StartFault = (typeof FAULTS)[number];

/** What this tablet can do at the moment. */
export type Stage =
  | { readonly stage: 'starting' }
  | { readonly stage: 'unenrolled' }
  /** Nothing readable is in memory; a person's PIN opens it. */
  | { readonly stage: 'locked'; readonly people: readonly Waiting[] }
  /** The day pass has ended: nothing is shown, and what is not sent yet is sent. Nothing is kept once all is. */
  | { readonly stage: 'over'; readonly ends_at: number; readonly unsent: number; readonly fault: string | null }
  /** `people`: who can unlock it, among them who did. */
  | { readonly stage: 'ready'; readonly identity: Identity; readonly people: readonly Named[]; readonly status: Status; readonly online: boolean }
  | { readonly stage: 'fault'; readonly fault: StartFault };

const waiting: p.Parse<Waiting> = p.object((f) => ({ id: f.get('id', p.string), name: f.get('name', p.string), wait_ms: f.get('wait_ms', p.integer) }));

export const stage: p.Parse<Stage> = p.object((f): Stage => {
  const name = f.get('stage', p.word(['starting', 'unenrolled', 'locked', 'over', 'ready', 'fault']));
  switch (name) {
    case 'ready':
      return { stage: name, identity: f.get('identity', identity), people: f.get('people', p.array(named)), status: f.get('status', status), online: f.get('online', p.boolean) };
    case 'locked':
      return { stage: name, people: f.get('people', p.array(waiting)) };
    case 'over':
      return { stage: name, ends_at: f.get('ends_at', p.integer), unsent: f.get('unsent', p.integer), fault: f.get('fault', p.nullable(p.string)) };
    case 'fault':
      return { stage: name, fault: f.get('fault', p.word(FAULTS)) };
    case 'starting':
    case 'unenrolled':
      return { stage: name };
  }
});

export type Command =
  | { readonly type: 'stage' }
  | { readonly type: 'enrol'; readonly code: string; readonly device_name: string; readonly pin: string }
  | { readonly type: 'enrol_again' | 'enter_pass'; readonly code: string }
  | { readonly type: 'unlock'; readonly person: string; readonly pin: string }
  | { readonly type: 'recover'; readonly person: string; readonly code: string; readonly pin: string }
  | { readonly type: 'add_person'; readonly code: string; readonly pin: string }
  | { readonly type: 'dismiss'; readonly person: string }
  | { readonly type: 'lock' }
  /** Whether anybody answers. */
  | { readonly type: 'ping' }
  | { readonly type: 'record'; readonly document: DocumentId; readonly kind: Kind; readonly intent: Intent; readonly typing: Typing | null }
  | { readonly type: 'sync' }
  | { readonly type: 'network'; readonly online: boolean }
  | { readonly type: 'view' | 'summary'; readonly document: DocumentId }
  | { readonly type: 'list' }
  /** The figures of a fiscal year; `scope` names the organisation whose they are, and is empty for all records here. */
  | { readonly type: 'figures'; readonly year: number; readonly scope: string }
  | { readonly type: 'registry' };

/**
 * Why a command was not carried out. `code` is stable; `detail` is the server's own plain sentence, when there is one. With
 * a code for somebody else it is their name.
 */
export interface Problem {
  readonly code: string;
  readonly detail: string | null;
}

export interface Request {
  readonly type: 'request';
  readonly from: string;
  readonly id: number;
  readonly command: Command;
}

export type Reply =
  | { readonly type: 'answer'; readonly to: string; readonly id: number; readonly ok: true; readonly json: string }
  | { readonly type: 'answer'; readonly to: string; readonly id: number; readonly ok: false; readonly problem: Problem }
  | { readonly type: 'changed'; readonly stage: Stage; readonly documents: readonly DocumentId[] }
  /** A new worker leads: what the former one had not answered is asked again, or lost. */
  | { readonly type: 'leader' };

const problem: p.Parse<Problem> = p.object((f) => ({ code: f.get('code', p.string), detail: f.get('detail', p.nullable(p.string)) }));

export const reply: p.Parse<Reply> = p.object((f): Reply => {
  const type = f.get('type', p.word(['answer', 'changed', 'leader']));
  switch (type) {
    case 'leader':
      return { type };
    case 'changed':
      return { type, stage: f.get('stage', stage), documents: f.get('documents', p.array(documentId)) };
    case 'answer': {
      const to = f.get('to', p.string);
      const id = f.get('id', p.integer);
      return f.get('ok', p.boolean)
        ? { type, to, id, ok: true, json: f.get('json', p.string) }
        : { type, to, id, ok: false, problem: f.get('problem', problem) };
    }
  }
});

const textName = p.word(['outcome', 'issue', 'plan']);

export const intent: p.Parse<Intent> = p.object((f): Intent => {
  const type = f.get('type', p.word(['set', 'count', 'void', 'switch', 'unswitch', 'link', 'unlink', 'write', 'have_read', 'step', 'take_back']));
  switch (type) {
    case 'set':
      return {
        type,
        field: f.get('field', p.word([
          'date', 'start', 'end', 'activity', 'title', 'occasion', 'venue', 'municipality', 'audience', 'dispatched_by',
          'association', 'medium', 'minutes', 'month',
        ])),
        value: f.get('value', (value) => (typeof value === 'number' ? p.integer(value) : p.nullable(p.string)(value))),
      };
    case 'count':
      return {
        type,
        measure: f.get('measure', p.string),
        by: f.get('by', p.integer),
        reason: f.get('reason', p.nullable(p.word(['undo', 'mistake', 'recount']))),
      };
    case 'void':
      return { type, measure: f.get('measure', p.string), seen: f.get('seen', p.integer), counts: f.get('counts', p.nullable(p.dictionary(p.integer))) };
    case 'switch':
      return { type, to: f.get('to', p.word(['band', 'audience'])), mark: f.get('mark', p.string) };
    case 'unswitch':
      return { type, mark: f.get('mark', p.string) };
    case 'link':
    case 'unlink':
      return { type, link: f.get('link', p.string) };
    case 'write':
      return { type, text: f.get('text', textName), base: f.get('base', p.string), value: f.get('value', p.string) };
    case 'have_read':
      return { type, text: f.get('text', textName), sentences: f.get('sentences', p.array(p.string)) };
    case 'step':
      return {
        type,
        state: f.get('state', p.word([
          'requested', 'offered', 'confirmed', 'held', 'reported', 'settled', 'cancelled', 'postponed',
        ])),
        reason: f.get('reason', p.nullable(p.word(['infection', 'lecturer', 'few_people', 'weather', 'other']))),
      };
    case 'take_back':
      return { type, steps: f.get('steps', p.array(p.string)) };
  }
});

const command: p.Parse<Command> = p.object((f): Command => {
  const type = f.get('type', p.word(['stage', 'enrol', 'enrol_again', 'enter_pass', 'unlock', 'recover', 'add_person', 'dismiss', 'lock', 'ping', 'record', 'sync', 'network', 'view', 'summary', 'list', 'figures', 'registry']));
  switch (type) {
    case 'enrol':
      return { type, code: f.get('code', p.string), device_name: f.get('device_name', p.string), pin: f.get('pin', p.string) };
    case 'enrol_again':
    case 'enter_pass':
      return { type, code: f.get('code', p.string) };
    case 'unlock':
      return { type, person: f.get('person', p.string), pin: f.get('pin', p.string) };
    case 'recover':
      return { type, person: f.get('person', p.string), code: f.get('code', p.string), pin: f.get('pin', p.string) };
    case 'add_person':
      return { type, code: f.get('code', p.string), pin: f.get('pin', p.string) };
    case 'dismiss':
      return { type, person: f.get('person', p.string) };
    case 'record':
      return {
        type,
        document: f.get('document', documentId),
        kind: f.get('kind', p.word(['session', 'consultation'])),
        intent: f.get('intent', intent),
        typing: f.get('typing', p.nullable(p.object((t) => ({ place: t.get('place', p.string), ends: t.get('ends', p.boolean) })))),
      };
    case 'network':
      return { type, online: f.get('online', p.boolean) };
    case 'view':
    case 'summary':
      return { type, document: f.get('document', documentId) };
    case 'figures':
      return { type, year: f.get('year', p.integer), scope: f.get('scope', p.string) };
    case 'stage':
    case 'lock':
    case 'ping':
    case 'sync':
    case 'list':
    case 'registry':
      return { type };
  }
});

export const request: p.Parse<Request> = p.object((f) => ({
  type: f.get('type', p.word(['request'])),
  from: f.get('from', p.string),
  id: f.get('id', p.integer),
  command: f.get('command', command),
}));
