// Every screen: nothing that axe-core calls serious, nothing wider than the screen, and a picture in four sizes.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { SCREENSHOTS, counter, enrol, loadCase, openTab, signIn, startServer, startTablet } from './harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = [[360, 740], [768, 1024], [1024, 768], [1440, 900]];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Looks at the screen as it is, in every size, in light and dark. */
async function look(page, name, problems) {
  // The app's policy forbids scripts of others, so axe is handed over by the debugger.
  await page.evaluate(AXE);
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
    for (const found of violations) {
      problems.push(`${name} (${scheme}): ${found.id}: ${found.help}: ${found.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(' | ')}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wider > 0) problems.push(`${name}: ${wider} px wider than ${width}`);
    await page.screenshot({ path: join(SCREENSHOTS, `${name}-${width}x${height}.png`) });
  }
}

test('field app: every screen', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  const { page } = tablet;
  const problems = [];
  await tablet.goto('/');
  await page.getByRole('heading', { name: 'この端末を登録します' }).waitFor();
  await look(page, 'field-enrol', problems);
  await enrol(tablet, server.code('staff-112119'), '受付1号機');
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await page.getByRole('textbox', { name: '名称' }).fill('人生会議の話');
  await page.getByRole('textbox', { name: '名称' }).press('Tab');
  await page.getByText(/端末に保存|送信済み|照合済み/).first().waitFor();
  await openTab(page, '参加者');
  await counter(page, '75–84歳').add(3);
  for (const tab of ['基本', '参加者', '上映', '配布', 'アンケート', '記録', '完了']) {
    await openTab(page, tab);
    await look(page, `field-session-${tab}`, problems);
  }
  for (const [link, heading, name] of [['今日', /^今日/, 'today'], ['記録', /記録/, 'records'], ['集計', /集計/, 'summary'], ['この端末', /この端末/, 'device']]) {
    await tablet.goto('/');
    await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: link }).click();
    await page.getByRole('heading', { name: heading }).first().waitFor();
    await look(page, `field-${name}`, problems);
  }
  await page.getByRole('button', { name: /^画面をとじる/ }).click();
  await page.getByRole('heading', { name: '端末を開きます' }).waitFor();
  await look(page, 'field-lock', problems);
  assert.deepEqual(problems, []);
  assert.deepEqual(page.problems, []);
});

test('office console: every screen, with the year of 本庄市児玉郡', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  loadCase(t, server);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  const problems = [];
  await desk.goto('/office');
  await page.getByRole('heading', { name: '事務局にサインイン' }).waitFor();
  await look(page, 'office-sign-in', problems);
  await signIn(desk, server.code('administrator-11'));
  const association = server.organisation('coordinator-honjo');
  for (const [path, name] of [
    ['/office/prefecture?fiscal_year=2024', 'prefecture'],
    ['/office/municipality/112119?fiscal_year=2024', 'municipality'],
    [`/office/association/${association}?fiscal_year=2024`, 'association'],
    ['/office/records?fiscal_year=2024', 'records'],
    ['/office/custody', 'custody'],
    ['/office/closings?fiscal_year=2024', 'closings'],
    ['/office/closings/2024-05', 'corrections'],
    ['/office/devices', 'devices'],
    ['/office/own', 'own'],
    ['/office/healing', 'healing'],
    ['/office/people', 'people'],
    ['/office/lecturers', 'lecturers'],
    ['/office/organisations', 'organisations'],
    ['/office/journal', 'journal'],
    ['/office/retention', 'retention'],
  ]) {
    const screen = await desk.newPage();
    await desk.goto(path, screen);
    await screen.getByRole('heading', { level: 1 }).waitFor();
    await screen.getByText('読み込んでいます…').waitFor({ state: 'detached' });
    await look(screen, `office-${name}`, problems);
    assert.deepEqual(screen.problems, []);
    await screen.close();
  }
  await desk.goto('/office/records?fiscal_year=2024&activity=training');
  await page.getByRole('link', { name: /在宅を支える医療・介護連携研修会/ }).first().click();
  await page.getByText('上里町役場 4階大会議室').first().waitFor();
  await look(page, 'office-record', problems);
  await page.getByText('変更の履歴').first().click();
  await look(page, 'office-record-history', problems);
  await desk.goto('/office/lecturers');
  await page.getByRole('button', { name: /^富沢医師.*を変更する$/ }).first().click();
  await page.getByRole('dialog').getByLabel('人材バンクに登録した年度').selectOption('2024');
  await page.getByRole('checkbox', { name: '人材バンクに登録している' }).uncheck();
  await page.getByLabel('登録されていた最後の年度').selectOption('2023');
  await page.getByText('最後の年度が、登録した年度より前になっています').waitFor();
  await look(page, 'office-lecturer-edit', problems);
  await page.getByRole('button', { name: '保存する' }).click();
  await page.getByLabel('登録されていた最後の年度').selectOption('2025');
  await page.getByRole('button', { name: '保存する' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByText('令和6年度～令和7年度').waitFor();
  for (const [path, name] of [['/office/nothing', 'office-unknown'], ['/nothing', 'unknown']]) {
    const screen = await desk.newPage();
    await desk.goto(path, screen);
    await screen.getByRole('heading', { level: 1 }).waitFor();
    await look(screen, name, problems);
    await screen.close();
  }
  await desk.goto('/office/devices');
  await page.getByRole('table').first().getByRole('link').first().click();
  await page.getByRole('button', { name: '登録し直すコードを出す' }).waitFor();
  await look(page, 'office-device', problems);
  await page.getByRole('button', { name: '登録し直すコードを出す' }).click();
  await page.getByRole('dialog').waitFor();
  await look(page, 'office-device-again', problems);
  await desk.goto('/office/devices');
  await page.getByRole('button', { name: '端末を登録する' }).click();
  await page.getByLabel('端末を使う人').selectOption({ index: 1 });
  await page.getByRole('button', { name: 'コードを出す' }).click();
  await page.getByRole('img', { name: '端末を登録する QR' }).waitFor();
  await look(page, 'office-device-code', problems);
  assert.deepEqual(problems, []);
  assert.deepEqual(page.problems, []);
});
