// How screens reach the client: context and hooks.

import { createContext, type ReactNode, useCallback, useContext, useSyncExternalStore } from 'react';
import { type Client, isCertain, type Snapshot } from './client';
import type { Identity, Status } from './protocol';
import type { Named } from './registry';
import type { DocumentId, RecordView } from './records';

const ClientContext = createContext<Client | null>(null);

export function ClientProvider({ client, children }: { readonly client: Client; readonly children: ReactNode }): ReactNode {
  return <ClientContext value={client}>{children}</ClientContext>;
}

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === null) throw new Error('no client above this screen');
  return client;
}

export function useSnapshot(): Snapshot {
  const client = useClient();
  return useSyncExternalStore(client.subscribe, client.snapshot);
}

/** Whether what is shown can be vouched for at this moment. */
export function useCertain(): boolean {
  return isCertain(useSnapshot());
}

export interface Ready {
  readonly identity: Identity;
  readonly people: readonly Named[];
  readonly status: Status;
  readonly online: boolean;
}

/** The tablet's state on screens that only show when it is ready. */
export function useReady(): Ready {
  const { stage } = useSnapshot();
  if (stage.stage !== 'ready') throw new Error('this screen needs an enrolled tablet');
  return stage;
}

export function useRecord(document: DocumentId): RecordView | null | undefined {
  const client = useClient();
  const watch = useCallback((changed: () => void) => client.watch(document, changed), [client, document]);
  return useSyncExternalStore(watch, () => client.view(document));
}
