// Several tabs of one tablet, one of which is stopped, killed or loses the disk: nothing that was shown is lost, nothing is
// counted twice, and whoever is at work is told within three seconds.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { counter, enrol, newRecord, openTab, SCREENSHOTS, startServer, startTablet, within } from './harness.mjs';

const BAND = '75–84歳';

/** A tablet with one record, open on 参加者, with two heads. */
async function counted(t) {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const { page } = tablet;
  const path = await newRecord(tablet, '停電の日');
  await openTab(page, '参加者');
  await counter(page, BAND).add(2);
  await counter(page, BAND).shows(2);
  return { server, tablet, path };
}

async function processes(tablet) {
  const session = await tablet.context.browser().newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo;
}

const renderers = async (tablet) => (await processes(tablet)).filter(({ type }) => type === 'renderer').map(({ id }) => id);

/** A second tab in a process of its own, on the same record; says which process the first is in. */
async function secondTab(tablet, path) {
  const before = new Set(await renderers(tablet));
  const first = tablet.page;
  // a page that does nothing else tells its process by the work it does
  const leader = await busiest(tablet, first);
  const page = await tablet.newPage();
  await tablet.goto(path, page);
  await openTab(page, '参加者');
  const after = (await renderers(tablet)).filter((id) => !before.has(id));
  assert.ok(after.length > 0, 'the second tab has a process of its own');
  return { page, leader };
}

const ticks = (pid) => {
  const parts = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return Number(parts[11]) + Number(parts[12]);
};

/** The process of a page: the one that works when the page does. */
async function busiest(tablet, page) {
  const ids = await renderers(tablet);
  const begun = new Map(ids.map((id) => [id, ticks(id)]));
  await page.evaluate(() => {
    for (const end = performance.now() + 400; performance.now() < end;);
  });
  return ids.sort((a, b) => ticks(b) - begun.get(b) - (ticks(a) - begun.get(a)))[0];
}

/** Ends a stop when the test ends, so that the browser can end as well. */
function stop(t, pid) {
  process.kill(pid, 'SIGSTOP');
  t.after(() => {
    try {
      process.kill(pid, 'SIGCONT');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  });
}

test('a leader that is stopped is replaced: taps in the other tab are kept, and it can write nothing when it wakes', async (t) => {
  const { server, tablet, path } = await counted(t);
  const { page, leader } = await secondTab(tablet, path);
  await counter(page, BAND).shows(2);

  stop(t, leader);
  const begun = Date.now();
  await counter(page, BAND).add(3);
  await counter(page, BAND).shows(5);
  assert.ok(Date.now() - begun < 10_000, `${Date.now() - begun} ms until the taps were shown`);

  process.kill(leader, 'SIGCONT');
  const first = tablet.page;
  await counter(first, BAND).shows(5);
  await counter(first, BAND).add(1);
  await counter(page, BAND).shows(6);
  await tablet.goto(path, page);
  await openTab(page, '参加者');
  await counter(page, BAND).shows(6);
  await page.getByText(/照合済み/).first().waitFor();
  assert.deepEqual(page.problems, []);
  server.verify();
});

test('taps in another tab of a leader that is killed are kept', async (t) => {
  const { server, tablet, path } = await counted(t);
  const { page, leader } = await secondTab(tablet, path);
  await counter(page, BAND).shows(2);
  for (let tap = 0; tap < 5; tap += 1) await counter(page, BAND).add(1);
  process.kill(leader, 'SIGKILL');
  for (let tap = 0; tap < 5; tap += 1) await counter(page, BAND).add(1);
  await counter(page, BAND).shows(12);
  await within(10_000, 'the mark', async () => (await page.getByRole('status', { name: '送信と照合の状態' }).innerText()).includes('照合済み'));
  assert.deepEqual(page.problems, []);
  server.verify();
});

/** Holds the tablet's disk from a page of the same origin, as a tab does that was stopped inside a transaction. */
async function hold(tablet) {
  const page = await tablet.newPage();
  await page.goto(`${tablet.wire.address}/manifest.webmanifest`);
  await page.evaluate(() => new Promise((resolve, reject) => {
    const opening = indexedDB.open('tsudoi');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const store = opening.result.transaction('host', 'readwrite').objectStore('host');
      const again = () => {
        resolve();
        if (!globalThis.released) store.get('term').onsuccess = again;
      };
      again();
    };
  }));
  return () => page.evaluate(() => {
    globalThis.released = true;
  });
}

test('words within three seconds while the disk says nothing, taps are refused, and it goes on by itself', async (t) => {
  const { tablet } = await counted(t);
  const { page } = tablet;
  const pill = page.getByRole('status', { name: '送信と照合の状態' });
  await pill.getByText(/照合済み/).waitFor();
  const release = await hold(tablet);
  await page.bringToFront();
  const begun = Date.now();
  await counter(page, BAND).add(1);
  await page.getByText(/まだ保存が終わっていません|保存場所から返事がありません/).first().waitFor();
  await pill.getByText('確認できません').waitFor();
  // three seconds, and what a busy machine takes to press and to look
  assert.ok(Date.now() - begun < 6_000, `${Date.now() - begun} ms until words`);
  assert.equal(await counter(page, BAND).value(), 2, 'nothing is shown that is not durable');
  await page.getByText('保存場所から返事がありません').first().waitFor();
  await counter(page, BAND).add(1);
  await page.getByText(`「${BAND} ＋1」は保存されていません`).waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, 'tabs-slow.png') });

  await release();
  await counter(page, BAND).shows(3);
  await within(10_000, 'the mark', async () => (await pill.innerText()).includes('照合済み'));
  assert.deepEqual(page.problems, []);
});

test('a full disk is told with the tap that is missing, and taken into use again when there is room', async (t) => {
  const { server, tablet } = await counted(t);
  const { page } = tablet;
  const session = await tablet.context.newCDPSession(page);
  const origin = tablet.wire.address;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  // what the browser has granted before is used up first
  const missing = page.getByText(`「${BAND} ＋1」は保存されていません`);
  let shown = 2;
  await within(30_000, 'a tap that is refused', async () => {
    await counter(page, BAND).add(1);
    await counter(page, BAND).region.locator('.num').getByText(String(shown + 1), { exact: true }).or(missing).first().waitFor();
    shown = await counter(page, BAND).value();
    return missing.isVisible();
  });
  await page.getByRole('alert').getByText('空き容量が足りません').first().waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, 'tabs-full.png') });

  await session.send('Storage.overrideQuotaForOrigin', { origin });
  await page.getByText('それまで新しい記録は保存されません').waitFor({ state: 'detached', timeout: 40_000 });
  await counter(page, BAND).add(1);
  await counter(page, BAND).shows(shown + 1);
  await within(10_000, 'the mark', async () => (await page.getByRole('status', { name: '送信と照合の状態' }).innerText()).includes('照合済み'));
  server.verify();
});

test('a disk whose connection dies is opened again by itself, without PIN and where the screen was', async (t) => {
  const { server, tablet } = await counted(t);
  const { page } = tablet;
  await closeConnections(tablet);
  await page.bringToFront();
  for (const total of [3, 4]) {
    await counter(page, BAND).add(1);
    await counter(page, BAND).shows(total);
  }
  await page.getByRole('tab', { name: /^参加者/, selected: true }).waitFor();
  await within(10_000, 'the mark', async () => (await page.getByRole('status', { name: '送信と照合の状態' }).innerText()).includes('照合済み'));
  server.verify();
});

/** The browser closes every connection to the disk, as it does when its own storage has failed. */
async function closeConnections(tablet) {
  const internals = await tablet.newPage();
  await internals.goto('chrome://indexeddb-internals');
  const buttons = internals.getByText('Force close', { exact: true });
  await buttons.first().waitFor();
  for (let place = 0; place < (await buttons.count()); place += 1) await buttons.nth(place).click();
  await internals.close();
}
