// Heads never fall: three ways of counting them, a number that becomes 報告なし again, and the same sums on tablet and console.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { agree, counter, counting, enrol, newRecord, openTab, SCREENSHOTS, startServer, startTablet } from './harness.mjs';

const total = (page) => page.getByRole('region', { name: '参加者 合計' }).or(page.getByLabel('参加者 合計')).first();

test('who switches keeps those counted so far, the next head adds one, and a number becomes 報告なし again', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const { page } = tablet;
  await newRecord(tablet, '座談会');
  await openTab(page, '参加者');

  await page.getByText('対象別', { exact: true }).click();
  await page.getByRole('button', { name: '数字で入力' }).click();
  await page.getByLabel('住民の合計').fill('20');
  await page.getByLabel('住民の合計').press('Enter');
  await total(page).getByText('20', { exact: true }).waitFor();

  await page.getByRole('button', { name: '押して数える' }).click();
  await page.getByText('人数だけ', { exact: true }).click();
  await counter(page, '参加者の人数').shows(20);
  await page.getByRole('button', { name: '参加者の人数を1増やす' }).click();
  await counter(page, '参加者の人数').shows(21);
  await total(page).getByText('21', { exact: true }).waitFor();
  for (const [name, size] of [['phone', { width: 360, height: 740 }], ['tablet', { width: 768, height: 1024 }], ['desktop', { width: 1440, height: 900 }]]) {
    await page.setViewportSize(size);
    await page.screenshot({ path: join(SCREENSHOTS, `attendance-heads-${name}.png`) });
  }

  // a busy page draws a head long after it was counted: the switch that comes at once takes it along
  await page.setViewportSize({ width: 1024, height: 768 });
  await page.getByText('対象別', { exact: true }).click();
  await counter(page, '対象不明').shows(1);
  const centre = async (found) => {
    const box = await found.boundingBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const plus = await centre(page.getByRole('button', { name: '住民を1増やす' }));
  const byAge = await centre(page.getByText('年齢別', { exact: true }));
  const line = await page.context().newCDPSession(page);
  await line.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  for (const place of [plus, plus, plus, byAge]) await page.mouse.click(...place);
  await line.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await counter(page, '年齢不明').shows(24);
  await page.getByRole('button', { name: '75–84歳を1増やす' }).click();
  await total(page).getByText('25', { exact: true }).waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, 'attendance-switched.png') });
  await page.getByRole('button', { name: /75–84歳 ＋1/ }).click();
  await page.getByRole('button', { name: /数え方を「年齢別」に/ }).click();
  await total(page).getByText('24', { exact: true }).waitFor();
  await page.getByText(/この数え方での合計は21人/).waitFor();
  await page.getByText('人数だけ', { exact: true }).click();
  await page.getByText('対象別', { exact: true }).click();

  await openTab(page, '上映');
  await page.getByRole('button', { name: '数字で入力' }).click();
  const viewers = page.getByRole('textbox', { name: /の合計$/ }).first();
  await viewers.fill('7');
  await viewers.press('Enter');
  await page.getByText('7', { exact: true }).first().waitFor();
  await viewers.fill('');
  await viewers.press('Enter');
  await page.getByRole('button', { name: /報告なしに/ }).waitFor();
  assert.equal(await viewers.inputValue(), '');
  await page.getByRole('button', { name: /報告なしに/ }).click();
  await page.waitForFunction(() => [...document.querySelectorAll('input')].some((box) => box.value === '7'));

  await openTab(page, '完了');
  await page.getByRole('button', { name: '終了した' }).click();
  await agree(tablet);
  await page.getByRole('link', { name: '集計' }).click();
  await page.getByLabel('参加者', { exact: true }).getByText('24', { exact: true }).waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, 'summary.png') });
});

test('a first tap that is taken back leaves nothing reported, and a number that was not understood is told when its box goes', async (t) => {
  const { page } = await counting(t);
  await counter(page, '75–84歳').add(2);
  await counter(page, '75–84歳').shows(2);
  for (const left of ['1', null]) {
    await page.getByRole('button', { name: '↶ 取り消す（75–84歳 ＋1）', exact: true }).click();
    if (left !== null) await counter(page, '75–84歳').shows(left);
  }
  await counter(page, '75–84歳').region.getByText('報告なし').waitFor();
  assert.equal(await total(page).getByText('報告なし').count(), 1);
  await page.getByRole('button', { name: '数字で入力' }).click();
  const box = page.getByLabel('60代の合計');
  await box.fill('12');
  await box.press('Enter');
  await total(page).getByText('12', { exact: true }).waitFor();
  await page.getByRole('button', { name: '↶ 取り消す（60代 12）' }).click();
  await counter(page, '60代').region.getByText('報告なし').waitFor();
  await box.fill('約30');
  await page.getByRole('button', { name: '次へ：上映' }).click();
  await page.getByRole('alert').getByText('「60代」に入力した「約30」は保存されていません。').waitFor();
});

test('heads taken away after a look at the other way of counting are gone, and those already counted are told apart from new ones', async (t) => {
  const { page } = await counting(t);
  await counter(page, '75–84歳').add(3);
  await counter(page, '75–84歳').shows(3);
  await page.getByText('対象別', { exact: true }).click();
  await page.getByText('切り替える前の3人は「対象不明」に入っています。').waitFor();
  for (const [name, size] of [['phone', { width: 360, height: 740 }], ['tablet', { width: 768, height: 1024 }]]) {
    await page.setViewportSize(size);
    await page.screenshot({ path: join(SCREENSHOTS, `attendance-carried-${name}.png`) });
  }
  await page.getByText('年齢別', { exact: true }).click();
  await counter(page, '75–84歳').take();
  await total(page).getByText('2', { exact: true }).waitFor();
  await counter(page, '75–84歳').add();
  await total(page).getByText('3', { exact: true }).waitFor();
  assert.equal(await counter(page, '年齢不明').value(), null);
});

test('who counts heads only sees those counted by age in the number, and types the whole', async (t) => {
  const { page } = await counting(t);
  await counter(page, '75–84歳').add(5);
  await counter(page, '75–84歳').shows(5);
  await page.getByText('人数だけ', { exact: true }).click();
  await counter(page, '参加者の人数').shows(5);
  await page.getByRole('button', { name: '数字で入力' }).click();
  const box = page.getByLabel('参加者の人数の合計');
  assert.equal(await box.inputValue(), '5');
  await box.fill('20');
  await box.press('Enter');
  await total(page).getByText('20', { exact: true }).waitFor();
  await box.fill('3');
  await box.press('Enter');
  await page.getByText(/年齢別に5人を数えてあります/).waitFor();
  await total(page).getByText('20', { exact: true }).waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, 'attendance-whole.png') });
  await box.fill('20');
  await box.press('Enter');
  await page.getByText('年齢別', { exact: true }).click();
  assert.equal(await page.getByLabel('年齢不明の合計').inputValue(), '15');
});
