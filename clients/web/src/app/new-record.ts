// Starting a record: an id, today's date, the place this tablet serves, and on a lecturer's own tablet who speaks. Nothing
// is recorded before the first entry, so that a record opened by mistake leaves no trace; what to record first travels in
// the history entry.

import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { useReady, useSnapshot } from '../core/hooks';
import type { Identity } from '../core/protocol';
import { type Intent, isDocumentId } from '../core/records';
import { type Registry, senderOf } from '../core/registry';
import { todayIso } from '../i18n/dates';
import { DAYS } from '../i18n/values';

/** The code in the only scope of a kind, when there is just one. */
function only(scopes: readonly string[], kind: string): string | null {
  const [first, second] = scopes.filter((scope) => scope.startsWith(`${kind}:`));
  return first === undefined || second !== undefined ? null : first.slice(kind.length + 1);
}

/** A lecturer's tablet holds their own dispatches alone: their association sees a record that names it. */
export function firstIntents({ scopes, role, organisation }: Identity, registry: Registry, today: string): readonly Intent[] {
  const own = role === 'lecturer' ? only(scopes, 'lecturer') : null;
  const speaker = registry.lecturers.find((lecturer) => lecturer.id === own);
  const set = (field: 'date' | 'municipality' | 'association' | 'dispatched_by', value: string | null): readonly Intent[] =>
    (value === null ? [] : [{ type: 'set', field, value }]);
  return [
    // the clock of a tablet that lay for years says no day of today
    ...set('date', today >= DAYS.first && today <= DAYS.last ? today : null),
    ...set('municipality', only(scopes, 'municipality')),
    ...set('association', only(scopes, 'association') ?? (role === 'lecturer' ? organisation : null)),
    ...(own === null ? [] : [{ type: 'link', link: `lecturer/${own}` } as const]),
    ...set('dispatched_by', speaker === undefined ? null : senderOf(speaker)),
  ];
}

export function useNewRecord(): () => void {
  const { identity } = useReady();
  const { registry } = useSnapshot();
  const [, go] = useLocation();
  return useCallback(() => {
    const document = crypto.randomUUID();
    if (!isDocumentId(document)) return;
    go(`/session/${document}`, { state: { first: firstIntents(identity, registry, todayIso(new Date())) } });
  }, [identity, registry, go]);
}
