// A tablet in strange hands: nothing readable on its disk, a PIN before anything shows, and no proof that works twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter, enrol, openTab, PIN, signIn, startServer, startTablet, unlock } from './harness.mjs';

const BAND = '75–84歳';

/** Everything IndexedDB and localStorage hold, as one text. */
const readDisk = (page) => page.evaluate(async () => {
  const shown = (value) => {
    if (value instanceof Uint8Array) return new TextDecoder().decode(value);
    if (value instanceof CryptoKey) return value.extractable && value.type !== 'public' ? 'EXTRACTABLE' : '';
    if (Array.isArray(value)) return value.map(shown).join(' ');
    return typeof value === 'object' && value !== null ? Object.values(value).map(shown).join(' ') : String(value);
  };
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const parts = [];
  let rows = 0;
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const table of database.objectStoreNames) {
      const all = await done(database.transaction(table).objectStore(table).getAll());
      rows += all.length;
      parts.push(...all.map(shown));
    }
    database.close();
  }
  return { rows, text: parts.join('\n') };
});

async function recorded(t) {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const { page } = tablet;
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await page.getByRole('textbox', { name: '名称' }).fill('ひみつの座談会');
  await page.getByRole('textbox', { name: '名称' }).press('Tab');
  await page.getByText(/端末に保存|送信済み|照合済み/).first().waitFor();
  await openTab(page, '参加者');
  await counter(page, BAND).add(3);
  await counter(page, BAND).shows(3);
  return { server, tablet, page };
}

test('IndexedDB read from outside shows no clear text and no key that could be copied', async (t) => {
  const { page } = await recorded(t);
  const disk = await readDisk(page);
  assert.ok(disk.rows > 5, `${disk.rows} rows`);
  for (const clear of ['ひみつ', '座談会', 'attendance', '112119', '埼玉', '"token"', 'EXTRACTABLE', PIN]) {
    assert.ok(!disk.text.includes(clear), `${clear} is on the disk`);
  }
});

test('a locked tablet shows nothing until the PIN is right, and wrong ones have to wait', async (t) => {
  const { page } = await recorded(t);
  const path = new URL(page.url()).pathname;
  await page.goto(new URL('/device', page.url()).href);
  await unlock(page);
  await page.getByRole('button', { name: /^画面をとじる/ }).click();
  await page.getByRole('heading', { name: '端末を開きます' }).waitFor();
  assert.ok(!(await page.content()).includes('ひみつ'));
  for (let tries = 0; tries < 3; tries += 1) {
    await page.getByLabel('暗証番号', { exact: true }).fill('730216');
    await page.getByRole('button', { name: '開く', exact: true }).click();
    await page.getByText('暗証番号が違います。').waitFor();
  }
  await page.getByText(/^あと\d+秒たつと入力できます。$/).waitFor();
  assert.ok(await page.getByRole('button', { name: '開く', exact: true }).isDisabled());
  await page.reload();
  await page.getByText(/^あと\d+秒たつと入力できます。$/).waitFor();
  await page.getByText(/^あと\d+秒たつと入力できます。$/).waitFor({ state: 'detached' });
  await unlock(page);
  await page.goto(new URL(path, page.url()).href);
  await unlock(page);
  await openTab(page, '参加者');
  await counter(page, BAND).shows(3);
});

test('a screen that nobody touches closes by itself, and what was being typed is kept', async (t) => {
  const { page } = await recorded(t);
  await page.clock.install();
  await page.reload();
  await unlock(page);
  await openTab(page, '基本');
  await page.getByRole('textbox', { name: '名称' }).fill('ひみつの座談会・二回目');
  await page.clock.fastForward('04:30');
  assert.ok(await page.getByRole('textbox', { name: '名称' }).isVisible());
  await page.clock.fastForward('00:50');
  await page.getByRole('heading', { name: '端末を開きます' }).waitFor();
  assert.ok(!(await page.content()).includes('ひみつ'));
  await unlock(page);
  await openTab(page, '基本');
  assert.equal(await page.getByRole('textbox', { name: '名称' }).inputValue(), 'ひみつの座談会・二回目');
});

const FIRST = '（見本）本庄市 普及啓発職員';
const SECOND_PIN = '861942';

/** Adds 佐藤 on the screen of the open tablet. */
async function addSecond(server, page) {
  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: 'この端末' }).click();
  await page.getByRole('button', { name: '使う人を加える' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('textbox', { name: '登録コード' }).fill(server.colleague('佐藤'));
  await sheet.getByLabel('暗証番号（数字6桁以上）').fill(SECOND_PIN);
  await sheet.getByLabel('暗証番号（もう一度）').fill(SECOND_PIN);
  await sheet.getByRole('button', { name: '加える' }).click();
  await sheet.waitFor({ state: 'detached' });
}

/** Closes the screen of whoever has opened it. */
async function close(page) {
  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: 'この端末' }).click();
  await page.getByRole('button', { name: /^画面をとじる/ }).click();
  await page.getByRole('heading', { name: '端末を開きます' }).waitFor();
}

/** Says who one is. */
const as = (page, name) => page.getByRole('button', { name, exact: true }).click();

async function miss(page, times) {
  for (let tries = 0; tries < times; tries += 1) {
    await page.getByLabel('暗証番号', { exact: true }).fill('730216');
    await page.getByRole('button', { name: '開く', exact: true }).click();
    await page.getByText('暗証番号が違います。').waitFor();
    await page.getByLabel('暗証番号', { exact: true }).and(page.locator('[value=""]')).waitFor();
  }
}

test('whoever guesses at a colleague’s PIN has to wait, and neither the colleague nor the clock helps', async (t) => {
  const { server, page } = await recorded(t);
  await page.goto(new URL('/', page.url()).href);
  await unlock(page);
  await addSecond(server, page);
  await close(page);
  await as(page, FIRST);
  await miss(page, 2);
  await as(page, '佐藤');
  await unlock(page, SECOND_PIN);
  await close(page);
  await as(page, FIRST);
  await miss(page, 1);
  const wait = page.getByText(/^あと\d+秒たつと入力できます。$/);
  await wait.waitFor();
  // years ahead, for the page and for the worker
  const ahead = () => {
    const real = Date.now.bind(Date);
    Date.now = () => real() + 9e10;
  };
  await page.evaluate(ahead);
  for (const worker of page.workers()) await worker.evaluate(ahead);
  assert.ok(await page.getByRole('button', { name: '開く', exact: true }).isDisabled());
  await as(page, '佐藤');
  assert.equal(await wait.count(), 0, 'who has guessed at nothing does not wait');
  await as(page, FIRST);
  await wait.waitFor();
  await wait.waitFor({ state: 'detached' });
  await unlock(page);
});

test('a lost PIN is one person’s: the code of a colleague opens nothing, and says whose it is', async (t) => {
  const { server, page } = await recorded(t);
  await page.goto(new URL('/', page.url()).href);
  await unlock(page);
  await addSecond(server, page);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('municipal-112119'));
  const codeFor = async (name) => {
    await desk.goto('/office/devices');
    await desk.page.getByRole('link', { name: '受付' }).click();
    await desk.page.getByRole('button', { name: '暗証番号を戻す' }).click();
    const sheet = desk.page.getByRole('dialog');
    const whose = sheet.getByLabel('暗証番号を忘れた人');
    assert.equal(await whose.locator('option:checked').innerText(), FIRST, 'who registered it is chosen at first');
    await whose.selectOption({ label: name });
    await sheet.getByRole('button', { name: 'コードを出す' }).click();
    await sheet.getByText(`端末で「${name}」を選び`).waitFor();
    return (await sheet.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/).innerText()).trim();
  };
  const enter = async (code) => {
    await page.getByRole('textbox', { name: '登録コード' }).fill(code);
    await page.getByLabel('暗証番号（数字6桁以上）').fill('480273');
    await page.getByLabel('暗証番号（もう一度）').fill('480273');
    await page.getByRole('button', { name: '新しい暗証番号で開く' }).click();
  };
  await close(page);
  await as(page, FIRST);
  await page.getByRole('button', { name: '暗証番号を忘れたとき' }).click();
  await enter(await codeFor('佐藤'));
  await page.getByRole('alert').getByText(/^このコードは「佐藤」のためのものです。暗証番号は変わっていません。/).waitFor();
  await as(page, '佐藤');
  await page.getByRole('button', { name: '暗証番号を忘れたとき' }).click();
  await enter(await codeFor('佐藤'));
  await page.getByRole('heading', { name: /^今日/ }).waitFor();
  await close(page);
  await as(page, '佐藤');
  await page.getByLabel('暗証番号', { exact: true }).fill(SECOND_PIN);
  await page.getByRole('button', { name: '開く', exact: true }).click();
  await page.getByText('暗証番号が違います。').waitFor();
  await as(page, FIRST);
  await unlock(page);
  await page.getByRole('heading', { name: /^今日/ }).waitFor();
  assert.deepEqual([...page.problems, ...desk.page.problems], []);
});

test('a person is taken off the tablet by another, and what they recorded stays', async (t) => {
  const { server, page } = await recorded(t);
  await page.goto(new URL('/', page.url()).href);
  await unlock(page);
  await addSecond(server, page);
  await close(page);
  await as(page, '佐藤');
  await unlock(page, SECOND_PIN);
  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: '記録' }).click();
  await page.getByText('ひみつの座談会').first().click();
  await openTab(page, '参加者');
  await counter(page, '30代').add(1);
  await counter(page, '30代').shows(1);
  await page.goto(new URL('/', page.url()).href);
  await as(page, FIRST);
  await unlock(page);
  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: 'この端末' }).click();
  assert.equal(await page.getByRole('button', { name: `${FIRST}を外す` }).count(), 0, 'nobody takes themselves off');
  const open = page.getByRole('button', { name: '佐藤を外す' });
  await open.click();
  const sheet = page.getByRole('dialog', { name: '「佐藤」をこの端末から外しますか' });
  await sheet.getByRole('button', { name: 'やめる' }).click();
  await open.click();
  await sheet.getByRole('button', { name: '外す', exact: true }).click();
  await sheet.waitFor({ state: 'detached' });
  await open.waitFor({ state: 'detached' });
  await close(page);
  await page.getByLabel('暗証番号', { exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: '佐藤', exact: true }).count(), 0);
  await unlock(page);
  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: '記録' }).click();
  await page.getByText('ひみつの座談会').first().click();
  await openTab(page, '参加者');
  await counter(page, '30代').shows(1);
});

test('two people on one tablet: neither sees the screen the other left, and who recorded what is kept', async (t) => {
  const { server, page } = await recorded(t);
  const record = new URL(page.url()).pathname;
  await page.clock.install();
  await page.goto(new URL('/', page.url()).href);
  await unlock(page);
  await addSecond(server, page);

  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: '記録' }).click();
  await page.getByText('ひみつの座談会').first().click();
  await openTab(page, '参加者');
  await page.clock.fastForward('05:20');
  await page.getByRole('button', { name: '佐藤', exact: true }).click();
  await page.getByLabel('暗証番号', { exact: true }).fill(PIN);
  await page.getByRole('button', { name: '開く', exact: true }).click();
  await page.getByText('暗証番号が違います。').waitFor();
  await unlock(page, SECOND_PIN);
  await page.getByRole('heading', { name: /^今日/ }).waitFor();

  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: '記録' }).click();
  await page.getByText('ひみつの座談会').first().click();
  assert.equal(new URL(page.url()).pathname, record);
  await openTab(page, '参加者');
  await counter(page, '30代').add(1);
  await counter(page, '30代').shows(1);
  await openTab(page, '完了');
  await page.getByText('この記録の履歴').click();
  const history = page.getByRole('group').filter({ hasText: 'この記録の履歴' });
  await history.getByText('佐藤').first().waitFor();
  await history.getByText(FIRST).first().waitFor();
});
