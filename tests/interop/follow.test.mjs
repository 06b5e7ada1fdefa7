// Stock automerge-repo clients follow documents of the real server: read-only, only what their credential may hear of.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Counter, ImmutableString } from '@automerge/automerge';
import { Repo, stringifyAutomergeUrl } from '@automerge/automerge-repo';
import { WebSocketClientAdapter } from '@automerge/automerge-repo-network-websocket';
import WebSocket from 'ws';
import { device, startServer, tablet, until } from './harness.mjs';

const ON = { TSUDOI_FOLLOW_CONNECTIONS: '4', TSUDOI_FOLLOW_DOCUMENTS: '3' };
const urlOf = (document) => stringifyAutomergeUrl(Uint8Array.from(Buffer.from(document.replaceAll('-', ''), 'hex')));

async function ticket(who) {
  const answer = await who.call('/v1/follow/ticket', 'POST');
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).ticket;
}

const socketAddress = (server, query) => `${server.address.replace('http', 'ws')}/v1/follow${query}`;

/** A stock repo on a ticket of this device. */
async function repo(t, server, who) {
  const adapter = new WebSocketClientAdapter(socketAddress(server, `?ticket=${await ticket(who)}`), 60_000);
  const made = new Repo({ network: [adapter] });
  t.after(() => made.shutdown());
  return made;
}

/** The document, or 'unavailable'. */
async function find(made, document) {
  try {
    return await made.find(urlOf(document), { signal: AbortSignal.timeout(15_000) });
  } catch (error) {
    assert.match(String(error), /unavailable/, String(error));
    return 'unavailable';
  }
}

const total = (doc, measure) =>
  Object.entries(doc.tally)
    .filter(([key]) => key.startsWith(`${measure}@`))
    .reduce((sum, [, count]) => sum + count.value, 0);

test('a document is found with its values, and later changes arrive by themselves', async (t) => {
  const server = await startServer(t, ON);
  const first = tablet(server, 'staff-112119', 'first');
  const document = first.record('new', '--title', '座談会', '--date', '2026-11-20', '--municipality', '112119');
  first.record(document, 'count', 'attendance.band.75-84', '5');
  first.record(document, 'write', 'outcome', '質問は3件。');
  first.sync();
  const made = await repo(t, server, await device(server, 'staff-112119', 'automerge-repo'));
  const handle = await find(made, document);
  assert.equal(handle.doc().fields.title.toString(), '座談会');
  assert.equal(handle.doc().texts.outcome, '質問は3件。');
  assert.equal(total(handle.doc(), 'attendance.band.75-84'), 5);

  for (const [by, sum] of [['7', 12], ['-2', 10]]) {
    first.record(document, 'count', 'attendance.band.75-84', by);
    first.sync();
    await until(`the total ${sum}`, () => total(handle.doc(), 'attendance.band.75-84') === sum);
  }
});

test('an unknown document and one of another municipality get the same answer', async (t) => {
  const server = await startServer(t, ON);
  const elsewhere = tablet(server, 'administrator-11', 'elsewhere', 'municipality:112143');
  const foreign = elsewhere.record('new', '--title', '他市', '--date', '2026-11-20', '--municipality', '112143');
  elsewhere.sync();
  const mine = await device(server, 'staff-112119', 'automerge-repo');
  const made = await repo(t, server, mine);
  assert.equal(await find(made, foreign), 'unavailable');
  assert.equal(await find(made, randomUUID()), 'unavailable');

  const raw = await connect(t, server, `?ticket=${await ticket(mine)}`);
  const answers = [];
  for (const document of [foreign, randomUUID()]) {
    const [id] = urlOf(document).split(':').slice(1);
    raw.send({ type: 'request', senderId: 'me', targetId: 'you', documentId: id, data: Uint8Array.of(0x42, 0, 0, 0, 0) });
    const answer = await raw.next();
    assert.equal(answer.documentId, id);
    answers.push({ ...answer, documentId: '' });
  }
  assert.equal(answers[0].type, 'doc-unavailable');
  assert.deepEqual(answers[0], answers[1]);
});

test('what a client changes stays with it', async (t) => {
  const server = await startServer(t, ON);
  const first = tablet(server, 'staff-112119', 'first');
  const document = first.record('new', '--title', '座談会', '--date', '2026-11-20');
  first.sync();
  const reader = await device(server, 'staff-112119', 'automerge-repo');
  const before = (await reader.pull()).get(document);
  const made = await repo(t, server, reader);
  const handle = await find(made, document);
  handle.change((doc) => {
    doc.fields.title = new ImmutableString('書き換え');
    doc.tally[`attendance.band.75-84@${reader.id}`] = new Counter(100);
  });
  const own = made.create({ mine: true });
  // the server has answered a message that was sent after the change, so it has had the change
  first.record(document, 'set', 'venue', '本庄公民館');
  first.sync();
  await until('the venue', () => handle.doc().fields.venue?.toString() === '本庄公民館');
  const after = (await reader.pull()).get(document);
  assert.notDeepEqual(after, before, 'the tablet’s change is there');
  first.sync();
  const view = first.view(document);
  assert.equal(view.fields.title.value, '座談会');
  assert.deepEqual(view.tallies, []);
  assert.equal((await reader.pull()).size, 1, `${own.url} is not there`);
  server.verify();
});

test('it is off by default, takes no one without a credential, and a ticket is good once', async (t) => {
  const off = await startServer(t);
  const nobody = await device(off, 'staff-112119', 'x');
  for (const [method, path] of [['POST', '/v1/follow/ticket'], ['GET', '/v1/follow']]) {
    assert.equal((await nobody.call(path, method)).status, 404, path);
  }
  const server = await startServer(t, ON);
  const reader = await device(server, 'staff-112119', 'automerge-repo');
  assert.equal((await fetch(`${server.address}/v1/follow/ticket`, { method: 'POST' })).status, 401);
  await assert.rejects(connect(t, server, ''), /401/);
  await assert.rejects(connect(t, server, '?ticket=0000'), /401/);
  const once = await ticket(reader);
  await connect(t, server, `?ticket=${once}`);
  await assert.rejects(connect(t, server, `?ticket=${once}`), /401/);
  await connect(t, server, '', await reader.headers('GET', '/v1/follow'));
});

test('connections, documents and messages are limited, and other bytes end the connection', async (t) => {
  const server = await startServer(t, ON);
  const first = tablet(server, 'staff-112119', 'first');
  const documents = [1, 2, 3, 4].map((n) => first.record('new', '--title', `座談会${n}`, '--date', '2026-11-20'));
  first.sync();
  const reader = await device(server, 'staff-112119', 'automerge-repo');
  const sockets = [];
  for (let n = 0; n < 4; n += 1) sockets.push(await connect(t, server, '', await reader.headers('GET', '/v1/follow')));
  await assert.rejects(connect(t, server, '', await reader.headers('GET', '/v1/follow')), /503/);

  const [many, large, noise, old] = sockets;
  for (const [index, document] of documents.entries()) {
    const [id] = urlOf(document).split(':').slice(1);
    many.send({ type: 'request', senderId: 'me', targetId: 'you', documentId: id, data: Uint8Array.of(0x42, 0, 0, 0, 0) });
    assert.equal((await many.next()).type, index < 3 ? 'sync' : 'error');
  }
  await many.closed();
  large.send({ type: 'sync', senderId: 'me', targetId: 'you', documentId: 'x', data: new Uint8Array(300_000) });
  await large.closed();
  noise.raw(Uint8Array.of(1, 2, 3));
  assert.equal((await noise.next()).type, 'error');
  await noise.closed();
  old.send({ type: 'join', senderId: 'me', peerMetadata: {}, supportedProtocolVersions: ['0'] });
  assert.equal((await old.next()).type, 'error');
  await old.closed();
  const again = async () => connect(t, server, '', await reader.headers('GET', '/v1/follow'));
  await until('the places given back', () => again().then(() => true, () => false));
});

/** A WebSocket that has joined, without a repo around it. */
async function connect(t, server, query, headers = {}) {
  const { cbor } = await import('@automerge/automerge-repo');
  const socket = new WebSocket(socketAddress(server, query), { headers });
  t.after(() => socket.terminate());
  const waiting = [];
  const arrived = [];
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('message', (bytes) => {
    const message = cbor.decode(new Uint8Array(bytes));
    (waiting.shift() ?? ((one) => arrived.push(one)))(message);
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', reject);
  });
  const made = {
    send: (message) => socket.send(cbor.encode(message)),
    raw: (bytes) => socket.send(bytes),
    next: () => (arrived.length > 0 ? arrived.shift() : new Promise((resolve) => waiting.push(resolve))),
    closed: () => closed,
  };
  made.send({ type: 'join', senderId: 'me', peerMetadata: {}, supportedProtocolVersions: ['1'] });
  const peer = await made.next();
  assert.equal(peer.type, 'peer');
  assert.equal(peer.selectedProtocolVersion, '1');
  return made;
}
