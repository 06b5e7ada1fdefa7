// Boxes: what a box shows is what is stored, or it says that it is not and why; and today is Japan's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter, enrol, newRecord, openTab, signIn, startServer, startTablet, within } from './harness.mjs';

async function opened(t) {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  await newRecord(tablet, '人生会議の話');
  return { server, tablet, page: tablet.page };
}

/** Leaves the box that is open. */
const leave = (page) => page.evaluate(() => document.activeElement.blur());
/** The record as it is when it is opened anew. */
async function reopened(tablet) {
  const { page } = tablet;
  await leave(page);
  await tablet.goto(new URL(page.url()).pathname);
  await openTab(page, '基本');
}

/** Types into a date box, part by part: month, day, year, as this browser asks for them. */
async function typeInto(page, box, keys) {
  await box.focus();
  for (const key of keys) await page.keyboard.press(key);
}

test('a date that does not exist is never stored, nor any on the way to one', async (t) => {
  const { tablet, page } = await opened(t);
  const date = page.getByLabel('日付');
  await date.fill('2026-02-10');
  await leave(page);
  await page.getByText('令和8年2月10日（火）').first().waitFor();
  const seen = new Set();
  await page.exposeFunction('noted', (text) => seen.add(text));
  await page.evaluate(() => new MutationObserver(() => window.noted(document.querySelector('header').innerText)).observe(document.body, { subtree: true, childList: true, characterData: true }));

  await typeInto(page, date, [...'02312026']);
  await leave(page);
  const box = page.getByText('この日付はないか、まだ途中です。');
  await box.waitFor();
  await page.getByText('未保存').waitFor();
  assert.ok(![...seen].some((header) => header.includes('2月3日')), 'the third was stored on the way');

  await typeInto(page, date, [...'12242026']);
  await leave(page);
  await page.getByText('令和8年12月24日（木）').first().waitFor();
  assert.ok(![...seen].some((header) => /年1月|12月2日/.test(header)), 'another month or day was stored on the way');
  assert.equal(await page.getByText('未保存').count(), 0);
  assert.equal(await date.inputValue(), '2026-12-24');

  await date.fill('1967-05-05');
  await leave(page);
  await page.getByText(/^未保存\s*年を確かめてください/).waitFor();
  await reopened(tablet);
  assert.equal(await date.inputValue(), '2026-12-24');
  await date.fill('1999-05-05');
  await leave(page);
  await page.getByText('2000年より前の日付です。').waitFor();
  await tablet.goto('/records');
  await page.getByText('日付を確かめてください').waitFor();
});

test('a time does not end before it starts, and is kept as soon as both fit', async (t) => {
  const { tablet, page } = await opened(t);
  const [start, end] = [page.getByLabel('開始'), page.getByLabel('終了')];
  await start.fill('15:00');
  await end.fill('13:00');
  await leave(page);
  await page.getByText('開始（15:00）より前になっています。').waitFor();
  assert.equal(await end.inputValue(), '13:00');
  await start.fill('12:00');
  await leave(page);
  await page.getByText('未保存').waitFor({ state: 'detached' });
  await reopened(tablet);
  assert.deepEqual([await start.inputValue(), await end.inputValue()], ['12:00', '13:00']);
});

test('numbers are understood or answered in plain words', async (t) => {
  const { tablet, page } = await opened(t);
  await openTab(page, '上映');
  const minutes = page.getByLabel('上映時間（分）');
  for (const [typed, stored] of [['15分', '15'], ['１時間30分', '90'], ['２０', '20']]) {
    await minutes.fill(typed);
    await leave(page);
    await within(5_000, `${typed} is ${stored}`, async () => (await minutes.inputValue()) === stored);
  }
  for (const [typed, words] of [['約30', '「約」や「くらい」は付けずに'], ['－3', '0以上の数'], ['②', '数字だけで'], ['1e5', '数字だけで'], ['100000', '1,440までの数']]) {
    await minutes.fill(typed);
    await leave(page);
    await page.getByText(words).waitFor();
    assert.equal(await minutes.inputValue(), typed, 'what was typed stays in sight');
  }
  await openTab(page, '参加者');
  await page.getByRole('button', { name: '数字で入力' }).click();
  const heads = page.getByRole('textbox', { name: '75–84歳の合計' });
  await heads.fill('100000');
  await leave(page);
  await page.getByText('99,999までの数').waitFor();
  await heads.fill('約30');
  await leave(page);
  await page.getByText('「約」や「くらい」は付けずに').waitFor();
  await heads.fill('３０人');
  await leave(page);
  await counter(page, '75–84歳').shows(30);
  await tablet.goto(new URL(page.url()).pathname);
  await openTab(page, '上映');
  await within(5_000, 'the last right number', async () => (await minutes.inputValue()) === '20');
});

for (const zone of ['UTC', 'America/Los_Angeles']) {
  test(`today is Japan's on a tablet whose zone is ${zone}`, async (t) => {
    const server = await startServer(t);
    const tablet = await startTablet(t, server);
    const remote = await tablet.context.newCDPSession(tablet.page);
    await remote.send('Emulation.setTimezoneOverride', { timezoneId: zone });
    await enrol(tablet, server.code('staff-112119'), '受付');
    const { page } = tablet;
    const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
    const [, month, day] = today.split('-').map(Number);
    await page.getByRole('heading', { name: new RegExp(`^今日\\s+${month}月${day}日`) }).waitFor();
    await page.getByRole('button', { name: '＋ 新しい記録' }).click();
    assert.equal(await page.getByLabel('日付').inputValue(), today);
  });
}

test('a clock before the last exchange is told without signal', async (t) => {
  const { tablet, page } = await opened(t);
  await tablet.offline();
  await page.clock.install({ time: new Date('2001-02-03T04:05:00+09:00') });
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.getByRole('alert').filter({ hasText: 'この端末の時計が合っていません（いまの表示：平成13年2月3日（土） 4:05' }).waitFor();
});

test('the days of the journal are kept when they are whole, and never end before they begin', async (t) => {
  const server = await startServer(t);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  await signIn(desk, server.code('administrator-11'));
  await desk.goto('/office/journal');
  const [from, until] = [page.getByLabel('この日から'), page.getByLabel('この日まで')];
  const address = () => new URL(page.url()).searchParams;
  const read = page.getByRole('table', { name: '操作の記録' });
  await read.waitFor();

  await typeInto(page, from, '02312026');
  await leave(page);
  await page.getByText('この日付はないか、まだ途中です').waitFor();
  await typeInto(page, from, '020120261');
  await leave(page);
  await page.getByText('年を確かめてください').waitFor();
  assert.equal(address().get('from'), null, 'nothing was asked for');

  await until.fill('2026-03-31');
  await leave(page);
  await within(5_000, 'the end is in the address', async () => address().get('until') !== null);
  await from.fill('2026-04-01');
  await leave(page);
  await page.getByText('「この日まで」（令和8年3月31日）より後になっています').waitFor();
  assert.equal(address().get('from'), null);

  await until.fill('2026-04-30');
  await leave(page);
  await within(5_000, 'both fit', async () => address().get('from') !== null);
  await page.getByText('より後になっています').waitFor({ state: 'detached' });
  await until.fill('');
  await leave(page);
  await within(5_000, 'an emptied box is no condition', async () => address().get('until') === null);
  assert.deepEqual(page.problems, []);
});

test('a text that is too long does not go into its box and says so, and what nobody sees is gone when the box is left', async (t) => {
  const { tablet, page } = await opened(t);
  const venue = () => page.getByRole('combobox', { name: '会場' }).or(page.getByRole('textbox', { name: '会場' }));
  const paste = (box, text) => box.evaluate((element, pasted) => {
    element.focus();
    element.select();
    document.execCommand('insertText', false, pasted);
  }, text);
  await venue().fill('本庄公民館');
  await paste(venue(), '長'.repeat(5_000));
  await page.getByText('200文字までです。5,000文字になるため、いまの入力は入りませんでした。').waitFor();
  assert.equal(await venue().inputValue(), '本庄公民館');
  await paste(venue(), 'ひま\u202e\u200bわり');
  await leave(page);
  await page.getByRole('heading', { name: /ひまわり$/ }).waitFor();
  await within(5_000, 'the box shows what is stored', async () => (await venue().inputValue()) === 'ひまわり');

  await openTab(page, '記録');
  const note = page.getByRole('textbox', { name: '課題・問題点' });
  await note.fill('会場が寒かった。');
  await paste(note, '長'.repeat(10_001));
  await page.getByText('10,000文字までです。10,001文字になるため、').waitFor();
  assert.equal(await note.inputValue(), '会場が寒かった。');
  await leave(page);
  await reopened(tablet);
  await openTab(page, '記録');
  assert.equal(await note.inputValue(), '会場が寒かった。');
});
