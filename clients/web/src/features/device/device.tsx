// What this tablet is, what it still has to send, and whether what it holds is safe.

import { type ReactNode, useEffect, useState } from 'react';
import { useCertain, useClient, useReady, useSnapshot } from '../../core/hooks';
import { municipalityName, nameOf, type Registry } from '../../core/registry';
import { clock } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Card, SectionTitle } from '../../ui/card';
import type { FrameProps } from '../../ui/frame';
import { isOffline } from '../../ui/save-state';
import { People } from './people';

interface Safety {
  readonly persisted: boolean;
  readonly offlineReady: boolean;
  readonly used: number | null;
  readonly quota: number | null;
}

async function readSafety(): Promise<Safety> {
  const estimate = await navigator.storage.estimate();
  const registration = 'serviceWorker' in navigator ? await navigator.serviceWorker.getRegistration() : undefined;
  return {
    persisted: await navigator.storage.persisted(),
    offlineReady: registration?.active !== null && registration?.active !== undefined,
    used: estimate.usage ?? null,
    quota: estimate.quota ?? null,
  };
}

function size(bytes: number | null): string {
  if (bytes === null) return '—';
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function scopeName(registry: Registry, scope: string): string {
  const [kind, id] = scope.split(':');
  if (id === undefined) return scope;
  if (kind === 'municipality') return ja.scope(scope, municipalityName(registry, id));
  if (kind === 'association') return ja.scope(scope, nameOf(registry.associations, id));
  return ja.scope(scope, registry.lecturers.find((lecturer) => lecturer.id === id)?.surname ?? null);
}

function Line({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="grid gap-x-6 border-b border-line py-3 last:border-0 sm:grid-cols-[14rem_1fr]">
      <dt className="text-muted">{label}</dt>
      <dd className="font-bold">{children}</dd>
    </div>
  );
}

export function Device({ frame: Frame }: FrameProps): ReactNode {
  const client = useClient();
  const ready = useReady();
  const { identity, status } = ready;
  const { registry } = useSnapshot();
  const certain = useCertain();
  const [safety, setSafety] = useState<Safety | null>(null);
  useEffect(() => {
    void navigator.storage.persist().then(readSafety, readSafety).then(setSafety);
  }, []);
  const at = (ms: number | null): string => (ms === null ? ja.device.never : clock(ms, new Date()));

  return (
    <Frame title={ja.device.title}>
      <Card className="px-5 py-2">
        <dl>
          <Line label={ja.device.unsent}>{certain ? ja.device.unsentCount(status.unsent_records, status.unsent_changes) : ja.pill.unknown}</Line>
          <Line label={ja.device.agreed}>{at(status.last_agreed_at)}</Line>
          <Line label={ja.device.exchanged}>{at(status.last_exchange_at)}</Line>
          <Line label={ja.device.fault}>
            {isOffline(ready) ? <span className="text-wait">{ja.device.offlineNow}</span> : status.last_fault === null ? ja.device.ok : <span className="text-wait">{ja.device.faults[status.last_fault] ?? ja.device.faults['refused']}</span>}
          </Line>
        </dl>
        <div className="py-3">
          <Button look="primary" size="large" isDisabled={status.syncing} onPress={client.sync}>{status.syncing ? ja.device.syncing : ja.device.sync}</Button>
        </div>
      </Card>
      <Card className="px-5 py-2">
        <dl>
          <Line label={ja.device.name}>{identity.device_name}</Line>
          <Line label={ja.device.person}>{identity.person.name}</Line>
          <Line label={ja.device.tenant}>{identity.tenant.name}</Line>
          <Line label={ja.device.storage}>
            {safety === null ? '…' : safety.persisted ? ja.device.persisted : ja.device.notPersisted}
            {safety !== null && !safety.persisted && <p className="text-[0.875rem] font-normal text-muted">{ja.device.notPersistedHelp}</p>}
            {safety !== null && <p className="text-[0.875rem] font-normal text-muted">{ja.device.used(size(safety.used), size(safety.quota))}</p>}
          </Line>
          <Line label={ja.device.offline}>{safety === null ? '…' : safety.offlineReady ? ja.device.offlineReady : ja.device.offlineNot}</Line>
        </dl>
        <People />
      </Card>
      {status.scopes.length > 0 && (
        <>
          <SectionTitle>{ja.device.scopes}</SectionTitle>
          <p className="text-[0.875rem] text-muted">{ja.device.scopesHelp}</p>
          <Card className="overflow-x-auto px-5 py-2">
            <table className="w-full" aria-label={ja.device.scopes}>
              <thead>
                <tr className="text-left text-[0.875rem] text-muted">
                  <th scope="col" className="py-2 font-normal">{ja.device.scope}</th>
                  <th scope="col" className="py-2 pr-6 pl-3 text-right font-normal">{ja.device.count}</th>
                  <th scope="col" className="py-2 font-normal">{ja.device.digest}</th>
                  <th scope="col" className="py-2 text-right font-normal">{ja.device.state}</th>
                </tr>
              </thead>
              <tbody>
                {status.scopes.map((scope) => (
                  <tr key={scope.scope} className="border-t border-line align-top">
                    <th scope="row" className="py-3 pr-3 text-left font-normal">{scopeName(registry, scope.scope)}</th>
                    <td className="num py-3 pr-6 pl-3 text-right">{scope.count}</td>
                    <td className="py-3"><code className="text-[0.8125rem] break-all">{scope.digest}</code></td>
                    <td className={`py-3 pl-3 text-right font-bold whitespace-nowrap ${certain && scope.agreed ? 'text-ok' : 'text-wait'}`}>{!certain ? ja.pill.unknown : scope.agreed ? ja.device.same : ja.device.differs}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Card>
        </>
      )}
    </Frame>
  );
}
