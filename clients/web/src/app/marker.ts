// Remembers, outside IndexedDB, that this tablet was in use and how much it had not sent, so that a store emptied by the
// browser is noticed and said.

import * as p from '../core/parse';

const KEY = 'tsudoi-in-use';

/** Null where the browser gives no storage. */
function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export interface Marker {
  readonly device_name: string;
  readonly unsent_records: number;
}

const marker: p.Parse<Marker> = p.object((f) => ({ device_name: f.get('device_name', p.string), unsent_records: f.get('unsent_records', p.integer) }));

export function readMarker(): Marker | null {
  const text = storage()?.getItem(KEY) ?? null;
  if (text === null) return null;
  try {
    return p.json(marker, text);
  } catch {
    return null;
  }
}

export function clearMarker(): void {
  storage()?.removeItem(KEY);
}

/** A full storage keeps the former one. */
export function writeMarker(value: Marker): void {
  try {
    storage()?.setItem(KEY, JSON.stringify(value));
  } catch {
    // nothing else depends on it
  }
}
