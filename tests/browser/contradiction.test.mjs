// Two tablets apart say different things of one session: everybody sees that it is undecided, and a person settles it.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { agree, counter, enrol, newRecord, openTab, SCREENSHOTS, signIn, startServer, startTablet } from './harness.mjs';

test('held here and cancelled there counts as neither until somebody chooses, and says so everywhere', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  const [first, second] = [await startTablet(t, server), await startTablet(t, server, { width: 360, height: 740 })];
  await enrol(first, server.code('staff-112119'), '受付1号機');
  await enrol(second, server.code('staff-112119'), '受付2号機');
  const path = await newRecord(first, '雪の日の会');
  await openTab(first.page, '参加者');
  await counter(first.page, '75–84歳').add(6);
  await counter(first.page, '75–84歳').shows(6);
  await agree(first);
  await agree(second);
  for (const tablet of [first, second]) {
    await tablet.goto(path);
    await openTab(tablet.page, '完了');
    await tablet.offline();
  }
  await first.page.getByRole('button', { name: '終了した' }).click();
  await first.page.getByText('この会は終了しています。').waitFor();
  await second.page.getByText('天候', { exact: true }).click();
  await second.page.getByRole('button', { name: '中止にする' }).click();
  await second.page.getByText('（天候）').first().waitFor();
  for (const tablet of [first, second]) await tablet.online();
  for (const tablet of [first, second, first]) await agree(tablet);

  for (const [tablet, size] of [[first, 768], [second, 360]]) {
    const { page } = tablet;
    await tablet.goto('/summary');
    await page.getByText('実施と中止の記入が両方ある記録　1件').waitFor();
    await page.screenshot({ path: `${SCREENSHOTS}/contradiction-summary-${size}.png`, fullPage: true });
    await tablet.goto(path);
    await page.getByRole('banner').getByText('確認をお願いします').waitFor();
    await openTab(page, '完了');
    await page.getByText('実施と中止の記入が両方あります。正しいほうを選んでください。').waitFor();
    await page.screenshot({ path: `${SCREENSHOTS}/contradiction-${size}.png`, fullPage: true });
  }

  const office = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(office, server.code('municipal-112119'));
  await office.goto('/office/records');
  const row = office.page.getByRole('row', { name: /雪の日の会/ });
  await row.getByText('6人').waitFor();
  await row.getByText('集計に入りません').waitFor();
  await office.page.screenshot({ path: `${SCREENSHOTS}/contradiction-office.png` });

  await second.page.getByRole('button', { name: '「実施」にする' }).click();
  await second.page.getByText('この会は終了しています。').waitFor();
  await agree(second);
  await agree(first);
  await first.goto('/summary');
  await first.page.getByText('実施した記録').first().waitFor();
  assert.equal(await first.page.getByText('実施と中止の記入が両方ある記録').count(), 0);
  await first.page.getByRole('region', { name: '参加者' }).getByText('6', { exact: true }).waitFor();
  await office.goto('/office/records');
  await row.getByText('6人').waitFor();
  assert.equal(await row.getByText('集計に入りません').count(), 0);
});

test('one number typed on two tablets apart is told until somebody types it again', async (t) => {
  const server = await startServer(t);
  const [first, second] = [await startTablet(t, server), await startTablet(t, server, { width: 360, height: 740 })];
  await enrol(first, server.code('staff-112119'), '受付1号機');
  await enrol(second, server.code('staff-112119'), '受付2号機');
  const path = await newRecord(first, '講演会');
  await agree(first);
  await agree(second);
  const type = async (page, number) => {
    const box = page.getByLabel('85歳以上の合計');
    await box.fill(number);
    await box.press('Enter');
  };
  for (const tablet of [first, second]) {
    await tablet.goto(path);
    await openTab(tablet.page, '参加者');
    await tablet.offline();
    await tablet.page.getByRole('button', { name: '数字で入力' }).click();
    await type(tablet.page, '10');
    await counter(tablet.page, '85歳以上').shows(10);
  }
  for (const tablet of [first, second]) await tablet.online();
  for (const tablet of [first, second, first]) await agree(tablet);
  await second.goto(path);
  await openTab(second.page, '参加者');
  await counter(second.page, '85歳以上').shows(20);
  await second.page.getByText('「85歳以上」の数は、離れた端末で別々に入力されたものの合計です。').waitFor();
  const sign = second.page.getByText('この数は、離れた端末で別々に入力されたものの合計です。');
  await sign.waitFor();
  await second.page.screenshot({ path: `${SCREENSHOTS}/typed-apart-360.png` });
  await second.page.getByRole('button', { name: '数字で入力' }).click();
  await type(second.page, '10');
  await counter(second.page, '85歳以上').shows(10);
  await sign.waitFor({ state: 'detached' });
});
