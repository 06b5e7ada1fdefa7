// What keeps the tablet's disk unreadable: every row is sealed with AES-GCM under one random data key. The data key is kept
// sealed once for each person, under a key derived from their PIN, and once for the way back in when PINs are lost.
//
// A day pass may do without a PIN: its holder has minutes, the device is their own and locks itself, and nothing of it stays
// after the day. Its data key is sealed under a key that cannot leave the browser.
//
// Invariants: neither the data key nor anything of a record is on the disk in clear; a try counts before it is tried, so
// that closing the app gives no further tries; each person's wrong tries and wait are their own, and nobody else ends them;
// a wait passes while the app runs, whatever the tablet's clock says; a sealed row fits only its own place.

import * as p from '../core/parse';
import type { Row, Write } from './core';
import { type TabletKey, tabletKey } from './proof';
import type { Mark, Store, Stored } from './store';
import { type Credential, credentialText, type Granted } from './transport';

const VAULT = 'vault';
const KEY = 'key';
const CREDENTIAL = 'credential';
const OVER = 'over';
/** Of PBKDF2 with SHA-256. */
export const ROUNDS = 600_000;
const IV_BYTES = 12;
/** Wrong tries without a wait; after that each wait is twice the last. */
const FREE_TRIES = 3;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 900_000;

type Bytes = Uint8Array<ArrayBuffer>;

export interface Person {
  readonly id: string;
  readonly name: string;
}

interface Slot {
  readonly id: string;
  readonly name: Bytes;
  readonly salt: Bytes;
  readonly rounds: number;
  readonly wrapped: Bytes;
  /** Wrong PINs since the last right one. */
  readonly failures: number;
  /** By the tablet's clock, ms; no wait is reckoned from it. */
  readonly tried_at: number;
}

interface Kept {
  readonly device: string;
  /** Seals names and wrapped keys, so that nothing of them is readable on a copied disk; cannot leave the browser. */
  readonly door: CryptoKey;
  readonly slots: readonly Slot[];
  readonly recovery: Bytes;
}

const bytes: p.Parse<Bytes> = (value, path) => {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new Error(`${path}: not bytes`);
};
/** As another worker sends it. */
export const opened: p.Parse<Opened> = p.object((f) => ({
  data: f.get('data', bytes),
  person: f.get('person', p.object((one) => ({ id: one.get('id', p.string), name: one.get('name', p.string) }))),
}));
const cryptoKey: p.Parse<CryptoKey> = (value, path) => {
  if (value instanceof CryptoKey) return value;
  throw new Error(`${path}: not a key`);
};
/** Where the tries of all people are counted together, they count for each. */
const kept: p.Parse<Kept> = p.object((f) => {
  const shared = f.get('failures', p.integer);
  const sharedAt = f.get('tried_at', p.integer);
  return {
    device: f.get('device', p.string),
    door: f.get('door', cryptoKey),
    slots: f.get('slots', p.list(p.object((s) => ({
      id: s.get('id', p.string), name: s.get('name', bytes), salt: s.get('salt', bytes), rounds: s.get('rounds', p.integer), wrapped: s.get('wrapped', bytes),
      failures: s.get('failures', p.nullable(p.integer)) ?? shared, tried_at: s.get('tried_at', p.nullable(p.integer)) ?? sharedAt,
    })))),
    recovery: f.get('recovery', bytes),
  };
});

/** As it goes to the disk. A tab with an older version of the app finds the tries of all people counted together. */
function keptValue(vault: Kept): Readonly<Record<string, unknown>> {
  const most = (of: (slot: Slot) => number): number => Math.max(0, ...vault.slots.map(of));
  return { [VAULT]: { ...vault, failures: most((slot) => slot.failures), tried_at: most((slot) => slot.tried_at) } };
}

/** The vault with this slot, in the place of the person's former one when there is one. */
function withSlot(vault: Kept, slot: Slot): Kept {
  const known = vault.slots.some((one) => one.id === slot.id);
  return { ...vault, slots: known ? vault.slots.map((one) => (one.id === slot.id ? slot : one)) : [...vault.slots, slot] };
}

const text = (value: string): Bytes => new TextEncoder().encode(value);
const random = (count: number): Bytes => crypto.getRandomValues(new Uint8Array(count));

async function seal(key: CryptoKey, place: string, plain: Bytes): Promise<Bytes> {
  const iv = random(IV_BYTES);
  const body = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: text(place) }, key, plain);
  const sealed = new Uint8Array(IV_BYTES + body.byteLength);
  sealed.set(iv);
  sealed.set(new Uint8Array(body), IV_BYTES);
  return sealed;
}

/** null: another key, another place, or damaged. */
async function unseal(key: CryptoKey, place: string, sealed: Bytes): Promise<Bytes | null> {
  try {
    const iv = sealed.subarray(0, IV_BYTES);
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: text(place) }, key, sealed.subarray(IV_BYTES)));
  } catch {
    return null;
  }
}

const aes = (raw: Bytes): Promise<CryptoKey> => crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);

async function pinKey(pin: string, salt: Bytes, rounds: number): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', text(pin.normalize('NFKC')), 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds };
  return crypto.subtle.deriveKey(how, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

const hex = (raw: Bytes): string => Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (digits: string): Bytes => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** An unlocked tablet: its data key and who unlocked it. In the memory of workers only, never on the disk. */
export interface Opened {
  readonly data: Bytes;
  readonly person: Person;
}

/** The open tablet: rows as the core wrote them, and the credential. Held in memory only. */
export interface Room {
  readonly data: Bytes;
  rows(): Promise<readonly Row[]>;
  /** `mark`: the command that is carried out by it. */
  write(writes: readonly Write[], mark?: Mark): Promise<Stored>;
  /** Whether this worker still leads. */
  leads(): Promise<Stored>;
  credential(): Promise<Credential | null>;
  keep(credential: Credential): Promise<Stored>;
  /** Lets a further person in, or gives one a new PIN. */
  admit(person: Person, pin: string): Promise<Stored>;
  /** Takes a person off the tablet; never who unlocked it, and never the last one. What they recorded stays. */
  dismiss(person: string): Promise<Dismissed>;
}

export type Dismissed = Stored | { readonly ok: false; readonly fault: 'not_dismissed' };

export type Unlocked =
  | { readonly ok: true; readonly room: Room; readonly person: Person }
  | { readonly ok: false; readonly code: 'wrong_pin' | 'wait' | 'storage' }
  /** The code is for somebody else, who does or does not use this tablet. */
  | { readonly ok: false; readonly code: 'code_of_another' | 'code_of_stranger'; readonly name: string };

export interface Waiting extends Person {
  /** From when on their PIN is taken, ms by the steady clock. */
  readonly opens_at: number;
}

export interface Door {
  readonly device: string;
  readonly people: readonly Waiting[];
  /** Who comes in without a PIN. */
  readonly open: string | null;
}

export interface Vault {
  /** Whether a command is durable, as far as the disk was read last; also while the tablet is locked. */
  isDone(mark: Mark): boolean;
  /** Who may unlock this tablet, and from when on; null: it has no PIN yet. */
  door(): Promise<Door | null>;
  /** A new data key under the first person's PIN, or under none; what is on the disk in clear is sealed. */
  found(credential: Credential, pin: string | null, recovery: string): Promise<{ readonly ok: true; readonly room: Room } | Exclude<Stored, { ok: true }>>;
  unlock(person: string, pin: string): Promise<Unlocked>;
  /** Goes on where another worker of this browser ended. */
  resume(opened: Opened): Promise<Unlocked>;
  /** Opens with the server's half of the way back in, and gives the person a new PIN: only whom the half is for. */
  recover(granted: Granted, person: string, pin: string): Promise<Unlocked>;
  /** Takes everything off the disk. Only when the day pass that was here ended stays. */
  forget(endsAt: number | null): Promise<Stored>;
  /** When the day pass that was here ended, ms; null: none was. */
  ended(): Promise<number | null>;
  /** The tablet's key, which is there while it is locked too. */
  key(): Promise<TabletKey | null>;
}

function sealCredential(key: CryptoKey, { token, identity }: Credential): Promise<Bytes> {
  return seal(key, CREDENTIAL, text(JSON.stringify({ token, identity })));
}

/** A new half for the server. */
export const newRecovery = (): string => hex(random(32));

export function waitAfter(failures: number): number {
  return failures < FREE_TRIES ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (failures - FREE_TRIES), LONGEST_WAIT_MS);
}

export interface VaultDeps {
  readonly store: Store;
  readonly now: () => number;
  /** Ms that only ever grow, however the tablet's clock is set. */
  readonly steady: () => number;
  readonly rounds?: number;
}

export function createVault(deps: VaultDeps): Vault {
  const { store, rounds = ROUNDS } = deps;
  // a worker that was waiting for its turn to lead has not seen the tries before
  const begun = deps.steady();
  const tried = new Map<string, number>();
  let last: Promise<unknown> = Promise.resolve();

  /** What reads the vault and writes it goes one after the other, so that no try and no person is lost. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const mine = last.then(act);
    last = mine.catch(() => undefined);
    return mine;
  };

  const read = async (): Promise<Kept | null> => {
    const found = p.attempt(kept, await store.read(VAULT));
    return found.ok ? found.value : null;
  };

  const nameOf = async (vault: Kept, { id, name }: Slot): Promise<string> => {
    const plain = await unseal(vault.door, `name/${id}`, name);
    return plain === null ? '' : new TextDecoder().decode(plain);
  };

  /** A start of the app begins the wait anew. */
  const opensAt = ({ id, failures }: Slot): number => {
    const wait = waitAfter(failures);
    return wait === 0 ? 0 : (tried.get(id) ?? begun) + wait;
  };

  /** No rounds: no PIN. */
  const slotOf = async (door: CryptoKey, data: Bytes, person: Person, pin: string | null): Promise<Slot> => {
    const salt = random(16);
    const inner = pin === null ? data : await seal(await pinKey(pin, salt, rounds), `pin/${person.id}`, data);
    return {
      id: person.id, salt, rounds: pin === null ? 0 : rounds, failures: 0, tried_at: 0,
      name: await seal(door, `name/${person.id}`, text(person.name)),
      wrapped: await seal(door, `slot/${person.id}`, inner),
    };
  };

  const admit = async (data: Bytes, person: Person, pin: string): Promise<Stored> => {
    const vault = await read();
    if (vault === null) return { ok: false, fault: 'storage' };
    return store.keep(keptValue(withSlot(vault, await slotOf(vault.door, data, person, pin))));
  };

  const dismiss = async (id: string, by: string): Promise<Dismissed> => {
    const vault = await read();
    if (vault === null) return { ok: false, fault: 'storage' };
    const slots = vault.slots.filter((one) => one.id !== id);
    if (id === by || slots.length === 0) return { ok: false, fault: 'not_dismissed' };
    return store.keep(keptValue({ ...vault, slots }));
  };

  const room = async (data: Bytes, opener: Person): Promise<Room> => {
    const key = await aes(data);
    return {
      data,
      async rows() {
        const sealed = await store.rows();
        const opened = await Promise.all(sealed.map(async ({ table, key: name, value }) => {
          const plain = await unseal(key, `${table}/${name}`, new Uint8Array(value));
          // what cannot be opened goes to the core as it is: it asks the server for such a row
          return { table, key: name, value: plain ?? value };
        }));
        return opened;
      },
      async write(writes, mark) {
        const sealed = await Promise.all(writes.map(async (write) => ({
          ...write,
          value: write.value === null ? null : await seal(key, `${write.table}/${write.key}`, new Uint8Array(write.value)),
        })));
        return store.write(sealed, {}, mark);
      },
      leads: () => store.leads(),
      async credential() {
        const sealed = p.attempt(bytes, await store.read(CREDENTIAL));
        const own = p.attempt(tabletKey, await store.read(KEY));
        if (!sealed.ok || !own.ok) return null;
        const plain = await unseal(key, CREDENTIAL, sealed.value);
        const parsed = plain === null ? null : p.attempt((value) => p.json(credentialText, p.string(value)), new TextDecoder().decode(plain));
        return parsed?.ok === true ? { ...parsed.value, key: own.value } : null;
      },
      async keep(credential) {
        return store.keep({ [CREDENTIAL]: await sealCredential(key, credential), [KEY]: credential.key });
      },
      admit: (person, pin) => inTurn(() => admit(data, person, pin)),
      dismiss: (person) => inTurn(() => dismiss(person, opener.id)),
    };
  };

  const unlock = async (id: string, pin: string): Promise<Unlocked> => {
    const vault = await read();
    const slot = vault?.slots.find((one) => one.id === id);
    if (vault === null || slot === undefined) return { ok: false, code: 'wrong_pin' };
    const person = { id, name: await nameOf(vault, slot) };
    const inner = await unseal(vault.door, `slot/${id}`, slot.wrapped);
    if (slot.rounds === 0) return inner === null ? { ok: false, code: 'storage' } : { ok: true, room: await room(inner, person), person };
    if (deps.steady() < opensAt(slot)) return { ok: false, code: 'wait' };
    // counted before it is tried
    const counted = await store.keep(keptValue(withSlot(vault, { ...slot, failures: slot.failures + 1, tried_at: deps.now() })));
    if (!counted.ok) return { ok: false, code: 'storage' };
    tried.set(id, deps.steady());
    const data = inner === null ? null : await unseal(await pinKey(pin, slot.salt, slot.rounds), `pin/${id}`, inner);
    if (data === null) return { ok: false, code: 'wrong_pin' };
    await store.keep(keptValue(withSlot(vault, { ...slot, failures: 0, tried_at: 0 })));
    return { ok: true, room: await room(data, person), person };
  };

  const recover = async ({ half, person: whose }: Granted, id: string, pin: string): Promise<Unlocked> => {
    const vault = await read();
    if (vault === null) return { ok: false, code: 'storage' };
    const slot = vault.slots.find((one) => one.id === whose.id);
    if (slot === undefined) return { ok: false, code: 'code_of_stranger', name: whose.name };
    const person = { id: slot.id, name: await nameOf(vault, slot) };
    if (slot.id !== id) return { ok: false, code: 'code_of_another', name: person.name };
    const data = await unseal(await aes(unhex(half)), 'recovery', vault.recovery);
    if (data === null) return { ok: false, code: 'wrong_pin' };
    const stored = await admit(data, person, pin);
    return stored.ok ? { ok: true, room: await room(data, person), person } : { ok: false, code: 'storage' };
  };

  return {
    isDone: (mark) => store.isDone(mark),
    async door() {
      const vault = await read();
      if (vault === null) return null;
      const people = await Promise.all(vault.slots.map(async (slot) => ({ id: slot.id, name: await nameOf(vault, slot), opens_at: opensAt(slot) })));
      return { device: vault.device, people, open: vault.slots.find((slot) => slot.rounds === 0)?.id ?? null };
    },
    async found(credential, pin, recovery) {
      const data = random(32);
      const door = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
      const { identity } = credential;
      const key = await aes(data);
      const rows = await Promise.all((await store.rows()).map(async (row) => ({
        ...row, value: await seal(key, `${row.table}/${row.key}`, new Uint8Array(row.value)),
      })));
      const vault: Kept = {
        device: identity.device, door,
        slots: [await slotOf(door, data, identity.person, pin)],
        recovery: await seal(await aes(unhex(recovery)), 'recovery', data),
      };
      const opened = await room(data, identity.person);
      const stored = await store.write(rows, {
        ...keptValue(vault), [KEY]: credential.key, [CREDENTIAL]: await sealCredential(key, credential),
      });
      return stored.ok ? { ok: true, room: opened } : stored;
    },
    unlock: (person, pin) => inTurn(() => unlock(person, pin)),
    resume: async ({ data, person }) => ({ ok: true, room: await room(data, person), person }),
    recover: (granted, person, pin) => inTurn(() => recover(granted, person, pin)),
    forget: (endsAt) => store.empty(endsAt === null ? {} : { [OVER]: endsAt }),
    async ended() {
      const found = p.attempt(p.integer, await store.read(OVER));
      return found.ok ? found.value : null;
    },
    async key() {
      const found = p.attempt(tabletKey, await store.read(KEY));
      return found.ok ? found.value : null;
    },
  };
}
