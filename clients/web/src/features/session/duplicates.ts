// The same gathering entered twice: same municipality, date and venue. Only a hint; a person decides.

import type { DocumentId, Entry } from '../../core/records';

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/[\s・、,．.]/g, '');
}

export interface Place {
  readonly document: DocumentId;
  readonly date: string;
  readonly municipality: string;
  readonly venue: string;
}

export function duplicatesOf(place: Place, entries: Iterable<Entry>): readonly Entry[] {
  if (place.date === '' || place.venue === '') return [];
  const venue = fold(place.venue);
  return [...entries].filter(
    (entry) =>
      entry.document !== place.document &&
      entry.kind === 'session' &&
      entry.date === place.date &&
      (entry.municipality ?? '') === place.municipality &&
      entry.venue !== null &&
      fold(entry.venue) === venue,
  );
}
