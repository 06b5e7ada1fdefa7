// Sums that remember what nobody reported.

import { describe, expect, it } from 'vitest';
import { entry } from '../../core/records';
import { summarise } from './summarise';

const id = (n: number): string => `3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a0${n}`;
const base = { kind: 'session', save_state: 'sent', state: 'held', group: 'held', activity: 'lecture' };

describe('summary', () => {
  const sums = summarise(
    [
      entry({ ...base, document: id(1), date: '2024-11-21', attendance: 18, tallies: { 'material.contact-card.age-75': 9, 'screening.viewers': null } }),
      entry({ ...base, document: id(2), date: '2025-02-01', attendance: null, tallies: {} }),
      entry({ ...base, document: id(3), date: '2025-04-01', attendance: 100, tallies: {} }),
      entry({ ...base, document: id(4), date: '2024-12-01', group: 'planned', state: 'confirmed' }),
    ],
    2024,
  );
  it('counts what was held in the fiscal year', () => {
    expect([sums.held, sums.planned]).toEqual([2, 1]);
  });
  it('sums what was reported and counts the gaps', () => {
    expect(sums.attendance).toEqual({ total: 18, unreported: 1 });
  });
  it('does not turn a gap into 0', () => {
    expect(sums.viewers).toEqual({ total: null, unreported: 1 });
    expect(sums.measures.get('material.contact-card.age-75')).toEqual({ total: 9, unreported: 0 });
  });
});
