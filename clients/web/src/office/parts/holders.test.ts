// Who is preselected for a tablet, whose PIN can be replaced, and which lecturer a person is.

import { describe, expect, it } from 'vitest';
import type { Lecturer } from '../../core/registry';
import type { Holder, Tablet } from '../api/devices';
import { firstHolder, lecturerOf, peopleOf } from './holders';

const sato = { id: 'pe-1', name: '佐藤' };
const yamada = { id: 'pe-2', name: '山田' };
const holders: readonly Holder[] = [
  { person: sato, role: 'coordinator', organisation: 'as-1' }, { person: sato, role: 'staff', organisation: 'as-1' }, { person: yamada, role: 'staff', organisation: 'as-1' },
];
const tablet: Tablet = {
  device: '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02', name: '1号機', person: sato, role: 'staff', organisation: 'as-1', enrolled_at: 1, last_seen_at: null,
  clock_offset_ms: null, revoked_at: null, holder_gone: false, held: 0, recoverable: true, may_revoke: true, pass: null, copied_at: null,
};

describe('holders of a tablet', () => {
  it('begin with who registered it, in their role, and with nobody when they are gone', () => {
    expect(firstHolder(holders, tablet)).toBe('pe-1 staff as-1');
    expect(firstHolder(holders, { ...tablet, role: 'municipal' })).toBe('pe-1 coordinator as-1');
    expect(firstHolder(holders, { ...tablet, person: { id: 'pe-9', name: '鈴木' } })).toBe('');
  });

  it('can have their PIN replaced, each once, and who registered it as long as they are there', () => {
    expect(peopleOf(holders, tablet)).toEqual([sato, yamada]);
    expect(peopleOf([], tablet)).toEqual([sato]);
    expect(peopleOf([], { ...tablet, holder_gone: true })).toEqual([]);
  });
});

describe('the lecturer that a person is', () => {
  const lecturer = (id: string, surname: string, given_name: string | null = null): Lecturer => ({ id, surname, given_name, title: '医師', affiliation: null, association: 'as-1', bank: true, in_training: false, registered_in: null, left_in: null, reading: '' });

  it('is the only one whose name theirs begins with', () => {
    const known = [lecturer('le-1', '富沢'), lecturer('le-2', '高橋', '一郎'), lecturer('le-3', '高橋', '花子')];
    expect(lecturerOf('富沢医師', known)).toBe('le-1');
    expect(lecturerOf('高橋　花子', known)).toBe('le-3');
    expect(lecturerOf('高橋', known)).toBe('');
    expect(lecturerOf('鈴木', known)).toBe('');
    expect(lecturerOf('富沢', [...known, lecturer('le-4', '富沢')]), 'two of that name').toBe('');
  });
});
