// Answers on how long things are kept, parsed at the door.

import * as p from '../../core/parse';
import { named } from './shapes';

const subject = p.object((f) => ({
  subject: f.get('subject', p.string),
  years: f.get('years', p.nullable(p.integer)),
  suggested_years: f.get('suggested_years', p.integer),
  up_to: f.get('up_to', p.nullable(p.integer)),
  due: f.get('due', p.integer),
  by_year: f.get('by_year', p.array(p.object((y) => ({ fiscal_year: y.get('fiscal_year', p.nullable(p.integer)), count: y.get('count', p.integer) })))),
  list: f.get('list', p.string),
}));
export type Subject = ReturnType<typeof subject>;

const destruction = p.object((f) => ({
  destruction: f.get('destruction', p.string),
  subject: f.get('subject', p.string),
  up_to: f.get('up_to', p.integer),
  begun_at: f.get('begun_at', p.integer),
  begun_by: f.get('begun_by', named),
  reason: f.get('reason', p.string),
  finished_at: f.get('finished_at', p.nullable(p.integer)),
  count: f.get('count', p.integer),
}));
export type Destruction = ReturnType<typeof destruction>;

export const retention = p.object((f) => ({
  subjects: f.get('subjects', p.array(subject)),
  destructions: f.get('destructions', p.array(destruction)),
}));

export const begun = p.object((f) => f.get('destruction', p.string));
