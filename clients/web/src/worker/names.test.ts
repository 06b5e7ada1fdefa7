// Names on screens: those that came with records, and who is at the tablet.

import { expect, it } from 'vitest';
import * as p from '../core/parse';
import { nameOf, registry } from '../core/registry';
import { withNames } from './names';

it('knows who wrote in the records here and who is at the tablet, and nobody else', () => {
  const held = JSON.stringify({ version: 3, municipalities: [], associations: [], lecturers: [], materials: [], media: [], people: [], devices: [] });
  const came = JSON.stringify({ people: [{ id: 'pe-9', name: '鈴木' }], devices: [{ id: 'd-2', name: '2号機' }] });
  const shown = p.json(registry, withNames(held, came, { people: [{ id: 'pe-1', name: '富沢' }], device: { id: 'd-1', name: '1号機' } }));
  expect([nameOf(shown.people, 'pe-9'), nameOf(shown.people, 'pe-1'), nameOf(shown.people, 'pe-2')]).toEqual(['鈴木', '富沢', null]);
  expect([nameOf(shown.devices, 'd-2'), nameOf(shown.devices, 'd-1')]).toEqual(['2号機', '1号機']);
});
