// Hands: every tap of every finger counts once, and what is to happen once happens once, also while the page is busy.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter, counting, openTab, signIn, startServer, startTablet } from './harness.mjs';

const BAND = '75–84歳';

async function touching(t) {
  const opened = await counting(t);
  return { ...opened, remote: await opened.page.context().newCDPSession(opened.page) };
}

async function middleOf(locator) {
  await locator.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await locator.boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
}

const plus = (page, name = BAND) => page.getByRole('button', { name: `${name}を1増やす` });
const minus = (page, name = BAND) => page.getByRole('button', { name: `${name}を1減らす` });
const touch = (remote, type, ...points) => remote.send('Input.dispatchTouchEvent', { type, touchPoints: points });
const mouse = (remote, type, { x, y }) => remote.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });

/** Clicks as fast as they can be sent, without waiting for the page. */
async function clicks(remote, place, times) {
  const sent = [];
  for (let click = 0; click < times; click += 1) sent.push(mouse(remote, 'mousePressed', place), mouse(remote, 'mouseReleased', place));
  await Promise.all(sent);
}

test('twenty quick taps are twenty, by mouse, by one finger and by two in turn, on a page that is busy', async (t) => {
  const { page, remote } = await touching(t);
  await remote.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 });
  const place = await middleOf(plus(page));
  await remote.send('Emulation.setCPUThrottlingRate', { rate: 6 });

  await clicks(remote, place, 20);
  await counter(page, BAND).shows(20);

  const one = { ...place, id: 0 };
  await Promise.all(Array.from({ length: 20 }, () => [touch(remote, 'touchStart', one), touch(remote, 'touchEnd')]).flat());
  await counter(page, BAND).shows(40);

  const other = { x: place.x + 24, y: place.y - 24, id: 1 };
  const sent = [];
  for (let pair = 0; pair < 5; pair += 1) {
    // the second finger comes down before the first one is lifted
    sent.push(touch(remote, 'touchStart', one), touch(remote, 'touchStart', one, other), touch(remote, 'touchMove', other), touch(remote, 'touchEnd'));
  }
  await Promise.all(sent);
  await counter(page, BAND).shows(50);
  await page.getByRole('region', { name: '参加者 合計' }).getByText('50', { exact: true }).waitFor();

  // each is taken back by a tap of its own, and none twice
  await clicks(remote, await middleOf(page.getByRole('button', { name: /取り消す/ })), 10);
  await counter(page, BAND).shows(40);
  await clicks(remote, await middleOf(minus(page)), 45);
  await counter(page, BAND).shows(0);
  assert.deepEqual(page.problems, []);
});

test('two fingers on two counters count for both', async (t) => {
  const { page, remote } = await touching(t);
  await remote.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 });
  const [left, right] = [{ ...(await middleOf(plus(page, '30代'))), id: 0 }, { ...(await middleOf(plus(page, '40代'))), id: 1 }];
  for (let pair = 0; pair < 5; pair += 1) {
    await touch(remote, 'touchStart', left);
    await touch(remote, 'touchStart', left, right);
    await touch(remote, 'touchMove', right);
    await touch(remote, 'touchEnd');
  }
  await counter(page, '30代').shows(5);
  await counter(page, '40代').shows(5);
});

test('a press that slides off or becomes a scroll is none; keys and assistive technology press once', async (t) => {
  const { page, remote } = await touching(t);
  await counter(page, BAND).add();
  const place = await middleOf(plus(page));
  await mouse(remote, 'mousePressed', place);
  await remote.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: place.x - 200, y: place.y, button: 'left' });
  await mouse(remote, 'mouseReleased', { x: place.x - 200, y: place.y });

  await remote.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 });
  const before = await page.locator('main').evaluate((main) => main.scrollTop);
  await touch(remote, 'touchStart', { ...place, id: 0 });
  for (let step = 1; step <= 8; step += 1) await touch(remote, 'touchMove', { x: place.x, y: place.y + 20 * (before > 0 ? step : -step), id: 0 });
  await touch(remote, 'touchEnd');
  await page.waitForFunction((top) => document.querySelector('main').scrollTop !== top, before);
  assert.equal(await counter(page, BAND).value(), 1);

  await plus(page).focus();
  for (const key of ['Enter', ' ', 'Enter']) await page.keyboard.press(key);
  await counter(page, BAND).shows(4);
  await plus(page).evaluate((button) => button.click());
  await counter(page, BAND).shows(5);
});

test('a step is taken once however often it is pressed, and can be taken back', async (t) => {
  const { page, remote } = await touching(t);
  await openTab(page, '完了');
  await clicks(remote, await middleOf(page.getByRole('button', { name: '終了した' })), 5);
  await page.getByText('この会は終了しています。').waitFor();
  const steps = page.getByRole('listitem').filter({ hasText: /^実施/ });
  assert.equal(await steps.count(), 1);

  await page.getByRole('button', { name: '「実施」を取り消す' }).click();
  await page.getByRole('button', { name: '終了した' }).waitFor();
  await page.getByText('「実施」を取り消しました').waitFor();
  await page.getByText(/今の状態\s*予定/).waitFor();
  await page.getByRole('button', { name: '終了した' }).click();
  await page.getByText('この会は終了しています。').waitFor();
});

test('a second tap in the same place does not press what the first has brought there', async (t) => {
  const { tablet, page, remote } = await touching(t);
  await tablet.goto('/');
  const place = await middleOf(page.getByRole('button', { name: '＋ 新しい記録' }));
  await remote.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  await clicks(remote, place, 3);
  await page.getByRole('tab', { name: '基本', selected: true }).waitFor();
  const next = page.getByRole('button', { name: '次へ：参加者' });
  await next.waitFor();
  assert.ok(await next.evaluate((button, { x, y }) => button.contains(document.elementFromPoint(x, y)), place), 'it lies under the finger');
  // once it has been in sight and the finger has rested, it can be pressed
  const rested = await page.evaluate(() => performance.now()) + 1_000;
  await page.waitForFunction((until) => performance.now() >= until, rested);
  await clicks(remote, place, 1);
  await page.getByRole('tab', { name: '参加者', selected: true }).waitFor();
});

test('a finger that goes on tapping presses nothing of what came under it, for as long as it does', async (t) => {
  const { tablet, page, remote } = await touching(t);
  await tablet.goto('/');
  const place = await middleOf(page.getByRole('button', { name: '＋ 新しい記録' }));
  const next = page.getByRole('button', { name: '次へ：参加者' });
  const pressed = () => page.evaluate(() => window.pressed);
  await page.evaluate(() => {
    window.pressed = [];
    document.addEventListener('click', ({ target }) => window.pressed.push(target.textContent), { capture: true });
  });
  /** Taps of the finger, each so many seconds after the first, however busy this machine is. */
  const begun = Date.now() / 1000;
  const tap = (seconds) => ['mousePressed', 'mouseReleased'].map((type) =>
    remote.send('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount: 1, timestamp: begun + seconds }));
  await Promise.all(tap(0));
  await next.waitFor();
  await Promise.all([0.3, 0.6, 0.9, 1.2, 1.5, 1.8].flatMap(tap));
  assert.equal((await pressed()).length, 1);
  await page.getByRole('tab', { name: '基本', selected: true }).waitFor();
  await Promise.all(tap(2.4));
  await page.getByRole('tab', { name: '参加者', selected: true }).waitFor();
  assert.equal((await pressed()).length, 2);
});

test('a code is given once however often it is asked for', async (t) => {
  const server = await startServer(t);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  await signIn(desk, server.code('administrator-11'));
  await desk.goto('/office/devices');
  await page.getByRole('button', { name: '端末を登録する' }).click();
  await page.getByLabel('端末を使う人').selectOption({ index: 1 });
  const asked = [];
  page.on('request', (request) => (request.url().endsWith('/v1/devices/codes') ? asked.push(request) : undefined));
  const remote = await page.context().newCDPSession(page);
  await clicks(remote, await middleOf(page.getByRole('button', { name: 'コードを出す' })), 5);
  await page.getByRole('img', { name: '端末を登録する QR' }).waitFor();
  assert.equal(asked.length, 1);
});
