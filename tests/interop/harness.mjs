// The real server as a process, tablets of the command line on sync-core, and an enrolled device whose records are made
// by JavaScript Automerge and sent over POST /v1/sync.

import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as Automerge from '@automerge/automerge';
import { Decoder, Encoder } from 'cbor-x';
import { newKey } from '../keys.mjs';

const SERVER =
  process.env.TSUDOI_SERVER_BINARY ?? fileURLToPath(new URL('../../target/debug/tsudoi-server', import.meta.url));
const COMMAND = process.env.TSUDOI_BINARY ?? fileURLToPath(new URL('../../target/debug/tsudoi', import.meta.url));
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TSUDOI_')));

/** Version of the protocol, and of the registry no server has: it is then not sent. */
const PROTOCOL = 1;
const NO_REGISTRY = 2 ** 31;

const cbor = {
  encoder: new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false }),
  decoder: new Decoder({ useRecords: false, mapsAsObjects: false }),
};

const folders = [];
process.once('exit', () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** A temporary folder, removed when the tests have ended. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'tsudoi-interop-'));
  folders.push(path);
  return path;
}

/** Starts the server on data of its own, with the demonstration's people and no records; on a free port unless one is given. */
export async function startServer(t, settings = {}, port = 0) {
  const home = folder();
  const data = join(home, 'tsudoi.sqlite');
  const demo = spawnSync(SERVER, ['demo', '--json', '--database', data], { env: environment, encoding: 'utf8' });
  if (demo.status !== 0) throw new Error(`tsudoi-server demo: ${demo.error ?? demo.stderr}`);
  const line = demo.stdout.split('\n').find((text) => text.startsWith('{'));
  const signIns = new Map(JSON.parse(line).sign_ins.map((one) => [one.key, one]));
  const child = spawn(SERVER, ['serve', '--listen', `127.0.0.1:${port}`, '--database', data], {
    env: { ...environment, TSUDOI_LOG: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const address = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout }).on('line', (text) => {
      const found = /^tsudoi-server ready (\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
  });
  const verify = () => {
    const done = spawnSync(SERVER, ['verify', '--database', data], { env: environment, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`verify: ${done.stdout}${done.stderr}`);
  };
  return { address, home, verify, code: (key) => signIns.get(key).code };
}

/** A tablet of the command line: sync-core itself, enrolled under `name`; a code that leaves them open takes scopes. */
export function tablet(server, key, name, ...scopes) {
  const run = (...words) => {
    const done = spawnSync(
      COMMAND,
      ['--home', join(server.home, 'tablets'), '--server', server.address, '--tablet', name, ...words],
      { env: environment, encoding: 'utf8' },
    );
    if (done.status !== 0) throw new Error(`tsudoi ${words.join(' ')}: ${done.stdout}${done.stderr}`);
    return done.stdout.trim();
  };
  run('enrol', '--code', server.code(key), '--name', name, ...scopes.flatMap((scope) => ['--scope', scope]));
  return {
    record: (...words) => run('record', ...words),
    sync: () => run('sync'),
    view: (document) => JSON.parse(run('show', document, '--json')),
    saved: (document) => {
      const file = join(server.home, `${name}-${document}.automerge`);
      run('show', document, '--saved', file);
      return new Uint8Array(readFileSync(file));
    },
  };
}

const bytesOf = (uuid) => Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex'));
const uuidOf = (bytes) => Buffer.from(bytes).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** An enrolled device without sync-core: writer 1 of its own actor. */
export async function device(server, key, name) {
  const id = randomUUID();
  const own = await newKey();
  const answer = await own.fetch(`${server.address}/v1/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: server.code(key), device: id, device_name: name }),
  });
  if (!answer.ok) throw new Error(`enrol: ${await answer.text()}`);
  const { token, scopes } = await answer.json();
  const exchange = async (pushes, cursors = []) => {
    const request = new Map([
      [0, PROTOCOL], [1, BigInt(Date.now())], [2, pushes], [3, cursors], [4, NO_REGISTRY], [5, 1_000_000],
    ]);
    const init = { method: 'POST', headers: { 'content-type': 'application/cbor' }, body: cbor.encoder.encode(request) };
    const response = await own.fetch(`${server.address}/v1/sync`, init, token);
    if (!response.ok) throw new Error(`sync: ${response.status} ${await response.text()}`);
    return cbor.decoder.decode(new Uint8Array(await response.arrayBuffer()));
  };
  return {
    id,
    /** Calls an address as this device. */
    call: (path, method = 'GET') => own.fetch(`${server.address}${path}`, { method }, token),
    /** What shows one call to be this device's. */
    headers: (method, path) => own.headers(method, `${server.address}${path}`, token),
    actor: hex(bytesOf(id)) + '00000001',
    /** The saved bytes of every record this device may hold. */
    pull: async () => {
      const cursors = scopes.map((scope) => new Map([[0, scope], [2, 0]]));
      const answer = await exchange([], cursors);
      return new Map(answer.get(4).map((one) => [uuidOf(one.get(0)), new Uint8Array(one.get(1))]));
    },
    /** Sends changes of one record; what became of them, in runs. */
    push: async (document, doc, changes) => {
      const heads = Automerge.getHeads(doc).sort();
      const pushed = new Map([
        [0, bytesOf(document)],
        [1, doc.kind.toString()],
        [2, Uint8Array.from(heads.flatMap((head) => [...Buffer.from(head, 'hex')]))],
        [3, changes],
      ]);
      const [receipt] = (await exchange([pushed])).get(2);
      return receipt.get(1).map((run) => ({ outcome: run.get(0), count: run.get(1), code: run.get(3) ?? null }));
    },
  };
}

/** Waits until `condition` gives something; fails after `seconds`. */
export async function until(what, condition, seconds = 20) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
