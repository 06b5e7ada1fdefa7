// The counts of one fiscal year over the records of this tablet. A sum remembers how many records gave no number, so
// that a gap is never read as 0.

import type { Entry } from '../../core/records';
import { fiscalYear } from '../../i18n/dates';

export interface Figure {
  /** null: nobody reported any. */
  readonly total: number | null;
  readonly unreported: number;
}

export interface Summary {
  readonly held: number;
  readonly planned: number;
  readonly off: number;
  readonly attendance: Figure;
  readonly viewers: Figure;
  readonly kinds: ReadonlyMap<string | null, number>;
  /** By measure, only those that were reported or noted. */
  readonly measures: ReadonlyMap<string, Figure>;
}

function add(figure: Figure, value: number | null): Figure {
  return value === null ? { ...figure, unreported: figure.unreported + 1 } : { ...figure, total: (figure.total ?? 0) + value };
}

const NOTHING: Figure = { total: null, unreported: 0 };

export function yearOf(entry: Entry): number | null {
  return entry.date === null ? entry.fiscal_year : fiscalYear(entry.date);
}

export function summarise(entries: Iterable<Entry>, year: number): Summary {
  let held = 0;
  let planned = 0;
  let off = 0;
  let attendance = NOTHING;
  let viewers = NOTHING;
  const kinds = new Map<string | null, number>();
  const measures = new Map<string, Figure>();
  for (const entry of entries) {
    if (entry.kind !== 'session' || yearOf(entry) !== year) continue;
    if (entry.group === 'planned') planned += 1;
    if (entry.group === 'cancelled' || entry.group === 'postponed') off += 1;
    if (entry.group === 'held') {
      held += 1;
      attendance = add(attendance, entry.attendance);
      kinds.set(entry.activity, (kinds.get(entry.activity) ?? 0) + 1);
    }
    for (const [measure, total] of Object.entries(entry.tallies)) {
      if (measure === 'screening.viewers') viewers = add(viewers, total);
      else if (measure.startsWith('material.') || measure.startsWith('answer.')) measures.set(measure, add(measures.get(measure) ?? NOTHING, total));
    }
  }
  return { held, planned, off, attendance, viewers, kinds, measures };
}
