// The views of the core as the screens read them, with their parsers. Names follow the core's JSON.

import * as p from './parse';

export type DocumentId = string & { readonly __brand: 'DocumentId' };
export type DeviceId = string & { readonly __brand: 'DeviceId' };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isDocumentId(text: string): text is DocumentId {
  return UUID.test(text);
}

export function isDeviceId(text: string): text is DeviceId {
  return UUID.test(text);
}

export const documentId: p.Parse<DocumentId> = (value, path) => {
  const text = p.string(value, path);
  if (isDocumentId(text)) return text;
  throw new p.ParseError(path ?? '$', 'a document id');
};

export const deviceId: p.Parse<DeviceId> = (value, path) => {
  const text = p.string(value, path);
  if (isDeviceId(text)) return text;
  throw new p.ParseError(path ?? '$', 'a device id');
};

export const STATES = [
  'none', 'requested', 'offered', 'confirmed', 'held', 'reported', 'settled', 'cancelled', 'postponed',
] as const;
export const GROUPS = ['planned', 'held', 'cancelled', 'postponed', 'conflict'] as const;
export const REASONS = ['infection', 'lecturer', 'few_people', 'weather', 'other'] as const;
export const SAVE_STATES = ['saved', 'sent', 'agreed', 'held', 'declined'] as const;
export const TEXTS = ['outcome', 'issue', 'plan'] as const;
export const ACTIVITIES = [
  'lecture', 'round_table', 'public_lecture', 'visiting_lecture', 'training', 'booth', 'meeting', 'screening',
  'distribution', 'publicity', 'consultation',
] as const;

export type State = (typeof STATES)[number];
export type Group = (typeof GROUPS)[number];
export type Reason = (typeof REASONS)[number];
export type SaveState = (typeof SAVE_STATES)[number];
export type TextName = (typeof TEXTS)[number];
export type Activity = (typeof ACTIVITIES)[number];
export type StepState = Exclude<State, 'none'>;
export type Kind = 'session' | 'consultation';
export type FieldName =
  | 'date' | 'start' | 'end' | 'activity' | 'title' | 'occasion' | 'venue' | 'municipality' | 'audience'
  | 'dispatched_by' | 'association' | 'medium' | 'minutes' | 'month';
export type Value = string | number;

/** An edit as a person makes it. */
export type Intent =
  | { readonly type: 'set'; readonly field: FieldName; readonly value: Value | null }
  | { readonly type: 'count'; readonly measure: string; readonly by: number; readonly reason: null | 'undo' | 'mistake' | 'recount' }
  /** Back to "not reported"; `seen` is the total the person saw, `counts` how many of it each device had; null: from an older page. */
  | { readonly type: 'void'; readonly measure: string; readonly seen: number; readonly counts: Readonly<Record<string, number>> | null }
  /** Counts heads by another way from now on; `mark`: names the switch, so that it can be taken back. */
  | { readonly type: 'switch'; readonly to: 'band' | 'audience'; readonly mark: string }
  | { readonly type: 'unswitch'; readonly mark: string }
  | { readonly type: 'link' | 'unlink'; readonly link: string }
  /** `base`: the text as the person saw it. */
  | { readonly type: 'write'; readonly text: TextName; readonly base: string; readonly value: string }
  | { readonly type: 'have_read'; readonly text: TextName; readonly sentences: readonly string[] }
  | { readonly type: 'step'; readonly state: StepState; readonly reason: Reason | null }
  | { readonly type: 'take_back'; readonly steps: readonly string[] };

const kind = p.wordOr<Kind>(['session', 'consultation'], 'session');
/** The core leaves out the state of a record without steps. */
const state = p.wordOr<State>(STATES, 'none');
const group = p.wordOr<Group>(GROUPS, 'planned');
const saveState = p.wordOr<SaveState>(SAVE_STATES, 'saved');
const value: p.Parse<Value> = (input, path) => (typeof input === 'number' ? p.integer(input, path) : p.string(input, path));

export interface Author {
  readonly device: string | null;
  readonly by: string | null;
  readonly at: number | null;
}

export interface Alternative extends Author {
  readonly value: Value;
}

export interface Field {
  readonly value: Value;
  /** All differing values, the shown one among them; empty when there is no conflict. */
  readonly alternatives: readonly Alternative[];
}

export interface Tally {
  readonly measure: string;
  readonly total: number;
  readonly by_device: Readonly<Record<string, number>>;
  /** Heads carried over from the other way of counting them; part of the total. */
  readonly carried: number;
}

export interface Step extends Author {
  readonly id: string;
  readonly state: State;
  readonly reason: string | null;
  /** The steps it takes back; then it is no state itself. */
  readonly undoes: readonly string[];
  readonly taken_back: boolean;
  /** Whether the present state stems from it. */
  readonly present: boolean;
}

export interface HeldWork {
  /** Stable word for why. */
  readonly code: string;
  /** Changes. */
  readonly count: number;
  readonly declined: { readonly reason: string; readonly by: string; readonly at: number } | null;
}

/** A sentence that several people rewrote apart, by its name; both forms stand in the text. */
export interface Rewritten {
  readonly sentence: string;
  readonly by: readonly Author[];
}

/** A visit to a box in which something is being typed that is no edit yet; `ends`: the person left it. */
export interface Typing {
  readonly place: string;
  readonly ends: boolean;
}

export interface RecordView {
  readonly document: DocumentId;
  readonly kind: Kind;
  readonly fields: Readonly<Record<string, Field>>;
  readonly tallies: readonly Tally[];
  readonly links: readonly string[];
  readonly texts: Readonly<Record<TextName, string>>;
  readonly rewritten: Readonly<Partial<Record<TextName, readonly Rewritten[]>>>;
  readonly steps: readonly Step[];
  readonly state: State;
  readonly group: Group;
  readonly reason: string | null;
  readonly attendance: number | null;
  /** Whether heads were counted by both ways and do not come to the same for certain. */
  readonly attendance_differs: boolean;
  /** Measures whose number was typed by several apart. */
  readonly typed_apart: readonly string[];
  readonly save_state: SaveState;
  readonly agreed_at: number | null;
  /** Own work the server keeps aside, and what a person said to it. */
  readonly held: readonly HeldWork[];
  /** Visits to boxes in which something is being typed. */
  readonly drafts: readonly string[];
  readonly history: readonly Author[];
}

const author = (f: p.Fields): Author => ({
  device: f.get('device', p.nullable(p.string)),
  by: f.get('by', p.nullable(p.string)),
  at: f.get('at', p.nullable(p.integer)),
});

const field: p.Parse<Field> = p.object((f) => ({
  value: f.get('value', value),
  alternatives: f.get('alternatives', p.list(p.object((a) => ({ value: a.get('value', value), ...author(a) })))),
}));

export const recordView: p.Parse<RecordView> = p.object((f) => ({
  document: f.get('document', documentId),
  kind: f.get('kind', kind),
  fields: f.get('fields', p.dictionary(field)),
  tallies: f.get('tallies', p.list(p.object((t) => ({
    measure: t.get('measure', p.string),
    total: t.get('total', p.integer),
    by_device: t.get('by_device', p.dictionary(p.integer)),
    carried: t.get('carried', p.nullable(p.integer)) ?? 0,
  })))),
  links: f.get('links', p.list(p.string)),
  texts: f.get('texts', p.object((t) => ({
    outcome: t.get('outcome', p.nullable(p.string)) ?? '',
    issue: t.get('issue', p.nullable(p.string)) ?? '',
    plan: t.get('plan', p.nullable(p.string)) ?? '',
  }))),
  rewritten: f.get('rewritten', p.nullable(p.dictionary(p.array(p.object((r) => ({
    sentence: r.get('sentence', p.string),
    by: r.get('by', p.list(p.object(author))),
  })))))) ?? {},
  steps: f.get('steps', p.list(p.object((s) => ({
    id: s.get('id', p.string),
    state: s.get('state', state),
    reason: s.get('reason', p.nullable(p.string)),
    undoes: s.get('undoes', p.list(p.string)),
    taken_back: s.get('taken_back', p.nullable(p.boolean)) ?? false,
    present: s.get('present', p.nullable(p.boolean)) ?? false,
    ...author(s),
  })))),
  state: f.get('state', state),
  group: f.get('group', group),
  reason: f.get('reason', p.nullable(p.string)),
  attendance: f.get('attendance', p.nullable(p.integer)),
  attendance_differs: f.get('attendance_differs', p.boolean),
  typed_apart: f.get('typed_apart', p.nullable(p.array(p.string))) ?? [],
  save_state: f.get('save_state', saveState),
  agreed_at: f.get('agreed_at', p.nullable(p.integer)),
  held: f.get('held', p.list(p.object((h) => ({
    code: h.get('code', p.string),
    count: h.get('count', p.integer),
    declined: h.get('declined', p.nullable(p.object((d) => ({
      reason: d.get('reason', p.string), by: d.get('by', p.string), at: d.get('at', p.integer),
    })))),
  })))),
  drafts: f.get('drafts', p.list(p.string)),
  history: f.get('history', p.list(p.object(author))),
}));

/** One line of a list. */
export interface Entry {
  readonly document: DocumentId;
  readonly kind: Kind;
  readonly activity: string | null;
  readonly title: string | null;
  readonly occasion: string | null;
  readonly date: string | null;
  readonly start: string | null;
  readonly fiscal_year: number | null;
  readonly venue: string | null;
  readonly municipality: string | null;
  readonly association: string | null;
  readonly dispatched_by: string | null;
  readonly state: State;
  readonly group: Group;
  readonly attendance: number | null;
  readonly tallies: Readonly<Record<string, number | null>>;
  readonly conflict_count: number;
  readonly save_state: SaveState;
  readonly agreed_at: number | null;
}

const text = p.nullable(p.string);

export const entry: p.Parse<Entry> = p.object((f) => ({
  document: f.get('document', documentId),
  kind: f.get('kind', kind),
  activity: f.get('activity', text),
  title: f.get('title', text),
  occasion: f.get('occasion', text),
  date: f.get('date', text),
  start: f.get('start', text),
  fiscal_year: f.get('fiscal_year', p.nullable(p.integer)),
  venue: f.get('venue', text),
  municipality: f.get('municipality', text),
  association: f.get('association', text),
  dispatched_by: f.get('dispatched_by', text),
  state: f.get('state', state),
  group: f.get('group', group),
  attendance: f.get('attendance', p.nullable(p.integer)),
  tallies: f.get('tallies', p.nullable(p.dictionary(p.nullable(p.integer)))) ?? {},
  conflict_count: f.get('conflict_count', p.nullable(p.integer)) ?? 0,
  save_state: f.get('save_state', saveState),
  agreed_at: f.get('agreed_at', p.nullable(p.integer)),
}));

/** Sorts records by when they were. One without a date stands before all of its fiscal year, without a year before everything. */
export function whenOf(entry: Entry): string {
  return `${entry.date ?? `${entry.fiscal_year ?? 0}-04-00`} ${entry.start ?? ''} ${entry.document}`;
}

export const entries: p.Parse<readonly Entry[]> = p.array(entry);

/** A record nobody has entered anything into; the core does not hold it yet. */
/** A figure summed up over records. */
export interface Sum {
  /** Records with a number. */
  readonly reported: number;
  /** Records that should have a number and have none. */
  readonly unreported: number;
  readonly total: number;
}

/** By the core's id of the figure. */
export type Sums = Readonly<Record<string, Sum>>;

export const sums: p.Parse<Sums> = p.dictionary(p.object((f) => ({
  reported: f.get('reported', p.integer), unreported: f.get('unreported', p.integer), total: f.get('total', p.integer),
})));

export function blankView(document: DocumentId, first: readonly Intent[]): RecordView {
  const fields: Record<string, Field> = {};
  for (const intent of first) {
    if (intent.type === 'set' && intent.value !== null) fields[intent.field] = { value: intent.value, alternatives: [] };
  }
  const links = first.flatMap((intent) => (intent.type === 'link' ? [intent.link] : []));
  return {
    document, kind: 'session', fields, tallies: [], links, texts: { outcome: '', issue: '', plan: '' }, rewritten: {}, steps: [], state: 'none',
    group: 'planned', reason: null, attendance: null, attendance_differs: false, typed_apart: [], save_state: 'saved', agreed_at: null, held: [], drafts: [], history: [],
  };
}

/** The shown text of a field; null when it has none. */
export function fieldText(view: RecordView, name: FieldName): string | null {
  const found = view.fields[name];
  return found === undefined ? null : String(found.value);
}

export function tally(view: RecordView, measure: string): Tally | null {
  return view.tallies.find((candidate) => candidate.measure === measure) ?? null;
}
