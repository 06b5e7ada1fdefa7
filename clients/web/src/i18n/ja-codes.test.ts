// Every code that the server can answer or store has words; what the source of the server says is the list.

/// <reference types="vite/client" />
import { describe, expect, it } from 'vitest';
import { codes } from './ja-codes';
import { office } from './ja-office';
import { refusals } from './ja-refusals';

const doors = import.meta.glob<string>('../../../../backend/src/http/**/*.rs', { query: '?raw', import: 'default', eager: true });
const gate = import.meta.glob<string>('../../../../sync-core/src/gate/mod.rs', { query: '?raw', import: 'default', eager: true });

/** What a pattern finds in sources, each once. */
function found(sources: Readonly<Record<string, string>>, pattern: RegExp): readonly string[] {
  const all = Object.values(sources).flatMap((text) => [...text.matchAll(pattern)]);
  return [...new Set(all.flatMap(([, code]) => (code === undefined ? [] : [code])))].toSorted();
}

describe('words for codes', () => {
  it('stand for every refusal', () => {
    const known = new Set([
      ...found(doors, /"([a-z_]{3,40})",\s*(?:format!\(\s*)?"[^"]*[ぁ-ん]/g),
      ...found(doors, /StatusCode::[A-Z_]+,\s*"([a-z_]+)"/g),
      ...found(doors, /ApiError::proof\("([a-z_]+)"/g),
    ]);
    expect(known.size).toBeGreaterThan(40);
    expect([...known].filter((code) => refusals[code] === undefined)).toEqual([]);
    expect(office.journal.refusal('busy')).toBe('断りました：混み合っていました');
  });

  it('stand for every reason of custody', () => {
    const reasons = found(gate, /\(Self::\w+, "([a-z_]+)"\)/g);
    expect(reasons.length).toBeGreaterThan(10);
    expect(reasons.filter((code) => codes.custodyReason(code) === codes.custodyReason('unheard of'))).toEqual([]);
  });
});
