// What a record begins with, on a tablet of an organisation and on a lecturer's own.

import { describe, expect, it } from 'vitest';
import { type Identity, identity } from '../core/protocol';
import { blankView, isDocumentId } from '../core/records';
import { EMPTY_REGISTRY, type Lecturer, type Registry } from '../core/registry';
import { firstIntents } from './new-record';

const TODAY = '2026-11-21';
const DOCUMENT = '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a01';

function tablet(role: string, organisation: string, scopes: readonly string[]): Identity {
  return identity({
    device: '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a02', device_name: '1号機', person: { id: 'pe-1', name: '富沢' }, role, organisation,
    tenant: { code: '11', name: '埼玉県' }, scopes,
  });
}

function known(bank: boolean): Registry {
  const lecturer: Lecturer = { id: 'le-1', surname: '富沢', given_name: null, title: '医師', affiliation: null, association: 'as-1', bank, in_training: false, registered_in: null, left_in: null, reading: '' };
  return { ...EMPTY_REGISTRY, lecturers: [lecturer, { ...lecturer, id: 'le-2', association: 'as-2' }] };
}

const date = { type: 'set', field: 'date', value: TODAY };
const association = { type: 'set', field: 'association', value: 'as-1' };
const speaks = { type: 'link', link: 'lecturer/le-1' };
const sent = { type: 'set', field: 'dispatched_by', value: 'as-1' };

describe('a new record', () => {
  it('names the only municipality and the only association of the tablet, and no lecturer', () => {
    expect(firstIntents(tablet('staff', '112119', ['municipality:112119']), known(true), TODAY)).toEqual([date, { type: 'set', field: 'municipality', value: '112119' }]);
    expect(firstIntents(tablet('coordinator', 'as-1', ['association:as-1']), known(true), TODAY)).toEqual([date, association]);
    expect(firstIntents(tablet('staff', 'as-9', ['association:as-9', 'municipality:1', 'municipality:2']), known(true), TODAY)).toEqual([date, { ...association, value: 'as-9' }]);
  });

  it('belongs to the lecturer and to their association on the lecturer\'s own tablet', () => {
    const own = tablet('lecturer', 'as-1', ['lecturer:le-1']);
    expect(firstIntents(own, known(true), TODAY)).toEqual([date, association, speaks, sent]);
    expect(firstIntents(own, known(false), TODAY), 'nobody sends who is not of the bank').toEqual([date, association, speaks]);
    expect(firstIntents(own, EMPTY_REGISTRY, TODAY), 'before the registry has come').toEqual([date, association, speaks]);
    expect(firstIntents(tablet('lecturer', 'as-1', ['lecturer:le-1', 'association:as-1']), known(true), TODAY)).toEqual([date, association, speaks, sent]);
  });

  it('shows its lecturer before anything is recorded', () => {
    if (!isDocumentId(DOCUMENT)) throw new Error('not an id');
    const view = blankView(DOCUMENT, firstIntents(tablet('lecturer', 'as-1', ['lecturer:le-1']), known(true), TODAY));
    expect(view.links).toEqual(['lecturer/le-1']);
    expect(view.fields['dispatched_by']?.value).toBe('as-1');
  });
});
