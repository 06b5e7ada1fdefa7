// Personal data in free text: every field of the tablet says so, also without signal, and keeps what was typed.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SCREENSHOTS, agree, enrol, loadCase, openTab, readyForOffline, signIn, startServer, startTablet } from './harness.mjs';

const warning = (page, text) => page.getByRole('status').getByText(`「${text}」は`);

test('free text that looks personal is warned about in every field, without signal too, and is kept', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  const tablet = await startTablet(t, server, { width: 820, height: 1180 });
  const { page } = tablet;
  await tablet.goto('/');
  await page.getByRole('textbox', { name: '端末の名前' }).fill('田中さんの端末');
  await warning(page, '田中さん').waitFor();
  await enrol(tablet, server.code('staff-112119'), '受付');
  await readyForOffline(tablet);
  await page.reload();
  await page.getByLabel('暗証番号', { exact: true }).waitFor();
  await tablet.offline();
  await tablet.goto('/').catch(() => undefined);
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  const field = (name) => page.getByRole('textbox', { name, exact: true }).or(page.getByRole('combobox', { name, exact: true }));
  await field('名称').fill('山田 花子様を囲む会');
  await warning(page, '山田 花子様').waitFor();
  await field('会場').fill('佐藤氏宅（０４９５－２２－１２３４）');
  await warning(page, '佐藤氏').waitFor();
  await warning(page, '0495-22-1234').waitFor();
  await page.getByRole('radiogroup', { name: 'きっかけ' }).getByText('その他', { exact: true }).click();
  await field('きっかけ（その他）').fill('昭和12年3月4日生まれの方の会');
  await warning(page, '昭和12年3月4日生まれ').waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, 'field-personal-basic.png'), fullPage: true });
  await openTab(page, '記録');
  for (const name of ['内容・実績', '課題・問題点', '取組計画']) {
    await field(name).fill(`${name}：おじいさんと皆さん、令和8年11月21日`);
    assert.equal(await page.getByRole('status').getByText('のように見えます').count(), 0, name);
    await field(name).fill(`${name}：鈴木さん（S12.3.4）`);
    await warning(page, '鈴木さん').waitFor();
    await warning(page, 'S12.3.4').waitFor();
    await page.getByText('端末に保存しました').last().waitFor();
    if (name !== '取組計画') await field(name).fill('');
  }
  await openTab(page, '基本');
  assert.equal(await field('名称').inputValue(), '山田 花子様を囲む会');
  await tablet.online();
  await agree(tablet);

  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('administrator-11'));
  await desk.goto('/office/records');
  await desk.page.getByRole('link', { name: /山田 花子様を囲む会/ }).first().click();
  await warning(desk.page, '鈴木さん').waitFor();
  await warning(desk.page, '山田 花子様').waitFor();
  await desk.page.screenshot({ path: join(SCREENSHOTS, 'office-personal-record.png'), fullPage: true });
  await desk.page.getByRole('button', { name: 'この記録を完全に消去する…' }).click();
  await desk.page.getByLabel('消去する理由').fill('高橋さんの求め');
  await warning(desk.page, '高橋さん').waitFor();
  assert.deepEqual([page.problems, desk.page.problems], [[], []]);
});

test('what is kept too long is destroyed by a person, who gets a certificate, and every figure stays', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  loadCase(t, server);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  const shot = (name) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  await signIn(desk, server.code('administrator-11'));
  const held = async () => {
    await desk.goto('/office/municipality/112119?fiscal_year=2024');
    await page.getByRole('heading', { level: 1, name: /本庄市/ }).waitFor();
    return page.locator('main').innerText();
  };
  const figures = (text) => text.match(/\d[\d,]*(?=[人回枚件])/g);
  const before = figures(await held());
  await page.getByRole('link', { name: '保存期間', exact: true }).click();
  await page.getByRole('button', { name: '記録（催し・相談など）の保存期間を変える' }).click();
  await page.getByLabel('保存する年数（次の年度から）').selectOption('1');
  await shot('office-retention-set');
  await page.getByRole('button', { name: '保存する', exact: true }).click();
  await page.getByText(/^期限の過ぎたもの \d+件/).first().waitFor();
  await shot('office-retention-due');
  await page.getByRole('button', { name: '記録（催し・相談など）を確かめて消去する' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('消去する理由').fill('文書管理規程による保存期間の満了');
  await dialog.getByLabel('確かめるため「消去」と入力してください').fill('消去');
  await shot('office-retention-confirm');
  await dialog.getByRole('button', { name: '消去する', exact: true }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: /の証明書を受け取る$/ }).click();
  const text = await (await download).createReadStream().then((stream) => stream.toArray()).then((parts) => Buffer.concat(parts).toString());
  assert.match(text, /^消去の証明書\n/);
  await shot('office-retention-done');
  assert.deepEqual(figures(await held()), before);
  await desk.goto('/office/records?fiscal_year=2024');
  await page.getByText('（保存期間が過ぎたため消去。数だけが残っています）').first().waitFor();
  await shot('office-retention-records');
  server.verify();
  assert.deepEqual(page.problems, []);
});
