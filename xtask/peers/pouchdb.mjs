// The day's work with PouchDB: each device has a database of its own and replicates it to PouchDB's server; a new reader
// replicates everything from there.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHANGES, DEVICES, DOCUMENTS, data, edit, folder, report, start } from './common.mjs';

const require = createRequire(join(folder, 'package.json'));
const PouchDB = require('pouchdb');
PouchDB.plugin(require('pouchdb-adapter-memory'));

const script = fileURLToPath(new URL('pouchdb-server.cjs', import.meta.url));
const serve = () => start(process.execPath, [script, folder, data], {}, /^ready (\S+)/);

const devices = [];
for (let device = 0; device < DEVICES; device += 1) {
  const local = new PouchDB(`device-${device}`, { adapter: 'memory' });
  let revisions = [];
  for (let change = 0; change < CHANGES; change += 1) {
    const documents = [];
    for (let session = 0; session < DOCUMENTS; session += 1) {
      const before = revisions[session] ?? { _id: `${device}-${session}` };
      documents.push({ ...before, ...edit(session, change) });
    }
    const written = await local.bulkDocs(documents);
    revisions = documents.map((document, index) => ({ ...document, _rev: written[index].rev }));
  }
  devices.push(local);
}

let server = await serve();
await new PouchDB(`${server.found}/day`).info();
const started = performance.now();
await Promise.all(devices.map((local) => local.replicate.to(`${server.found}/day`, { batch_size: 100 })));
const reader = new PouchDB('reader', { adapter: 'memory' });
await reader.replicate.from(`${server.found}/day`, { batch_size: 1000 });
const seconds = (performance.now() - started) / 1000;

const whole = async (database) => {
  const { rows } = await database.allDocs({ include_docs: true });
  return rows.filter((row) => row.doc.count === CHANGES).length;
};
if ((await whole(reader)) !== DEVICES * DOCUMENTS) throw new Error('the reader has not everything');
await server.kill();
server = await serve();
const left = await whole(new PouchDB(`${server.found}/day`));
await server.kill();
report(seconds, DEVICES * DOCUMENTS - left);
