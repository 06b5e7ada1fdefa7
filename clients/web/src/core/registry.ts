// The registry as tablets hold it: read-only reference data, versioned by the server.

import * as p from './parse';

export interface Named {
  readonly id: string;
  readonly name: string;
}

export interface Municipality {
  readonly code: string;
  readonly name: string;
  readonly kana: string;
  readonly medical_area: string;
}

export interface Lecturer {
  readonly id: string;
  readonly surname: string;
  readonly given_name: string | null;
  readonly title: string | null;
  readonly affiliation: string | null;
  readonly association: string | null;
  readonly bank: boolean;
  readonly in_training: boolean;
  /** Starting years of the first and the last fiscal year in the bank; null: not known, or not over. */
  readonly registered_in: number | null;
  readonly left_in: number | null;
  /** How the name is read, in kana; '' where nobody stated it. */
  readonly reading: string;
}

/** 郡市医師会, or 在宅医療連携拠点. */
export interface Association extends Named {
  readonly hub: boolean;
  /** Codes of the municipalities it covers. */
  readonly municipalities: readonly string[];
}

export interface Material extends Named {
  readonly unit: string;
  readonly eligibilities: readonly Named[];
}

export interface Registry {
  readonly version: number;
  readonly municipalities: readonly Municipality[];
  readonly associations: readonly Association[];
  readonly lecturers: readonly Lecturer[];
  readonly materials: readonly Material[];
  readonly media: readonly Named[];
  readonly people: readonly Named[];
  readonly devices: readonly Named[];
}

export const named: p.Parse<Named> = p.object((f) => ({ id: f.get('id', p.string), name: f.get('name', p.string) }));
const text = p.nullable(p.string);

export const registry: p.Parse<Registry> = p.object((f) => ({
  version: f.get('version', p.integer),
  municipalities: f.get('municipalities', p.list(p.object((m) => ({
    code: m.get('code', p.string),
    name: m.get('name', p.string),
    kana: m.get('kana', text) ?? '',
    medical_area: m.get('medical_area', text) ?? '',
  })))),
  associations: f.get('associations', p.list(p.object((a) => ({
    id: a.get('id', p.string),
    name: a.get('name', p.string),
    hub: a.get('hub', p.nullable(p.boolean)) ?? false,
    municipalities: a.get('municipalities', p.list(p.string)),
  })))),
  lecturers: f.get('lecturers', p.list(p.object((l) => ({
    id: l.get('id', p.string),
    surname: l.get('surname', p.string),
    given_name: l.get('given_name', text),
    title: l.get('title', text),
    affiliation: l.get('affiliation', text),
    association: l.get('association', text),
    bank: l.get('bank', p.nullable(p.boolean)) ?? false,
    in_training: l.get('in_training', p.nullable(p.boolean)) ?? false,
    registered_in: l.get('registered_in', p.nullable(p.integer)),
    left_in: l.get('left_in', p.nullable(p.integer)),
    reading: l.get('reading', text) ?? '',
  })))),
  materials: f.get('materials', p.list(p.object((m) => ({
    id: m.get('id', p.string),
    name: m.get('name', p.string),
    unit: m.get('unit', text) ?? '',
    eligibilities: m.get('eligibilities', p.list(named)),
  })))),
  media: f.get('media', p.list(named)),
  people: f.get('people', p.list(named)),
  devices: f.get('devices', p.list(named)),
}));

export const EMPTY_REGISTRY: Registry = {
  version: 0, municipalities: [], associations: [], lecturers: [], materials: [], media: [], people: [], devices: [],
};

/** 富沢医師, or 富沢 when no title is known. */
export function lecturerName(lecturer: Lecturer): string {
  return `${lecturer.surname}${lecturer.given_name ? ` ${lecturer.given_name}` : ''}${lecturer.title ?? ''}`;
}

/** Lecturers as people look for them, by name as a list of names is sorted in Japanese. */
export function byName(lecturers: readonly Lecturer[]): readonly Lecturer[] {
  return [...lecturers].sort((a, b) => lecturerName(a).localeCompare(lecturerName(b), 'ja'));
}

/** The associations of a tablet's own area: those it holds, and those that cover a municipality it holds. */
export function ownAssociations(registry: Registry, scopes: readonly string[]): ReadonlySet<string> {
  const held = new Set(scopes);
  const own = registry.associations.filter(({ id, municipalities }) => held.has(`association:${id}`) || municipalities.some((code) => held.has(`municipality:${code}`)));
  return new Set(own.map(({ id }) => id));
}

/** The association that sends a lecturer: one of the bank is sent by their own. */
export function senderOf(lecturer: Lecturer): string | null {
  return lecturer.bank ? lecturer.association : null;
}

export function nameOf(list: readonly Named[], id: string | null): string | null {
  return list.find((item) => item.id === id)?.name ?? null;
}

export function municipalityName(registry: Registry, code: string | null): string | null {
  return registry.municipalities.find((item) => item.code === code)?.name ?? null;
}
