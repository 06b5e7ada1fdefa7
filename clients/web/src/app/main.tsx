// Entry of the field app: makes the worker, the client and the service worker's watch, and starts the screens.

import '../styles/theme.css';
import { createClient } from '../core/client';
import { ClientProvider } from '../core/hooks';
import { ja } from '../i18n/ja';
import { holdWhile } from '../ui/leaving';
import { start } from '../ui/start';
import { App } from './app';
import { readMarker } from './marker';
import { NO_UPDATES, UpdatesContext, watchUpdates } from './update';

/** Null where the address is not one of which the browser keeps anything. */
const worker = window.isSecureContext ? new Worker(new URL('../worker/core.worker.ts', import.meta.url), { type: 'module', name: 'tsudoi-core' }) : null;
const client = createClient({
  send: (message) => worker?.postMessage(message),
  listen: (receive) => worker?.addEventListener('message', (event) => receive(event.data)),
  name: crypto.getRandomValues(new Uint32Array(4)).join('-'),
  after: (ms, run) => void setTimeout(run, ms),
});
if (worker === null) client.failed('insecure');
worker?.addEventListener('error', () => client.failed('worker'));
window.addEventListener('online', () => client.network(true));
window.addEventListener('offline', () => client.network(false));
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') client.network(navigator.onLine);
});
// as it was when it was left: what it shows is asked for anew
window.addEventListener('pageshow', (event) => {
  if (event.persisted) client.back();
});

holdWhile(client.isUnderWay);

const updates =
  import.meta.env.PROD && 'serviceWorker' in navigator ? watchUpdates(navigator.serviceWorker, () => window.location.reload()) : NO_UPDATES;

const kept = (): string => ja.screenFault.kept(readMarker()?.unsent_records ?? 0);

start(
  <ClientProvider client={client}>
    <UpdatesContext value={updates}>
      <App />
    </UpdatesContext>
  </ClientProvider>,
  kept,
);
