// Starting a record: an id, today's date, and the place this tablet serves. Nothing is recorded before the first entry,
// so that a record opened by mistake leaves no trace; what to record first travels in the history entry.

import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { useReady } from '../core/hooks';
import { type Intent, isDocumentId } from '../core/records';
import { todayIso } from '../i18n/dates';

/** The code in the only scope of a kind, when there is just one. */
function only(scopes: readonly string[], kind: string): string | null {
  const [first, second] = scopes.filter((scope) => scope.startsWith(`${kind}:`));
  return first === undefined || second !== undefined ? null : first.slice(kind.length + 1);
}

export function useNewRecord(): () => void {
  const { identity } = useReady();
  const [, go] = useLocation();
  return useCallback(() => {
    const document = crypto.randomUUID();
    if (!isDocumentId(document)) return;
    const first: Intent[] = [{ type: 'set', field: 'date', value: todayIso(new Date()) }];
    for (const field of ['municipality', 'association'] as const) {
      const value = only(identity.scopes, field);
      if (value !== null) first.push({ type: 'set', field, value });
    }
    go(`/session/${document}`, { state: { first } });
  }, [identity, go]);
}
