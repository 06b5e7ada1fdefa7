// Answers on people, organisations and the journal, parsed at the door.

import * as p from '../../core/parse';
import { named, text } from './shapes';

const role = p.object((f) => ({
  role: f.get('role', p.string),
  organisation: f.get('organisation', named),
  may_edit: f.get('may_edit', p.boolean),
}));
export type RoleOf = ReturnType<typeof role>;
export const roles = p.array(role);

const person = p.object((f) => ({
  person: f.get('person', p.string),
  name: f.get('name', p.string),
  reading: f.get('reading', text),
  disabled_at: f.get('disabled_at', p.nullable(p.integer)),
  signed_in_at: f.get('signed_in_at', p.nullable(p.integer)),
  roles: f.get('roles', roles),
  may_disable: f.get('may_disable', p.boolean),
  may_rename: f.get('may_rename', p.boolean),
}));
export type Person = ReturnType<typeof person>;

export const people = p.object((f) => ({
  people: f.get('people', p.array(person)),
  gives: f.get('gives', p.array(p.string)),
  only_organisation: f.get('only_organisation', text),
}));
export type People = ReturnType<typeof people>;

export const code = p.object((f) => ({ code: f.get('code', p.string), expires_at: f.get('expires_at', p.integer) }));
export type Code = ReturnType<typeof code>;

export const organisations = p.object((f) => ({
  tenant: f.get('tenant', p.object((t) => ({ code: t.get('code', p.string), name: t.get('name', p.string) }))),
  municipalities: f.get('municipalities', p.array(p.object((m) => ({
    code: m.get('code', p.string),
    name: m.get('name', p.string),
    medical_area: m.get('medical_area', p.string),
  })))),
  associations: f.get('associations', p.array(p.object((a) => ({
    id: a.get('id', p.string),
    name: a.get('name', p.string),
    municipalities: a.get('municipalities', p.array(p.string)),
    hub: a.get('hub', p.boolean),
  })))),
}));
export type Organisations = ReturnType<typeof organisations>;

const entry = p.object((f) => ({
  seq: f.get('seq', p.integer),
  at: f.get('at', p.integer),
  person: f.get('person', p.nullable(named)),
  role: f.get('role', p.string),
  device: f.get('device', p.nullable(named)),
  peer: f.get('peer', p.string),
  action: f.get('action', named),
  outcome: f.get('outcome', p.string),
  target: f.get('target', p.string),
  target_name: f.get('target_name', text),
  detail: f.get('detail', p.string),
  request: f.get('request', p.string),
}));
export type Entry = ReturnType<typeof entry>;

export const journal = p.object((f) => ({
  entries: f.get('entries', p.array(entry)),
  before: f.get('before', p.nullable(p.integer)),
  actions: f.get('actions', p.array(named)),
}));
export type Journal = ReturnType<typeof journal>;
