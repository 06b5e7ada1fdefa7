// Answers on custody, healing and closed months, parsed at the door.

import * as p from '../../core/parse';
import { author, effect, named, text } from './shapes';

const decision = p.object((f) => ({
  decision: f.get('decision', p.string),
  at: f.get('at', p.integer),
  by: f.get('by', named),
  reason: f.get('reason', p.string),
}));

export const custody = p.object((f) => ({
  as_of: f.get('as_of', p.integer),
  entries: f.get('entries', p.array(p.object((e) => ({
    document: e.get('document', p.string),
    hash: e.get('hash', p.string),
    kind: e.get('kind', p.string),
    code: e.get('code', p.string),
    received_at: e.get('received_at', p.integer),
    device: e.get('device', named),
    title: e.get('title', text),
    venue: e.get('venue', text),
    date: e.get('date', text),
    decision: e.get('decision', p.nullable(decision)),
  })))),
  next: f.get('next', text),
}));
export type Custody = ReturnType<typeof custody>;

export const custodyDetail = p.object((f) => ({
  document: f.get('document', p.string),
  kind: f.get('kind', p.string),
  device: f.get('device', named),
  title: f.get('title', text),
  record_visible: f.get('record_visible', p.boolean),
  codes: f.get('codes', p.array(p.string)),
  received_at: f.get('received_at', p.integer),
  waiting: f.get('waiting', p.array(p.string)),
  decisions: f.get('decisions', p.array(decision)),
  brought_from: f.get('brought_from', p.array(named)),
  authors: f.get('authors', p.array(author)),
  effects: f.get('effects', p.array(effect)),
  fits: f.get('fits', p.boolean),
  cut: f.get('cut', p.boolean),
  may_decide: f.get('may_decide', p.boolean),
}));
export type CustodyDetail = ReturnType<typeof custodyDetail>;

export const decided = p.object((f) => f.get('changes', p.integer));

/** An answer without a body. */
export const nothing: p.Parse<null> = () => null;

export const healing = p.object((f) => ({
  changes: f.get('changes', p.integer),
  entries: f.get('entries', p.array(p.object((e) => ({
    device: e.get('device', named),
    at: e.get('at', p.integer),
    documents: e.get('documents', p.integer),
    changes: e.get('changes', p.integer),
  })))),
  damaged: f.get('damaged', p.array(p.object((d) => ({
    document: d.get('document', p.string),
    found_at: d.get('found_at', p.integer),
    title: d.get('title', text),
  })))),
}));

const closed = p.object((f) => ({ at: f.get('at', p.integer), by: f.get('by', named) }));

const month = p.object((f) => ({
  month: f.get('month', p.string),
  closed: f.get('closed', p.nullable(closed)),
  ended: f.get('ended', p.boolean),
  reports_missing: f.get('reports_missing', p.integer),
  reports_missing_records: f.get('reports_missing_records', p.string),
  corrections: f.get('corrections', p.integer),
}));
export type ClosingMonth = ReturnType<typeof month>;

export const closings = p.object((f) => ({
  fiscal_year: f.get('fiscal_year', p.integer),
  fiscal_years: f.get('fiscal_years', p.array(p.integer)),
  months: f.get('months', p.array(month)),
  may_close: f.get('may_close', p.boolean),
}));

const amount = p.object((f) => ({
  total: f.get('total', p.nullable(p.integer)),
  reported: f.get('reported', p.integer),
  unreported: f.get('unreported', p.integer),
}));
export type Amount = ReturnType<typeof amount>;

const correction = p.object((f) => ({
  measure: f.get('measure', p.string),
  municipality: f.get('municipality', p.nullable(named)),
  association: f.get('association', p.nullable(named)),
  reported: f.get('reported', amount),
  now: f.get('now', amount),
  difference: f.get('difference', p.integer),
}));
export type Correction = ReturnType<typeof correction>;

const RECORD_CHANGES = ['changed', 'added', 'moved', 'destroyed'] as const;

/** Of a record that the caller may not open nothing more is said. */
const changedRecord = p.object((f) => ({
  document: f.get('document', p.string),
  change: f.get('change', p.word(RECORD_CHANGES)),
  record_visible: f.get('record_visible', p.boolean),
  title: f.get('title', text),
  activity: f.get('activity', text),
  date: f.get('date', text),
  venue: f.get('venue', text),
  municipality: f.get('municipality', p.nullable(named)),
}));
export type ChangedRecord = ReturnType<typeof changedRecord>;

export const corrections = p.object((f) => ({
  month: f.get('month', p.string),
  closed: f.get('closed', p.nullable(closed)),
  corrections: f.get('corrections', p.array(correction)),
  records: f.get('records', p.array(changedRecord)),
  more: f.get('more', p.boolean),
}));
export type Corrections = ReturnType<typeof corrections>;
