// Starting a record: today's date, and the municipality when this tablet serves only one.

import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { useClient, useReady } from '../core/hooks';
import { type Intent, isDocumentId } from '../core/records';
import { todayIso } from '../i18n/dates';
import { notices } from '../ui/notices';

export function useNewRecord(): () => void {
  const client = useClient();
  const { identity } = useReady();
  const [, go] = useLocation();
  return useCallback(() => {
    const document = crypto.randomUUID();
    if (!isDocumentId(document)) return;
    const municipalities = identity.scopes.filter((scope) => scope.startsWith('municipality:'));
    const associations = identity.scopes.filter((scope) => scope.startsWith('association:'));
    const first: Intent[] = [{ type: 'set', field: 'date', value: todayIso(new Date()) }];
    const [municipality] = municipalities;
    const [association] = associations;
    if (municipality !== undefined && municipalities.length === 1) first.push({ type: 'set', field: 'municipality', value: municipality.slice('municipality:'.length) });
    if (association !== undefined && associations.length === 1) first.push({ type: 'set', field: 'association', value: association.slice('association:'.length) });
    void Promise.all(first.map((intent) => client.record(document, 'session', intent))).then((outcomes) => {
      const failed = outcomes.find((outcome) => !outcome.ok);
      if (failed !== undefined && !failed.ok) notices.say(failed.problem);
      else go(`/session/${document}`);
    });
  }, [client, identity, go]);
}
