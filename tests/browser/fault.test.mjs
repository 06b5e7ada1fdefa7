// What others do to the page, and what fails while a screen is drawn: words and a way on, and nothing is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter, counting, enrol, openTab, signIn, startServer, startTablet } from './harness.mjs';

/** What a translator does: every text on the page is wrapped. */
const wrapTexts = (page) => page.evaluate(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    if (text.parentElement === null || text.data.trim() === '') continue;
    const font = document.createElement('font');
    text.replaceWith(font);
    font.append(text);
  }
});

/** What the translator of a browser does: other words, in nodes of its own, stand where the texts were. */
const translate = (page) => page.evaluate(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    if (text.parentElement === null || text.data.trim() === '') continue;
    const words = document.createElement('font');
    words.textContent = `«${text.data}»`;
    text.replaceWith(words);
  }
});

test('no translator is asked for', async (t) => {
  const server = await startServer(t);
  for (const path of ['/', '/office']) {
    const page = await (await fetch(`${server.address}${path}`)).text();
    assert.match(page, /<html lang="ja" translate="no">/);
    assert.match(page, /<meta name="google" content="notranslate" \/>/);
  }
});

test('a page whose texts are all wrapped by somebody else goes on working', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('coordinator-honjo'), '受付');
  const { page } = tablet;
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  const choose = async () => {
    await page.getByRole('button', { name: '講師を選ぶ' }).click();
    await page.getByRole('button', { name: /を選ぶ$/ }).nth(1).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: /を選ぶ$/ }).first().click();
    await page.getByRole('button', { name: /を外す$/ }).first().waitFor();
  };
  await choose();
  await wrapTexts(page);
  await page.getByRole('button', { name: /を外す$/ }).first().click();
  await page.getByText('まだ選んでいません').waitFor();
  await wrapTexts(page);
  await choose();
  await page.getByText('まだ選んでいません').waitFor({ state: 'detached' });
  for (const tab of ['参加者', '上映', '配布', 'アンケート', '記録', '完了', '参加者']) {
    await openTab(page, tab);
    await wrapTexts(page);
  }
  await counter(page, '75–84歳').add(3);
  await counter(page, '75–84歳').shows(3);
  await wrapTexts(page);
  await counter(page, '75–84歳').take();
  await counter(page, '75–84歳').shows(2);
  await page.getByRole('link', { name: '戻る' }).click();
  await page.getByRole('heading', { name: /^今日/ }).waitFor();
  assert.deepEqual(page.problems, []);
  assert.equal(await page.getByText('画面を表示できませんでした').count(), 0);
});

test('what changes on a translated page shows what it is now, not the words of before', async (t) => {
  const { page } = await counting(t);
  await counter(page, '75–84歳').add(1);
  await counter(page, '75–84歳').shows(1);
  await page.getByRole('button', { name: '↶ 取り消す（75–84歳 ＋1）', exact: true }).waitFor();
  await translate(page);
  await counter(page, '85歳以上').add(2);
  await counter(page, '85歳以上').shows(2);
  await page.getByRole('button', { name: '↶ 取り消す（85歳以上 ＋1）', exact: true }).waitFor();
  await page.getByRole('region', { name: '参加者 合計' }).getByText('3', { exact: true }).waitFor();
  await page.getByRole('button', { name: '«数字で入力»' }).click();
  await page.getByRole('button', { name: '押して数える', exact: true }).waitFor();
  await translate(page);
  await page.getByRole('button', { name: '«押して数える»' }).click();
  await page.getByRole('button', { name: '数字で入力', exact: true }).waitFor();
  await page.getByRole('tab', { name: /«完了»/ }).click();
  await page.getByRole('button', { name: '終了した' }).waitFor();
  await translate(page);
  await page.getByRole('button', { name: '«終了した»' }).click();
  await page.getByText('この会は終了しています。', { exact: true }).waitFor();
  assert.equal(await page.getByText('«終了した»').count(), 0);
  assert.deepEqual(page.problems, []);
});

test('a file of a screen that does not come is said, with a way on, and what was recorded is there', async (t) => {
  const { tablet, page } = await counting(t);
  await counter(page, '75–84歳').add(2);
  await counter(page, '75–84歳').shows(2);
  await tablet.context.route(/\/assets\/device-/, (route) => route.abort());
  await page.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name);
  });
  await page.getByRole('link', { name: '戻る' }).click();
  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: 'この端末' }).click();
  await page.getByRole('heading', { name: '画面を表示できませんでした' }).waitFor();
  await page.getByText(/記録はこの端末に残っています。/).waitFor();
  await tablet.context.unroute(/\/assets\/device-/);
  await page.getByRole('button', { name: 'もう一度表示する' }).click();
  await page.getByRole('heading', { name: 'この端末', level: 1 }).waitFor();
  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: '記録', exact: true }).click();
  await page.getByText('参加者 2人').waitFor();
});

test('the console bears wrapped texts as well', async (t) => {
  const server = await startServer(t);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  await signIn(desk, server.code('administrator-11'));
  for (const [link, heading] of [['端末', '端末'], ['記録', '記録'], ['預かり', '預かり'], ['利用者', '利用者']]) {
    await wrapTexts(page);
    await page.getByRole('navigation').getByRole('link', { name: link, exact: true }).click();
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
  }
  assert.deepEqual(page.problems, []);
});
