// Turns data from outside (worker messages, server answers, stored rows) into types, or says where it does not fit.
//
// Invariant: nothing is cast; a value has a type only after every part of it was looked at.

/** Data from outside that is not what it should be. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
  constructor(
    readonly path: string,
    expected: string,
  ) {
    super(`${path}: expected ${expected}`);
  }
}

export type Parse<T> = (value: unknown, path?: string) => T;

function fail(path: string | undefined, expected: string): never {
  throw new ParseError(path ?? '$', expected);
}

export const string: Parse<string> = (value, path) => (typeof value === 'string' ? value : fail(path, 'text'));

export const boolean: Parse<boolean> = (value, path) => (typeof value === 'boolean' ? value : fail(path, 'true or false'));

export const integer: Parse<number> = (value, path) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : fail(path, 'a whole number');

export const bytes: Parse<Uint8Array> = (value, path) => (value instanceof Uint8Array ? value : fail(path, 'bytes'));

/** `undefined` counts as null, so that a server may leave out what is empty. */
export function nullable<T>(parse: Parse<T>): Parse<T | null> {
  return (value, path) => (value === null || value === undefined ? null : parse(value, path));
}

export function array<T>(parse: Parse<T>): Parse<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return fail(path, 'a list');
    return value.map((item: unknown, index) => parse(item, `${path ?? '$'}[${index}]`));
  };
}

/** A list that may be left out. */
export function list<T>(parse: Parse<T>): Parse<readonly T[]> {
  const whole = array(parse);
  return (value, path) => (value === null || value === undefined ? [] : whole(value, path));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function dictionary<T>(parse: Parse<T>): Parse<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (!isRecord(value)) return fail(path, 'an object');
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, parse(item, `${path ?? '$'}.${key}`)]));
  };
}

/** One of a closed list of words. */
export function word<const T extends string>(words: readonly T[]): Parse<T> {
  return (value, path) => words.find((known) => known === value) ?? fail(path, words.join(' | '));
}

/** A word, or the given one when the word is not known here (a newer server may know more). */
export function wordOr<const T extends string>(words: readonly T[], otherwise: T): Parse<T> {
  return (value) => words.find((known) => known === value) ?? otherwise;
}

/** Reads the parts of an object by name. */
export interface Fields {
  get<T>(name: string, parse: Parse<T>): T;
}

export function object<T>(build: (fields: Fields) => T): Parse<T> {
  return (value, path) => {
    if (!isRecord(value)) return fail(path, 'an object');
    return build({ get: (name, parse) => parse(value[name], `${path ?? '$'}.${name}`) });
  };
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ParseError };

/** Parses without throwing. */
export function attempt<T>(parse: Parse<T>, value: unknown): Parsed<T> {
  try {
    return { ok: true, value: parse(value) };
  } catch (error) {
    if (error instanceof ParseError) return { ok: false, error };
    throw error;
  }
}

/** Parses JSON text. */
export function json<T>(parse: Parse<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ParseError('$', 'JSON');
  }
  return parse(value);
}
