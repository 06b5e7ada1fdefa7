// What the server answers, parsed at the door.

import * as p from '../../core/parse';

export interface Named {
  readonly id: string;
  readonly name: string;
}

export interface Figure {
  readonly total: number | null;
  readonly reported: number;
  readonly unreported: number;
  /** Query of /v1/records that lists the records behind. */
  readonly records: string;
}

export const GROUPS = ['planned', 'held', 'cancelled', 'postponed', 'conflict'] as const;
export type Group = (typeof GROUPS)[number];
export type Groups = Readonly<Record<Group, Figure>>;

export const text = p.nullable(p.string);
export const named = p.object((f) => ({ id: f.get('id', p.string), name: f.get('name', p.string) }));
const figure: p.Parse<Figure> = p.object((f) => ({
  total: f.get('total', p.nullable(p.integer)),
  reported: f.get('reported', p.integer),
  unreported: f.get('unreported', p.integer),
  records: f.get('records', p.string),
}));
const groups: p.Parse<Groups> = p.object((f) => ({
  planned: f.get('planned', figure),
  held: f.get('held', figure),
  cancelled: f.get('cancelled', figure),
  postponed: f.get('postponed', figure),
  conflict: f.get('conflict', figure),
}));

export interface Frame {
  readonly as_of: number;
  readonly fiscal_year: number;
  readonly fiscal_years: readonly number[];
  readonly reports_missing: number;
  readonly reports_missing_records: string;
  /** Records in no year that is offered. */
  readonly dates_doubtful: number;
  readonly dates_doubtful_records: string;
  readonly silent_tablets: readonly { readonly device: string; readonly name: string; readonly last_seen_at: number | null }[];
  readonly sample: boolean;
}

const frame = (f: p.Fields): Frame => ({
  as_of: f.get('as_of', p.integer),
  fiscal_year: f.get('fiscal_year', p.integer),
  fiscal_years: f.get('fiscal_years', p.array(p.integer)),
  reports_missing: f.get('reports_missing', p.integer),
  reports_missing_records: f.get('reports_missing_records', p.string),
  dates_doubtful: f.get('dates_doubtful', p.integer),
  dates_doubtful_records: f.get('dates_doubtful_records', p.string),
  silent_tablets: f.get('silent_tablets', p.array(p.object((t) => ({
    device: t.get('device', p.string),
    name: t.get('name', p.string),
    last_seen_at: t.get('last_seen_at', p.nullable(p.integer)),
  })))),
  sample: f.get('sample', p.boolean),
});

const reasons = p.array(p.object((f) => ({ reason: f.get('reason', text), count: f.get('count', figure) })));
export type Reasons = ReturnType<typeof reasons>;

const byLecturer = p.object((f) => ({
  named: f.get('named', p.array(p.object((l) => ({ lecturer: l.get('lecturer', named), dispatches: l.get('dispatches', groups) })))),
  among: f.get('among', p.array(p.object((l) => ({ lecturers: l.get('lecturers', p.array(named)), dispatches: l.get('dispatches', groups) })))),
  unnamed: f.get('unnamed', groups),
}));
export type ByLecturer = ReturnType<typeof byLecturer>;

const measures = p.array(p.object((f) => ({ measure: f.get('measure', p.string), figure: f.get('figure', figure) })));
export type Measures = ReturnType<typeof measures>;

const screenings = p.object((f) => ({
  count: f.get('count', figure),
  viewers: f.get('viewers', figure),
  by_occasion: f.get('by_occasion', p.array(p.object((o) => ({
    occasion: o.get('occasion', text),
    screenings: o.get('screenings', figure),
    viewers: o.get('viewers', figure),
  })))),
}));
export type Screenings = ReturnType<typeof screenings>;

export const recordItem = p.object((f) => ({
  document: f.get('document', p.string),
  kind: f.get('kind', p.string),
  activity: f.get('activity', text),
  title: f.get('title', text),
  occasion: f.get('occasion', text),
  date: f.get('date', text),
  month: f.get('month', text),
  municipality: f.get('municipality', p.nullable(named)),
  venue: f.get('venue', text),
  association: f.get('association', p.nullable(named)),
  dispatched_by: f.get('dispatched_by', p.nullable(named)),
  lecturers: f.get('lecturers', p.array(named)),
  among: f.get('among', p.boolean),
  state: f.get('state', p.string),
  group: f.get('group', p.string),
  reason: f.get('reason', text),
  attendance: f.get('attendance', p.nullable(p.integer)),
  viewers: f.get('viewers', p.nullable(p.integer)),
  value: f.get('value', p.nullable(p.integer)),
  conflict_count: f.get('conflict_count', p.integer),
  destroyed: f.get('destroyed', p.boolean),
}));
export type RecordItem = ReturnType<typeof recordItem>;

export const recordPage = p.object((f) => ({
  as_of: f.get('as_of', p.integer),
  total: f.get('total', p.integer),
  records: f.get('records', p.array(recordItem)),
}));
export type RecordPage = ReturnType<typeof recordPage>;

export const prefecture = p.object((f) => ({
  ...frame(f),
  prefecture: f.get('prefecture', named),
  bank: f.get('bank', p.object((b) => ({ registered: b.get('registered', p.nullable(p.integer)), unknown: b.get('unknown', p.integer), in_training: b.get('in_training', p.nullable(p.integer)) }))),
  dispatches: f.get('dispatches', groups),
  cancelled: f.get('cancelled', reasons),
  reach: f.get('reach', p.object((r) => ({
    reached: r.get('reached', p.integer),
    of: r.get('of', p.integer),
    not_reached: r.get('not_reached', p.array(named)),
  }))),
  attendance: f.get('attendance', figure),
  by_association: f.get('by_association', p.array(p.object((a) => ({ association: a.get('association', named), dispatches: a.get('dispatches', groups) })))),
  by_area: f.get('by_area', p.array(p.object((a) => ({
    medical_area: a.get('medical_area', text),
    municipalities: a.get('municipalities', p.integer),
    reached: a.get('reached', p.integer),
    dispatches: a.get('dispatches', groups),
  })))),
  by_municipality: f.get('by_municipality', p.array(p.object((m) => ({
    municipality: m.get('municipality', p.nullable(named)),
    kana: m.get('kana', p.string),
    medical_area: m.get('medical_area', p.string),
    dispatches: m.get('dispatches', groups),
  })))),
  by_lecturer: f.get('by_lecturer', byLecturer),
}));
export type Prefecture = ReturnType<typeof prefecture>;

const material = p.object((f) => ({
  material: f.get('material', named),
  unit: f.get('unit', p.string),
  figure: f.get('figure', figure),
  by_eligibility: f.get('by_eligibility', p.array(p.object((e) => ({ eligibility: e.get('eligibility', named), figure: e.get('figure', figure) })))),
  by_month: f.get('by_month', p.array(p.object((m) => ({ month: m.get('month', text), eligibility: m.get('eligibility', p.string), figure: m.get('figure', figure) })))),
}));
export type Material = ReturnType<typeof material>;

export const municipality = p.object((f) => ({
  ...frame(f),
  municipality: f.get('municipality', named),
  medical_area: f.get('medical_area', p.string),
  materials: f.get('materials', p.array(material)),
  activities: f.get('activities', p.array(p.object((a) => ({ activity: a.get('activity', text), records: a.get('records', groups) })))),
  dispatches: f.get('dispatches', groups),
  cancelled: f.get('cancelled', reasons),
  by_lecturer: f.get('by_lecturer', byLecturer),
  attendance: f.get('attendance', figure),
  measures: f.get('measures', measures),
  screenings: f.get('screenings', screenings),
  missing: f.get('missing', p.array(recordItem)),
}));
export type Municipality = ReturnType<typeof municipality>;

export const association = p.object((f) => ({
  ...frame(f),
  association: f.get('association', named),
  municipalities: f.get('municipalities', p.array(named)),
  dispatches: f.get('dispatches', groups),
  cancelled: f.get('cancelled', reasons),
  spread: f.get('spread', p.object((s) => ({
    cities: s.get('cities', p.integer),
    towns: s.get('towns', p.integer),
    villages: s.get('villages', p.integer),
    others: s.get('others', p.integer),
    unplaced: s.get('unplaced', figure),
  }))),
  by_lecturer: f.get('by_lecturer', byLecturer),
  by_municipality: f.get('by_municipality', p.array(p.object((m) => ({ municipality: m.get('municipality', p.nullable(named)), dispatches: m.get('dispatches', groups) })))),
  by_month: f.get('by_month', p.array(p.object((m) => ({ month: m.get('month', text), dispatches: m.get('dispatches', groups) })))),
  attendance: f.get('attendance', figure),
  training_count: f.get('training_count', figure),
  trainings: f.get('trainings', p.array(recordItem)),
  training_attendance: f.get('training_attendance', figure),
  meetings: f.get('meetings', p.array(p.object((m) => ({ title: m.get('title', text), records: m.get('records', groups) })))),
  consultations: f.get('consultations', figure),
  measures: f.get('measures', measures),
  screenings: f.get('screenings', screenings),
}));
export type Association = ReturnType<typeof association>;

/** One thing that changes do, or would do. */
export const effect = p.object((f) => ({
  kind: f.get('kind', p.string),
  name: f.get('name', p.string),
  shown: f.get('shown', text),
  before: f.get('before', text),
  after: f.get('after', text),
  by: f.get('by', p.nullable(p.integer)),
}));
export type Effect = ReturnType<typeof effect>;

export const author = p.object((f) => ({
  person: f.get('person', p.nullable(named)),
  device: f.get('device', p.nullable(named)),
  at: f.get('at', p.integer),
  why: f.get('why', text),
}));
export type Author = ReturnType<typeof author>;

export const recordDetail = p.object((f) => ({
  as_of: f.get('as_of', p.integer),
  document: f.get('document', p.string),
  kind: f.get('kind', p.string),
  fields: f.get('fields', p.dictionary(p.object((v) => ({
    value: v.get('value', p.string),
    name: v.get('name', text),
    alternatives: v.get('alternatives', p.array(p.object((a) => ({
      value: a.get('value', p.string),
      name: a.get('name', text),
      author: a.get('author', p.nullable(author)),
    })))),
  })))),
  tallies: f.get('tallies', p.array(p.object((t) => ({
    measure: t.get('measure', p.string),
    total: t.get('total', p.nullable(p.integer)),
    by_device: t.get('by_device', p.array(p.object((d) => ({ device: d.get('device', named), count: d.get('count', p.integer) })))),
    carried: t.get('carried', p.integer),
  })))),
  lecturers: f.get('lecturers', p.array(named)),
  among: f.get('among', p.boolean),
  texts: f.get('texts', p.dictionary(p.string)),
  steps: f.get('steps', p.array(p.object((s) => ({
    id: s.get('id', p.string),
    state: s.get('state', p.string),
    reason: s.get('reason', text),
    undoes: s.get('undoes', p.list(p.string)),
    taken_back: s.get('taken_back', p.nullable(p.boolean)) ?? false,
    author: s.get('author', p.nullable(author)),
  })))),
  state: f.get('state', p.string),
  group: f.get('group', p.string),
  reason: f.get('reason', text),
  attendance: f.get('attendance', p.nullable(p.integer)),
  conflict_count: f.get('conflict_count', p.integer),
  flags: f.get('flags', p.array(p.string)),
  history: f.get('history', p.array(p.object((h) => ({ author: h.get('author', author), effects: h.get('effects', p.nullable(p.array(effect))) })))),
}));
export type RecordDetail = ReturnType<typeof recordDetail>;

export const me = p.object((f) => ({
  person: f.get('person', named),
  role: f.get('role', p.string),
  organisation: f.get('organisation', p.string),
  may: f.get('may', p.array(p.string)),
  tenant: f.get('tenant', p.object((t) => ({ code: t.get('code', p.string), name: t.get('name', p.string) }))),
}));
export type Me = ReturnType<typeof me>;
