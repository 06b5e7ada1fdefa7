// Tablets as the server tells of them.

import * as p from '../../core/parse';

const named = p.object((f) => ({ id: f.get('id', p.string), name: f.get('name', p.string) }));

const tablet = p.object((f) => ({
  device: f.get('device', p.string),
  name: f.get('name', p.string),
  person: f.get('person', named),
  role: f.get('role', p.string),
  organisation: f.get('organisation', p.string),
  enrolled_at: f.get('enrolled_at', p.integer),
  last_seen_at: f.get('last_seen_at', p.nullable(p.integer)),
  clock_offset_ms: f.get('clock_offset_ms', p.nullable(p.integer)),
  revoked_at: f.get('revoked_at', p.nullable(p.integer)),
  holder_gone: f.get('holder_gone', p.boolean),
  held: f.get('held', p.integer),
  copied_at: f.get('copied_at', p.nullable(p.integer)),
  recoverable: f.get('recoverable', p.boolean),
  may_revoke: f.get('may_revoke', p.boolean),
  pass: f.get('pass', p.nullable(p.object((a) => ({
    document: a.get('document', p.string), title: a.get('title', p.nullable(p.string)), date: a.get('date', p.nullable(p.string)), ends_at: a.get('ends_at', p.integer),
  })))),
}));
export type Tablet = ReturnType<typeof tablet>;

const holder = p.object((f) => ({ person: f.get('person', named), role: f.get('role', p.string), organisation: f.get('organisation', p.string) }));
export type Holder = ReturnType<typeof holder>;
const holders = p.array(holder);

export const tabletPage = p.object((f) => ({ as_of: f.get('as_of', p.integer), tablets: f.get('tablets', p.array(tablet)), holders: f.get('holders', holders) }));

export type TabletPage = ReturnType<typeof tabletPage>;

export const tabletDetail = p.object((f) => ({
  as_of: f.get('as_of', p.integer),
  tablet: f.get('tablet', tablet),
  own_records: f.get('own_records', p.array(p.object((r) => ({
    document: r.get('document', p.string), title: r.get('title', p.nullable(p.string)), date: r.get('date', p.nullable(p.string)),
  })))),
  holders: f.get('holders', holders),
}));

/** A code to be scanned. */
export interface ScanCode {
  readonly code: string;
  readonly path: string;
  readonly size: number;
  readonly expires_at: number;
}

const scanned = (f: p.Fields): ScanCode => ({
  code: f.get('code', p.string),
  path: f.get('path', p.string),
  size: f.get('size', p.integer),
  expires_at: f.get('expires_at', p.integer),
});

export const scanCode = p.object(scanned);

export const dayPassCode = p.object((f) => ({ ...scanned(f), ends_at: f.get('ends_at', p.integer) }));

export const pinCode = p.object((f) => ({ code: f.get('code', p.string), expires_at: f.get('expires_at', p.integer) }));
