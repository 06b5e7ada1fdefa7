// A day pass, from the office's screen to the doctor's phone: one tap, no PIN, no signal, and nothing left when the day is over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter, enrol, loadCase, openTab, readyForOffline, scanned, signIn, startServer, startTablet, within } from './harness.mjs';

const BAND = '75–84歳';
const PHONE = { width: 390, height: 844 };
const DAY_MS = 86_400_000;
const OVER = '一日券は終わりました';

/** Tomorrow in Japan: a pass given today holds until then, whatever the hour of this test. */
const tomorrow = () => new Date(Date.now() + 9 * 3_600_000 + DAY_MS).toISOString().slice(0, 10);

/** What the office sees of the record. */
const detail = ({ desk, document }) => desk.page.evaluate(async (id) => (await fetch(`/v1/records/${id}`)).json(), document);
const attendance = async (all) => (await detail(all)).attendance;

/** A session on the server, another one beside it, and the office's screen. */
async function hall(t) {
  const server = await startServer(t);
  loadCase(t, server);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const { page } = tablet;
  const date = tomorrow();
  let path = '';
  for (const title of ['ほかの会', '人生会議の話']) {
    await page.getByRole('button', { name: '＋ 新しい記録' }).click();
    await page.getByRole('textbox', { name: '名称' }).fill(title);
    await page.getByRole('textbox', { name: '名称' }).press('Tab');
    await page.getByLabel('日付').fill(date);
    await page.getByLabel('日付').press('Tab');
    await page.getByText('照合済み ✓').waitFor();
    path = new URL(page.url()).pathname;
    await page.getByRole('link', { name: '戻る' }).click();
  }
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('municipal-112119'));
  const all = { server, desk, document: path.split('/').at(-1) };
  await within(15_000, 'the date in the office', async () => (await detail(all)).fields.date.value === date);
  return all;
}

/** Gives a pass at the office's screen; the address that a camera reads in the picture. */
async function give({ desk, document }) {
  await desk.goto(`/office/records/${document}`);
  const { page } = desk;
  await page.getByRole('button', { name: '一日券を出す' }).click();
  await page.getByLabel('記録する講師').selectOption({ label: '富沢医師' });
  await page.getByRole('button', { name: 'QR を出す' }).click();
  const link = await scanned(page.getByRole('img', { name: '一日券の QR' }));
  await page.getByText(/^QR は 令和.+ まで使えます$/).waitFor();
  await page.getByText(/^富沢医師は、この会を 令和.+いっぱい記録できます$/).waitFor();
  return link;
}

/** Scans it: the phone reaches the server by its own way. */
async function scan(phone, link) {
  await phone.page.goto(`${phone.wire.address}/${new URL(link).hash}`);
  await phone.page.getByRole('heading', { name: '一日券で記録を始めます' }).waitFor();
  await phone.page.getByRole('button', { name: 'この会の記録を始める' }).click();
}


const rowsOnDisk = (page) => page.evaluate(async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await done(indexedDB.open('tsudoi'));
  let rows = 0;
  for (const table of ['document', 'outbox', 'intent', 'scope', 'meta']) {
    rows += await done(database.transaction(table).objectStore(table).count());
  }
  database.close();
  return rows;
});

/** Moves the clock of the phone's worker, and lets the page come back to the front. */
async function laterBy(page, ms) {
  for (const worker of page.workers()) {
    await worker.evaluate((by) => {
      const real = Date.now.bind(Date);
      Date.now = () => real() + by;
    }, ms);
  }
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
}

test('one tap opens the session, it works without signal, and when the day is over nothing is lost and nothing stays', async (t) => {
  const all = await hall(t);
  const phone = await startTablet(t, all.server, PHONE);
  const link = await give(all);
  await scan(phone, link);
  let { page } = phone;
  await page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/session/${all.document}`, 'straight onto the session');
  assert.equal(await page.getByRole('navigation', { name: '画面' }).count(), 0, 'there is nothing else to go to');
  await readyForOffline(phone);
  await page.getByText('電波がなくても使えます').waitFor();

  await phone.offline();
  await page.reload();
  await page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  await openTab(page, '参加者');
  await counter(page, BAND).add(3);
  await counter(page, BAND).shows(3);
  await phone.kill();
  await phone.open();
  ({ page } = phone);
  await phone.context.setOffline(true);
  await page.goto(`${phone.wire.address}/`);
  await page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  await openTab(page, '参加者');
  await counter(page, BAND).shows(3);
  await counter(page, BAND).add();
  await counter(page, BAND).shows(4);
  await phone.online();
  await within(15_000, 'the figure in the office', async () => (await attendance(all)) === 4);
  const { history } = await detail(all);
  assert.equal(history.at(-1).author.person.name, '富沢医師');

  await phone.offline();
  await counter(page, BAND).add();
  await counter(page, BAND).shows(5);
  await laterBy(page, 3 * DAY_MS);
  await page.getByRole('heading', { name: OVER }).waitFor();
  await page.getByText(/まだ送っていない記録が\d+か所あります/).waitFor();
  assert.ok(!(await page.content()).includes('人生会議の話'), 'nothing of the record shows');
  await page.reload();
  // with a new worker the clock is right again, and the pass still holds
  await page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  await laterBy(page, 3 * DAY_MS);
  await page.getByRole('heading', { name: OVER }).waitFor();
  assert.ok((await rowsOnDisk(page)) > 0);
  await phone.online();
  await page.getByText(/^記録はすべて送りました/).waitFor();
  await within(5_000, 'the last figure in the office', async () => (await attendance(all)) === 5);
  assert.equal(await rowsOnDisk(page), 0, 'nothing is left on the phone');
  await page.reload();
  await page.getByText(/^記録はすべて送りました/).waitFor();

  await page.goto(`${phone.wire.address}/${new URL(link).hash}`);
  await page.getByRole('button', { name: 'この会の記録を始める' }).click();
  await page.getByText(/^コードが違うか、期限が切れて/).waitFor();
  assert.deepEqual(page.problems, []);
  all.server.verify();
});

test('a code of a day pass that is typed asks for no PIN either, whichever screen it is typed on', async (t) => {
  const all = await hall(t);
  const phone = await startTablet(t, all.server, PHONE);
  const { page } = phone;
  const codeOf = (link) => new URL(link).hash.split('=').at(-1);
  await page.goto(`${phone.wire.address}/`);
  await page.getByRole('button', { name: '一日券のコードを入力する' }).click();
  const start = page.getByRole('button', { name: 'この会の記録を始める' });
  await start.click();
  await page.getByText('コードを8文字で入れてください。').waitFor();
  const forTablets = all.server.code('staff-112119');
  await page.getByRole('textbox', { name: '一日券のコード' }).fill(forTablets);
  await start.click();
  await page.getByText('このコードは端末を登録するためのものです。一日券のコードを入れてください。').waitFor();
  await enrol(await startTablet(t, all.server), forTablets, '受付2');
  await page.getByRole('textbox', { name: '一日券のコード' }).fill(codeOf(await give(all)).toLowerCase());
  await start.click();
  await page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: /人生会議の話/ }).waitFor();

  // typed where tablets are registered
  const other = await startTablet(t, all.server, PHONE);
  await other.page.goto(`${other.wire.address}/`);
  await other.page.getByRole('textbox', { name: '登録コード' }).fill(codeOf(await give(all)));
  await other.page.getByRole('textbox', { name: '端末の名前' }).fill('電話');
  await other.page.getByLabel('暗証番号（数字6桁以上）').fill('194805');
  await other.page.getByLabel('暗証番号（もう一度）').fill('194805');
  await other.page.getByRole('button', { name: '登録する' }).click();
  await other.page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  await other.page.reload();
  await other.page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  assert.deepEqual([...page.problems, ...other.page.problems], []);
});

test('the office sees the pass among the tablets and ends it, and the phone says so at once', async (t) => {
  const all = await hall(t);
  const phone = await startTablet(t, all.server, PHONE);
  await scan(phone, await give(all));
  const { page } = phone;
  await page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  await openTab(page, '参加者');
  await counter(page, BAND).add(2);
  await within(15_000, 'the figure in the office', async () => (await attendance(all)) === 2);
  const { page: office } = all.desk;
  await all.desk.goto('/office/devices');
  const row = office.getByRole('row', { name: /一日券 富沢医師/ });
  await row.getByText(/^一日券：人生会議の話（令和.+いっぱい）$/).waitFor();
  await row.getByRole('link', { name: '一日券 富沢医師' }).click();
  await office.getByRole('button', { name: '一日券を終わらせる' }).click();
  await office.getByRole('dialog').getByRole('button', { name: '一日券を終わらせる' }).click();
  await office.getByText(/^この一日券は 令和.+に終わらせました/).waitFor();
  await page.getByRole('heading', { name: OVER }).waitFor();
  await page.getByText(/^記録はすべて送りました/).waitFor();
  assert.equal(await rowsOnDisk(page), 0);
  await scan(phone, await give(all));
  await page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  await openTab(page, '参加者');
  await counter(page, BAND).shows(2);
  assert.deepEqual(page.problems, []);
  all.server.verify();
});
