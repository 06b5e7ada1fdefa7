// The console under rough conditions: a sign-in that runs out, seven tabs over HTTP/1.1, a leader that is stopped.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SCREENSHOTS, headless, loadCase, signIn, startServer, startTablet, within } from './harness.mjs';

const PASSWORD = 'さくら ひかり でんしゃ';

test('a sign-in that runs out is renewed over the screen, and what was typed and begun goes on', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  loadCase(t, server);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  const shot = (name) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  await signIn(desk, server.code('administrator-11'));
  await page.getByRole('link', { name: 'サインインの設定' }).click();
  await page.getByLabel('利用者名').fill('yamada');
  await page.getByLabel('新しいパスワード').fill(PASSWORD);
  await page.getByRole('button', { name: 'パスワードを決める' }).click();
  await page.getByText('に決めたパスワードを使っています').waitFor();

  await page.getByRole('link', { name: '端末', exact: true }).click();
  await page.getByRole('button', { name: '端末を登録する' }).click();
  const giving = page.getByRole('dialog', { name: '端末を登録するコードを出します' });
  await giving.getByLabel('端末を使う人').selectOption({ label: '（見本）本庄市 普及啓発職員（職員）' });
  const end = () => page.context().clearCookies();
  const again = page.getByRole('dialog', { name: 'もう一度サインインしてください' });
  /** The sign-in is over when the button is pressed. What the screen reads by itself may notice it first: then it is put off. */
  const pressAfterEnd = async (button) => {
    await end();
    if (await button.click({ timeout: 3_000 }).then(() => true, () => false)) return;
    await again.getByRole('button', { name: '閉じる' }).click();
    await button.click();
  };
  const enter = async () => {
    await again.getByLabel('利用者名').fill('yamada');
    await again.getByLabel('パスワード', { exact: true }).fill(PASSWORD);
    await again.getByRole('button', { name: 'サインインする', exact: true }).click();
    await again.waitFor({ state: 'detached' });
  };
  await pressAfterEnd(giving.getByRole('button', { name: 'コードを出す' }));
  await again.waitFor();
  await shot('sign-in-again');
  await page.setViewportSize({ width: 360, height: 740 });
  await shot('sign-in-again-360');
  await page.setViewportSize({ width: 1440, height: 900 });
  await enter();
  await page.getByRole('img', { name: '端末を登録する QR' }).waitFor();

  // put off: it is said, there is a way, and a longer text outlives even a reload
  await desk.goto('/office/records?fiscal_year=2024&activity=training');
  await page.getByRole('link', { name: /在宅を支える医療・介護連携研修会/ }).first().click();
  const open = page.getByRole('button', { name: 'この記録を完全に消去する…' });
  await open.click();
  await page.getByLabel('消去する理由').fill('本人の求めがあったため');
  await page.getByLabel('確かめるため「消去」と入力してください').fill('消去');
  await pressAfterEnd(page.getByRole('button', { name: '完全に消去する', exact: true }));
  await again.waitFor();
  await again.getByRole('button', { name: '閉じる' }).click();
  await page.getByRole('alert').getByText('入力した内容は残っています').waitFor();
  await page.getByRole('button', { name: 'やめる' }).click();
  await shot('sign-in-put-off');
  await page.getByRole('status').getByRole('button', { name: 'サインインする' }).first().click();
  await enter();
  await page.getByText('サインインの期限が切れています').first().waitFor({ state: 'detached' });
  await page.reload();
  await open.click();
  assert.equal(await page.getByLabel('消去する理由').inputValue(), '本人の求めがあったため');
  await page.getByRole('button', { name: 'やめる' }).click();

  // another tab signs in as somebody else: nothing of this screen is sent in their name
  const other = await desk.newPage();
  await end();
  await desk.goto(`/office#code=${server.code('prefectural-11')}`, other);
  await other.getByRole('button', { name: 'サインインする', exact: true }).click();
  await other.getByRole('button', { name: 'サインアウト' }).waitFor();
  await page.bringToFront();
  const strange = page.getByRole('dialog', { name: /さんがサインインしています$/ });
  await strange.waitFor();
  await shot('sign-in-other');
  await page.keyboard.press('Escape');
  assert.ok(await strange.isVisible(), 'it cannot be passed over');
  await strange.getByRole('button', { name: /で始める$/ }).click();
  await strange.waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => Object.keys(sessionStorage).length), 0, 'drafts of the one before are gone');
  assert.deepEqual(page.problems, []);
});

test('seven tabs over HTTP/1.1: one stream, a download in the seventh, news in all, also after the leader stopped', async (t) => {
  const server = await startServer(t);
  const desk = await startTablet(t, server, { width: 1024, height: 768 });
  const streams = new Set();
  desk.context.on('request', (request) => (request.url().endsWith('/v1/events') ? streams.add(request) : undefined));
  for (const event of ['requestfinished', 'requestfailed']) desk.context.on(event, (request) => streams.delete(request));
  await signIn(desk, server.code('administrator-11'));
  const tabs = [desk.page];
  while (tabs.length < 7) tabs.push(await desk.newPage());
  for (const tab of tabs) {
    await desk.goto('/office/records', tab);
    await tab.getByRole('heading', { level: 1, name: '記録' }).waitFor();
  }
  const say = (count) => Promise.all(tabs.map((tab) => tab.getByText(`${count}件`, { exact: true }).first().waitFor()));
  await say(0);
  await within(10_000, 'one stream', () => streams.size === 1);

  const arrives = tabs[6].waitForEvent('download');
  await tabs[6].getByRole('link', { name: 'CSVで書き出す' }).click();
  assert.equal(await (await arrives).failure(), null);

  const tablet = headless(server, server.code('staff-112119'));
  tablet.record('一回目');
  await say(1);
  assert.equal(streams.size, 1);

  const leader = tabs.findIndex((tab) => [...streams].some((request) => request.frame().page() === tab));
  const [stopped] = tabs.splice(leader, 1);
  const devtools = await desk.context.newCDPSession(stopped);
  await devtools.send('Debugger.enable');
  await devtools.send('Debugger.pause');
  void stopped.evaluate('0').catch(() => undefined);
  await within(30_000, 'another leads', () => streams.size === 2);
  tablet.record('二回目');
  await say(2);
  await devtools.send('Debugger.resume');
  await within(20_000, 'one stream again', () => streams.size === 1);

  tablet.record('三回目');
  await say(3);
  await Promise.all(tabs.slice(1).map((tab) => tab.close()));
  tabs.length = 1;
  tablet.record('四回目');
  await say(4);
});

test('the frame leaves room for the screen, however large the letters or small the window', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  loadCase(t, server);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  await signIn(desk, server.code('administrator-11'));
  await desk.goto('/office/prefecture?fiscal_year=2024');
  await page.getByRole('heading', { level: 1 }).waitFor();
  for (const [width, height, letters] of [[360, 740, 100], [360, 740, 200], [180, 370, 100], [360, 740, 400], [320, 256, 100], [768, 1024, 100], [768, 1024, 200], [1024, 400, 100], [1440, 900, 200]]) {
    const name = `${width}x${height} at ${letters} %`;
    await page.setViewportSize({ width, height });
    await page.evaluate((percent) => {
      document.documentElement.style.fontSize = `${percent}%`;
    }, letters);
    await page.screenshot({ path: join(SCREENSHOTS, `frame-${width}x${height}-${letters}.png`) });
    const frame = await page.getByRole('complementary').boundingBox();
    const isBeside = frame.width < width / 2;
    assert.ok(isBeside || frame.height <= height / 4, `${name}: the frame is ${frame.height} px high`);
    await page.evaluate(() => window.scrollTo(0, 200));
    const after = await page.getByRole('complementary').boundingBox();
    assert.ok(isBeside || after.y + after.height <= 0 || after.y < 0, `${name}: the frame goes with the screen`);
    await page.evaluate(() => window.scrollTo(0, 0));
    if (isBeside) continue;
    await page.getByRole('button', { name: '画面を選ぶ' }).click();
    await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: '記録', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: '記録' }).waitFor();
    assert.ok(!(await page.getByRole('navigation', { name: '画面' }).isVisible()), `${name}: the list closes`);
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: /講師人材バンク/ }).waitFor();
  }
  assert.deepEqual(page.problems, []);
});

test('a number that changes by itself is told once, and leaves place and focus where they are', async (t) => {
  const server = await startServer(t);
  loadCase(t, server);
  const desk = await startTablet(t, server, { width: 1024, height: 400 });
  const { page } = desk;
  await signIn(desk, server.code('administrator-11'));
  await desk.goto('/office/municipality/112119?fiscal_year=2026');
  await page.getByRole('heading', { level: 1 }).waitFor();
  const tablet = headless(server, server.code('staff-112119'));
  tablet.record('一回目');
  const activities = page.getByRole('table', { name: '催しと活動（種類別）' });
  const planned = activities.getByRole('link', { name: /^ACP講話 予定 1/ });
  await planned.waitFor();
  await page.evaluate(() => {
    window.told = [];
    const place = document.querySelector('[role=status][aria-label="新しくなった数字"]');
    new MutationObserver(() => window.told.push(place.textContent)).observe(place, { childList: true, characterData: true, subtree: true });
  });
  await planned.focus();
  await planned.evaluate((one) => one.scrollIntoView({ block: 'start' }));
  const placeOf = () => page.evaluate(() => document.activeElement.getBoundingClientRect().y);
  const at = await placeOf();
  tablet.record('二回目');
  await activities.getByRole('link', { name: /^ACP講話 予定 2/ }).waitFor();
  await page.waitForFunction(() => window.told.length > 0);
  const told = await page.evaluate(() => window.told);
  assert.equal(told.length, 1);
  assert.match(told[0], /^新しくなりました。.*ACP講話 予定 2/);
  assert.ok(Math.abs((await placeOf()) - at) <= 2, 'what was looked at stays where it was');
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^ACP講話 予定 2/);
});

test('the history of a record says what was done, and names stand in the order of their readings', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  loadCase(t, server);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  await signIn(desk, server.code('administrator-11'));
  await desk.goto('/office/records?fiscal_year=2024&activity=training');
  await page.getByRole('link', { name: /在宅を支える医療・介護連携研修会/ }).first().click();
  const history = page.getByRole('region', { name: '変更の履歴' }).or(page.locator('section', { has: page.getByRole('heading', { name: '変更の履歴' }) }));
  await history.getByText('「上里町役場 4階大会議室」を入れました').waitFor();
  await history.getByText('「実施」にしました').waitFor();
  await history.getByText('+25').waitFor();
  await history.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(SCREENSHOTS, 'history.png') });
  await page.setViewportSize({ width: 360, height: 740 });
  await history.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(SCREENSHOTS, 'history-360.png') });
  await page.setViewportSize({ width: 1440, height: 900 });

  await page.getByRole('link', { name: '講師', exact: true }).click();
  for (const [surname, reading] of [['薦部', 'こもべ'], ['荻野', 'おぎの'], ['富沢', 'とみざわ']]) {
    await page.getByRole('button', { name: new RegExp(`^${surname}.*を変更する$`) }).first().click();
    await page.getByRole('dialog').getByLabel('ふりがな').fill(reading);
    await page.getByRole('dialog').getByRole('button', { name: '保存する' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText(reading, { exact: true }).waitFor();
  }
  const names = await page.getByRole('table').locator('tbody th').allInnerTexts();
  const read = names.map((name) => name.split('\n')[1]).filter((reading) => !reading.includes('登録なし'));
  assert.deepEqual(read, ['おぎの', 'こもべ', 'とみざわ']);
  await page.screenshot({ path: join(SCREENSHOTS, 'lecturers.png') });
  assert.deepEqual(page.problems, []);
});
