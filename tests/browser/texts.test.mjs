// Long texts: what was typed is there after the browser was killed, and a sentence rewritten on two tablets stands in both forms.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { agree, enrol, newRecord, openTab, readyForOffline, SCREENSHOTS, startServer, startTablet, unlock, within } from './harness.mjs';

const OUTCOME = '内容・実績';

function box(page) {
  return page.getByRole('textbox', { name: OUTCOME });
}

async function leave(page) {
  await box(page).blur();
  await page.getByText('端末に保存しました').first().waitFor();
}

test('letters typed without a pause survive SIGKILL, all but the last moment', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  await readyForOffline(tablet);
  const path = await newRecord(tablet, '寒い日の会');
  await openTab(tablet.page, '記録');
  const letters = 'あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわ';
  const started = Date.now();
  let last = started;
  const typed = [];
  for (const letter of letters) {
    await box(tablet.page).press('End');
    await tablet.page.keyboard.insertText(letter);
    typed.push([letter, Date.now()]);
    last = Date.now();
    await tablet.page.waitForFunction((until) => Date.now() >= until, started + typed.length * 130);
  }
  assert.ok(last - started > 5_000);
  await tablet.kill();
  await tablet.open();
  await tablet.goto(path);
  await openTab(tablet.page, '記録');
  const durable = typed.filter(([, at]) => at < last - 1_000).map(([letter]) => letter).join('');
  await within(10_000, 'what was typed', async () => (await box(tablet.page).inputValue()).startsWith(durable));
  const kept = await box(tablet.page).inputValue();
  assert.ok(letters.startsWith(kept), kept);
  assert.deepEqual(tablet.page.problems, []);
  await agree(tablet);
  server.verify();
});

test('what was typed a moment ago is there after a reload', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const path = await newRecord(tablet, '寒い日の会');
  await openTab(tablet.page, '記録');
  let text = '';
  for (const more of ['会場が', '寒', 'かった。', '次', 'も行う', '。']) {
    await box(tablet.page).press('End');
    await box(tablet.page).pressSequentially(more);
    text += more;
    await tablet.page.reload();
    await unlock(tablet.page);
    await openTab(tablet.page, '記録');
    await within(10_000, `「${text}」`, async () => (await box(tablet.page).inputValue()) === text);
  }
});

test('a sentence that two tablets rewrite apart stands in both forms until someone has read it', async (t) => {
  const server = await startServer(t);
  const [first, second] = [await startTablet(t, server), await startTablet(t, server, { width: 360, height: 740 })];
  for (const [tablet, name] of [[first, '受付'], [second, '事務所']]) {
    await enrol(tablet, server.code('staff-112119'), name);
    await readyForOffline(tablet);
  }
  const path = await newRecord(first, '寒い日の会');
  await openTab(first.page, '記録');
  await box(first.page).pressSequentially('会場が寒かった。次も行う。');
  await leave(first.page);
  await agree(first);
  await agree(second);
  await second.goto(path);
  await openTab(second.page, '記録');
  await within(10_000, 'the text on the other tablet', async () => (await box(second.page).inputValue()) === '会場が寒かった。次も行う。');

  await first.goto(path);
  await openTab(first.page, '記録');
  for (const [tablet, text] of [[first, '会場は暑かった。次も行う。'], [second, '駐車場が足りない。次もぜひ行う。']]) {
    await tablet.offline();
    await box(tablet.page).fill(text);
    await leave(tablet.page);
  }
  for (const tablet of [first, second, first]) {
    await tablet.online();
    await agree(tablet);
    await tablet.goto(path);
    await openTab(tablet.page, '記録');
  }
  const sign = first.page.getByRole('region', { name: `${OUTCOME}で、同じ文を2人以上が書き直しました` });
  await sign.waitFor();
  const text = await box(first.page).inputValue();
  assert.ok(text.includes('会場は暑かった。') && text.includes('駐車場が足りない。') && text.includes('次もぜひ行う。'), text);
  if (SCREENSHOTS) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    for (const [tablet, name] of [[first, 'tablet'], [second, 'phone']]) {
      await tablet.page.getByRole('region', { name: /書き直しました/ }).scrollIntoViewIfNeeded();
      await tablet.page.screenshot({ path: `${SCREENSHOTS}/rewritten-${name}.png` });
    }
  }
  await first.page.getByRole('button', { name: '読みました（印を消す）' }).click();
  await sign.waitFor({ state: 'detached' });
  assert.equal(await box(first.page).inputValue(), text, 'only the sign goes');
  await agree(first);
  server.verify();
});
