// Conditions of an address in words.

import { describe, expect, it } from 'vitest';
import { conditionsOf } from './conditions';
import type { Names } from './names';

const names: Names = {
  municipality: (code) => (code === '112119' ? '本庄市' : code),
  association: (id) => id,
  lecturerReading: () => '', lecturer: (id) => (id === 'le-1' ? '富沢医師' : id),
  material: () => null,
  medium: () => null,
};

const labels = (query: string): readonly string[] => conditionsOf(new URLSearchParams(query), names).map((one) => one.label);

describe('conditions', () => {
  it('says each in words, with the names of the registry', () => {
    expect(labels('municipality=112119&fiscal_year=2024&lecturer=le-1&is_dispatch=true')).toEqual([
      '年度：令和6年度', '市町村：本庄市', '講師：富沢医師', '派遣のみ',
    ]);
  });
  it('says what was not reported as such, and nothing of what it does not know', () => {
    expect(labels('municipality=none&limit=100&is_dispatch=false')).toEqual(['市町村：報告なし']);
  });
});
