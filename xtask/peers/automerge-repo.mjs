// The day's work with automerge-repo: each device is a repo that shares its documents with the sync server; a new reader
// finds each of them there.

import { once } from 'node:events';
import { createRequire } from 'node:module';
import net from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CHANGES, DEVICES, DOCUMENTS, data, edit, folder, report, start } from './common.mjs';

const require = createRequire(join(folder, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { Repo } = await load('@automerge/automerge-repo');
const { BrowserWebSocketClientAdapter } = await load('@automerge/automerge-repo-network-websocket');

/** How long documents may take to come before they count as missing, ms: also after a restart, so that slow is not lost. */
const PATIENCE = 300_000;

const probe = net.createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address();
probe.close();
await once(probe, 'close');
const script = join(folder, 'node_modules/@automerge/automerge-repo-sync-server/src/index.js');
const serve = () => start(process.execPath, [script], { PORT: String(port), DATA_DIR: data }, /(Listening)/);
const connected = () => new BrowserWebSocketClientAdapter(`ws://127.0.0.1:${port}`);

const urls = [];
const devices = [];
for (let device = 0; device < DEVICES; device += 1) {
  const repo = new Repo({ network: [] });
  for (let session = 0; session < DOCUMENTS; session += 1) {
    const handle = repo.create();
    for (let change = 0; change < CHANGES; change += 1) {
      handle.change((document) => Object.assign(document, edit(session, change)));
    }
    urls.push(handle.url);
  }
  devices.push(repo);
}

/**
 * Ends a connection for good: by itself it would come back and bring what the server has lost. One that is still being
 * made says so as an error, which the adapter would throw.
 */
function leave(adapter) {
  adapter.connect = () => {};
  adapter.socket?.removeAllListeners('error');
  adapter.socket?.on('error', () => {});
  adapter.socket?.terminate();
}

/** How many documents a new reader gets whole. */
async function read() {
  const adapter = connected();
  const repo = new Repo({ network: [adapter] });
  const end = performance.now() + PATIENCE;
  let waiting = urls.map((url) => repo.find(url));
  for (;;) {
    waiting = waiting.filter((handle) => handle.docSync()?.count !== CHANGES);
    if (waiting.length === 0 || performance.now() > end) {
      leave(adapter);
      return urls.length - waiting.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// the adapter throws what a closing socket says when the server is killed
let killed = false;
process.on('uncaughtException', (error) => {
  if (killed && error.code === 'ECONNRESET') return;
  console.error(error);
  process.exit(1);
});

let server = await serve();
const started = performance.now();
const adapters = devices.map((repo) => {
  const adapter = connected();
  repo.networkSubsystem.addNetworkAdapter(adapter);
  return adapter;
});
const found = await read();
const seconds = (performance.now() - started) / 1000;
if (found < urls.length) throw new Error(`the reader has ${found} of ${urls.length}`);
// the devices are gone: nobody brings back what the server has not kept
adapters.forEach(leave);
killed = true;
await server.kill();
server = await serve();
const left = await read();
await server.kill();
report(seconds, urls.length - left);
