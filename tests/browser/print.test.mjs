// On paper: a long list is whole, rows are, sheets are text and say what they are, as of when, and which page of how many.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SCREENSHOTS, loadCase, signIn, startServer, startTablet } from './harness.mjs';
import { readPdf } from './pdf.mjs';

const A4 = [595, 842];

/** Prints what the page shows as it would go to the printer. */
async function print(page, name) {
  await page.emulateMedia({ media: 'print' });
  const pressed = await page.evaluate(() => [...document.querySelectorAll('button:not(.print-text), select, input, textarea, a[download]')].filter((one) => one.checkVisibility()).map((one) => one.outerHTML));
  assert.deepEqual(pressed, [], `${name}: nothing that can only be pressed`);
  assert.ok(await page.getByRole('heading', { level: 1 }).isVisible(), `${name}: its name`);
  await page.emulateMedia({ media: null });
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send('Page.printToPDF', { preferCSSPageSize: true, printBackground: true });
  const file = Buffer.from(data, 'base64');
  writeFileSync(join(SCREENSHOTS, `print-${name}.pdf`), file);
  return readPdf(file);
}

/** What every sheet has. */
function checkSheets({ pages, pictures }, name, across = false) {
  assert.equal(pictures, 0, `${name}: text, no pictures`);
  pages.forEach(({ text, width, height }, index) => {
    assert.match(text, new RegExp(`${index + 1}／${pages.length}ページ`), `${name}: page of pages`);
    assert.match(text, /令和\d+年\d+月\d+日\d+:\d\d現在/, `${name}: as of`);
    const [narrow, wide] = [Math.round(width), Math.round(height)].toSorted((a, b) => a - b);
    assert.ok(Math.abs(narrow - A4[0]) <= 1 && Math.abs(wide - A4[1]) <= 1, `${name}: A4`);
    assert.equal(width > height, across, `${name}: which way`);
  });
}

test('a list of 524 prints 524, and says so when it does not', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  const titles = Array.from({ length: 524 }, (_, index) => `会その${index + 1}。`);
  loadCase(t, server, (file) => ({ ...file, activities: titles.map((title) => ({ kind: 'training', title, municipality: '本庄市', date: '2024-12-18', attendance: 12 })), report_must_say: null, plan_next_year: null }));
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  await signIn(desk, server.code('administrator-11'));
  await desk.goto('/office/records?fiscal_year=2024');
  await page.getByRole('status').getByText('100件を表示しています。').waitFor();
  const cut = await print(page, 'records-cut');
  checkSheets(cut, 'records-cut');
  assert.ok(cut.pages[0].text.includes('524件'));
  assert.ok(cut.pages.at(-1).text.includes('100件を表示しています。これより後は、この紙にはありません。'));

  await page.evaluate(() => {
    window.print = () => {
      document.title = 'printed';
    };
  });
  await page.getByRole('button', { name: '印刷' }).click();
  await page.waitForFunction(() => document.title === 'printed');
  const whole = await print(page, 'records');
  checkSheets(whole, 'records');
  const said = whole.pages.map(({ text }) => text).join('');
  assert.deepEqual(titles.filter((title) => !said.includes(title)), []);
  assert.ok(!said.includes('この紙にはありません'));
  assert.ok(whole.pages.every(({ text }) => text.includes('日付内容場所状態参加者')), 'the head of the table is on each sheet');
  // a row that is divided leaves a part of it on the next sheet
  assert.equal(whole.pages.reduce((sum, { text }) => sum + text.match(/令和6年12月18日会その\d+。研修会本庄市実施12人/g).length, 0), titles.length);
});

test('every screen of the console has a print of its own', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await startServer(t);
  loadCase(t, server);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  await signIn(desk, server.code('administrator-11'));
  const association = server.organisation('coordinator-honjo');
  for (const [path, name, across] of [
    ['/office/prefecture?fiscal_year=2024', 'prefecture', true],
    ['/office/municipality/112119?fiscal_year=2024', 'municipality', true],
    [`/office/association/${association}?fiscal_year=2024`, 'association', true],
    ['/office/records?fiscal_year=2024&activity=training', 'trainings', false],
    ['/office/custody', 'custody', false],
    ['/office/closings?fiscal_year=2024', 'closings', false],
    ['/office/closings/2024-05', 'corrections', false],
    ['/office/devices', 'devices', false],
    ['/office/healing', 'healing', false],
    ['/office/people', 'people', false],
    ['/office/lecturers', 'lecturers', false],
    ['/office/organisations', 'organisations', false],
    ['/office/journal', 'journal', true],
    ['/office/retention', 'retention', false],
    ['/office/own', 'own', false],
  ]) {
    await desk.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText('読み込んでいます…').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '印刷' }).waitFor();
    checkSheets(await print(page, name), name, across);
  }
  await desk.goto('/office/records?fiscal_year=2024&activity=training');
  await page.getByRole('link', { name: /在宅を支える医療・介護連携研修会/ }).first().click();
  await page.getByText('上里町役場 4階大会議室').first().waitFor();
  checkSheets(await print(page, 'record'), 'record');
});
