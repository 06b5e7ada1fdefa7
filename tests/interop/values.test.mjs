// The saved form of a record opens in JavaScript Automerge with the same values and heads, and what an enrolled device
// changes there is taken in like any tablet's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Automerge from '@automerge/automerge';
import { device, startServer, tablet } from './harness.mjs';

const STORED = 0;
const DUPLICATE = 1;
const CUSTODY = 2;
const LONG = '本庄公民館で座談会。𠮷田さんの話のあと、家族で話す時間をもった。🙂';

const plain = (value) => (Automerge.isImmutableString(value) ? value.toString() : value);

/** A record as JavaScript Automerge reads it, in the words of the core's view. */
function read(doc) {
  const tallies = {};
  for (const [key, count] of Object.entries(doc.tally)) {
    assert.ok(Automerge.isCounter(count), `${key} is a counter`);
    const at = key.lastIndexOf('@');
    (tallies[key.slice(0, at)] ??= {})[key.slice(at + 1)] = count.value;
  }
  return {
    kind: doc.kind.toString(),
    // who changed a sentence is marked in a field that people do not see
    fields: Object.fromEntries(Object.entries(doc.fields).filter(([name]) => !name.startsWith('rewrote.')).map(([name, value]) => [name, plain(value)])),
    tallies,
    links: Object.keys(doc.links).sort(),
    texts: { ...doc.texts },
    steps: Object.entries(doc.steps).map(([id, text]) => ({ id, state: JSON.parse(text.toString()).state })),
  };
}

/** The same of the core's view. */
function viewed(view) {
  return {
    kind: view.kind,
    fields: Object.fromEntries(Object.entries(view.fields).map(([name, field]) => [name, field.value])),
    tallies: Object.fromEntries(view.tallies.map((tally) => [tally.measure, tally.by_device])),
    links: view.links,
    texts: view.texts,
    steps: view.steps.map(({ id, state }) => ({ id, state })),
  };
}

/** Records on two tablets everything a record can hold; both have synchronised. */
function record(first, second) {
  const document = first.record(
    'new', '--activity', 'round_table', '--date', '2026-11-20', '--start', '13:30', '--title', '人生会議の話',
    '--venue', '本庄公民館', '--municipality', '112119',
  );
  first.record(document, 'count', 'attendance.band.75-84', '5');
  first.record(document, 'count', 'attendance.band.75-84', '-1', '--reason', 'mistake');
  first.record(document, 'link', 'lecturer/tomizawa');
  first.record(document, 'link', 'noted/material.contact-card.age-75');
  first.record(document, 'unlink', 'noted/material.contact-card.age-75');
  first.record(document, 'write', 'outcome', LONG);
  first.record(document, 'step', 'confirmed');
  first.record(document, 'step', 'held');
  first.sync();
  second.sync();
  second.record(document, 'count', 'attendance.band.75-84', '7');
  second.record(document, 'count', 'material.contact-card.age-75', '0');
  second.record(document, 'write', 'outcome', `${LONG}質問は3件。`);
  second.sync();
  first.sync();
  return document;
}

test('a saved record opens in JavaScript with the same values and heads', async (t) => {
  const server = await startServer(t);
  const first = tablet(server, 'staff-112119', 'first');
  const second = tablet(server, 'staff-112119', 'second');
  const reader = await device(server, 'staff-112119', 'JavaScript');
  const document = record(first, second);
  const fromServer = Automerge.load((await reader.pull()).get(document));
  const fromTablet = Automerge.load(first.saved(document));
  const expected = viewed(first.view(document));
  assert.deepEqual(read(fromServer), expected);
  assert.deepEqual(read(fromTablet), expected);
  assert.deepEqual(Automerge.getHeads(fromServer).sort(), Automerge.getHeads(fromTablet).sort());
  assert.equal(fromServer.texts.outcome, `${LONG}質問は3件。`);
  assert.equal(Object.values(expected.tallies['attendance.band.75-84']).reduce((a, b) => a + b), 11);
  assert.deepEqual(Object.values(expected.tallies['material.contact-card.age-75']), [0], 'a reported 0 is a value');
  server.verify();
});

test('a conflict is seen in JavaScript with all its values', async (t) => {
  const server = await startServer(t);
  const first = tablet(server, 'staff-112119', 'first');
  const second = tablet(server, 'staff-112119', 'second');
  const document = first.record('new', '--title', '座談会', '--date', '2026-11-20');
  first.sync();
  second.sync();
  first.record(document, 'set', 'venue', '本庄公民館');
  second.record(document, 'set', 'venue', '児玉公民館');
  first.sync();
  second.sync();
  const doc = Automerge.load(second.saved(document));
  const values = Object.values(Automerge.getConflicts(doc.fields, 'venue')).map((value) => value.toString());
  const view = second.view(document).fields.venue;
  assert.deepEqual(values.sort(), view.alternatives.map((one) => one.value).sort());
  assert.equal(doc.fields.venue.toString(), view.value, 'both show the same value until a person chooses');
});

test('changes made in JavaScript by an enrolled device are stored, projected and seen on a tablet', async (t) => {
  const server = await startServer(t);
  const first = tablet(server, 'staff-112119', 'first');
  const second = tablet(server, 'staff-112119', 'second');
  const writer = await device(server, 'staff-112119', 'JavaScript');
  const document = record(first, second);
  const before = Automerge.load((await writer.pull()).get(document), { actor: writer.actor });
  const mine = `attendance.band.85+@${writer.id}`;
  const options = { message: 'staff', time: 1_780_000_000 };
  const steps = [
    (doc) => {
      doc.tally[mine] = new Automerge.Counter(3);
    },
    (doc) => {
      doc.tally[mine].increment(2);
      doc.fields.occasion = new Automerge.ImmutableString('通いの場');
      doc.links['lecturer/hayashi'] = true;
    },
    (doc) => Automerge.splice(doc, ['texts', 'issue'], 0, 0, '会場が狭い。'.repeat(30)),
  ];
  let doc = before;
  for (const step of steps) doc = Automerge.change(doc, options, step);
  const changes = Automerge.getChanges(before, doc);
  assert.equal(changes.length, 3);
  assert.deepEqual(await writer.push(document, doc, changes), [{ outcome: STORED, count: 3, code: null }]);
  assert.deepEqual(await writer.push(document, doc, changes), [{ outcome: DUPLICATE, count: 3, code: null }]);

  second.sync();
  const view = second.view(document);
  assert.deepEqual(viewed(view), read(doc));
  assert.equal(view.fields.occasion.value, '通いの場');
  assert.deepEqual(view.tallies.find((one) => one.measure === 'attendance.band.85+').by_device, { [writer.id]: 5 });
  assert.ok(view.links.includes('lecturer/hayashi'));
  assert.equal(view.texts.issue, '会場が狭い。'.repeat(30));
  assert.equal(view.attendance, 16);
  server.verify();
});

test('a new record begun in JavaScript from the genesis of its id is one with a tablet’s', async (t) => {
  const server = await startServer(t);
  const first = tablet(server, 'staff-112119', 'first');
  const writer = await device(server, 'staff-112119', 'JavaScript');
  const document = first.record('new', '--title', '座談会', '--date', '2026-11-20');
  const [genesis] = Automerge.getAllChanges(Automerge.load(first.saved(document)));
  const [begun] = Automerge.applyChanges(Automerge.init({ actor: writer.actor }), [genesis]);
  const doc = Automerge.change(begun, { message: 'staff' }, (draft) => {
    draft.fields.venue = new Automerge.ImmutableString('児玉公民館');
  });
  const own = [Automerge.getLastLocalChange(doc)];
  assert.deepEqual(await writer.push(document, doc, own), [{ outcome: STORED, count: 1, code: null }]);
  first.sync();
  assert.equal(first.view(document).fields.venue.value, '児玉公民館');
  assert.equal(first.view(document).fields.title.value, '座談会');
  server.verify();
});

test('what breaks a rule of the gate is held, whoever made it', async (t) => {
  const server = await startServer(t);
  const first = tablet(server, 'staff-112119', 'first');
  const writer = await device(server, 'staff-112119', 'JavaScript');
  const document = first.record('new', '--title', '座談会', '--date', '2026-11-20');
  first.record(document, 'count', 'attendance.band.75-84', '5');
  first.sync();
  const saved = (await writer.pull()).get(document);
  const [theirs] = Object.keys(Automerge.load(saved).tally);
  const attempts = [
    ['foreign_device', writer.actor, (doc) => doc.tally[theirs].increment(1)],
    ['foreign_device', `${'ab'.repeat(16)}00000001`, (doc) => { doc.links['lecturer/x'] = true; }],
    ['structure', writer.actor, (doc) => { doc.surprise = 1; }],
    ['structure', writer.actor, (doc) => { doc.fields.title = '文字列ではなく文章'; }],
    ['structure', writer.actor, (doc) => { doc.tally[`screening.viewers@${writer.id}`] = 3; }],
  ];
  for (const [code, actor, edit] of attempts) {
    const before = Automerge.load(saved, { actor });
    const doc = Automerge.change(before, edit);
    const outcome = await writer.push(document, doc, [Automerge.getLastLocalChange(doc)]);
    assert.deepEqual(outcome, [{ outcome: CUSTODY, count: 1, code }], edit.toString());
  }
  assert.deepEqual((await writer.pull()).get(document), saved);
  server.verify();
});
