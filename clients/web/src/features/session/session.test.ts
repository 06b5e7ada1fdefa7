// Small rules of the session screen: duplicates, texts edited on two tablets.

import { describe, expect, it } from 'vitest';
import { entry, isDocumentId } from '../../core/records';
import { rebase } from '../../ui/field';
import { duplicatesOf } from './duplicates';

describe('duplicates', () => {
  it('finds the same place on the same day, however it is spelled', () => {
    const own = '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a01';
    if (!isDocumentId(own)) throw new Error('not an id');
    const other = entry({ document: own.replace('01', '02').replace('5a01', '5a02'), kind: 'session', group: 'planned', save_state: 'sent', date: '2024-11-21', municipality: '112119', venue: '児玉公民館　２階' });
    const place = { document: own, date: '2024-11-21', municipality: '112119', venue: '児玉公民館2階' };
    expect(duplicatesOf(place, [other])).toHaveLength(1);
    expect(duplicatesOf({ ...place, date: '2024-11-22' }, [other])).toHaveLength(0);
    expect(duplicatesOf({ ...place, venue: '' }, [other])).toHaveLength(0);
  });
});

describe('a text edited here and elsewhere at once', () => {
  it('keeps both when they touch different places', () => {
    expect(rebase('雨の日', '雨の日。12人', '大雨の日')).toBe('大雨の日。12人');
    expect(rebase('雨の日', '大雨の日', '雨の日。12人')).toBe('大雨の日。12人');
    expect(rebase('a', 'a', 'b')).toBe('b');
    expect(rebase('a', 'b', 'a')).toBe('b');
  });
  it('says when it cannot', () => {
    expect(rebase('abc', 'aXc', 'aYc')).toBeNull();
  });
});
