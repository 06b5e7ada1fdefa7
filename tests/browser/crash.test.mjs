// What the screen has shown is there after the browser was killed; two tabs of one tablet are one tablet.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agree, counter, enrol, newRecord, openTab, readyForOffline, signInOutside, startServer, startTablet, unlock, within } from './harness.mjs';

const BAND = '75–84歳';

test('a tap that was shown survives SIGKILL of the browser, with and without a network', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  await readyForOffline(tablet);
  const path = await newRecord(tablet, '停電の日');
  await tablet.offline();
  let total = 0;
  for (let round = 0; round < 4; round += 1) {
    await openTab(tablet.page, '参加者');
    for (let tap = 0; tap <= round; tap += 1) {
      total += 1;
      await counter(tablet.page, BAND).add();
      await counter(tablet.page, BAND).shows(total);
    }
    await tablet.kill();
    await tablet.open();
    if (round > 0) await tablet.online();
    else await tablet.context.setOffline(true);
    await tablet.goto(path);
    await openTab(tablet.page, '参加者');
    await counter(tablet.page, BAND).shows(total);
  }
  await agree(tablet);
  const office = await signInOutside(server, server.code('municipal-112119'));
  await within(5_000, 'the heads at the office', async () => {
    const record = await office(`/v1/records/${path.split('/').at(-1)}`);
    return JSON.stringify(record).includes(`"attendance":${total}`);
  });
  server.verify();
});

test('two tabs of one tablet count together, and the other carries on when one is closed', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const path = await newRecord(tablet, '停電の日');
  const first = tablet.page;
  const second = await tablet.newPage();
  await tablet.goto(path, second);
  for (const page of [first, second]) await openTab(page, '参加者');
  await counter(first, BAND).add(2);
  await counter(second, BAND).shows(2);
  await counter(second, BAND).add(3);
  await counter(first, BAND).shows(5);
  await first.close();
  // the other tab goes on where it is; what the closed one recorded is there
  await counter(second, BAND).shows(5);
  await counter(second, BAND).add(1);
  await counter(second, BAND).shows(6);
  await second.reload();
  await unlock(second);
  await openTab(second, '参加者');
  await counter(second, BAND).shows(6);
  tablet.page = second;
  await agree(tablet);
  assert.deepEqual(second.problems, []);
  server.verify();
});
