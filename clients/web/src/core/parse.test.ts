// What comes from outside becomes a type, or an error that says where.

import { describe, expect, it } from 'vitest';
import * as p from './parse';
import { reply, request } from './protocol';
import { entry, recordView } from './records';

const DOCUMENT = '3f0c9a52-6f0e-4e50-9b0d-0b1d1c1f5a01';

describe('parsing at the door', () => {
  it('reads a record as the core writes it', () => {
    const view = recordView({
      document: DOCUMENT, kind: 'session', state: null, group: 'planned', reason: null, attendance: 12, attendance_differs: false,
      fields: {
        venue: { value: 'A', alternatives: [{ value: 'A', device: 'd', by: 'pe-1', at: 5, why: null }, { value: 'B' }] },
        minutes: { value: 20, alternatives: [] },
      },
      tallies: [{ measure: 'attendance.band.85+', total: 12, by_device: { d: 12 } }],
      links: [], texts: { outcome: 'x', issue: '', plan: '' }, steps: [], save_state: 'saved', agreed_at: null, held: [], history: [],
    });
    expect(view.state).toBe('none');
    expect(view.fields['venue']?.alternatives[1]).toEqual({ value: 'B', device: null, by: null, at: null });
    expect(view.fields['minutes']?.value).toBe(20);
  });

  it('keeps "not reported" apart from 0', () => {
    const line = entry({ document: DOCUMENT, kind: 'session', group: 'held', tallies: { a: null, b: 0 }, save_state: 'sent' });
    expect(line.attendance).toBeNull();
    expect(line.tallies).toEqual({ a: null, b: 0 });
  });

  it('says where something does not fit', () => {
    const parsed = p.attempt(entry, { document: 'nonsense' });
    expect(parsed.ok ? '' : parsed.error.message).toBe('$.document: expected a document id');
    expect(p.attempt(p.array(p.integer), [1, 2.5]).ok).toBe(false);
    expect(p.attempt(reply, { type: 'other' }).ok).toBe(false);
  });

  it('lets no unknown command through to the core', () => {
    expect(p.attempt(request, { type: 'request', from: 'p', id: 1, command: { type: 'wipe' } }).ok).toBe(false);
    const count = { type: 'count', measure: 'm', by: 1.5, reason: null };
    expect(p.attempt(request, { type: 'request', from: 'p', id: 1, command: { type: 'record', document: DOCUMENT, kind: 'session', intent: count } }).ok).toBe(false);
  });
});
