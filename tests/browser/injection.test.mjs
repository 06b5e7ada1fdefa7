// Script and formulas in every text that people can write: nothing of it runs in the office or on a tablet, and no file
// holds a cell that a spreadsheet takes for a formula.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agree, enrol, openTab, signIn, startServer, startTablet } from './harness.mjs';

const SCRIPT = '"><img src=x onerror="window.ran=1"><script>window.ran=1</script>';
const SHORT = '"><img src=x onerror=ran=1>';
const FORMULA = "=cmd|' /C calc'!A0";

/** Nothing ran, and nothing of it became an element. */
async function harmless(page, where) {
  const found = await page.evaluate(() => ({
    ran: window.ran !== undefined,
    elements: document.querySelectorAll('img[src="x"], [onerror]').length + [...document.scripts].filter((one) => one.textContent.includes('window.ran')).length,
  }));
  assert.deepEqual(found, { ran: false, elements: 0 }, where);
}

/** The cells of a CSV file. */
function cellsOf(text) {
  const cells = [];
  for (const [, quoted, plain] of text.replace(/^\ufeff/, '').matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r?\n|$)/g)) cells.push(quoted?.replaceAll('""', '"') ?? plain);
  return cells;
}

test('script and formulas written into every text run nowhere', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server, { width: 820, height: 1180 });
  await enrol(tablet, server.code('staff-112119'), SHORT);
  const { page } = tablet;
  const field = (name) => page.getByRole('textbox', { name, exact: true }).or(page.getByRole('combobox', { name, exact: true }));
  for (const text of [SCRIPT, FORMULA]) {
    await tablet.goto('/');
    await page.getByRole('button', { name: '＋ 新しい記録' }).click();
    await field('名称').fill(text);
    await field('会場').fill(text);
    await page.getByRole('radiogroup', { name: 'きっかけ' }).getByText('その他', { exact: true }).click();
    await field('きっかけ（その他）').fill(text);
    await openTab(page, '記録');
    for (const name of ['内容・実績', '課題・問題点', '取組計画']) await field(name).fill(text);
    await page.getByText('端末に保存しました').nth(2).waitFor();
    for (const tab of ['基本', '完了']) {
      await openTab(page, tab);
      await harmless(page, `the tablet's ${tab}`);
    }
  }
  for (const path of ['/', '/records', '/summary', '/device']) {
    await tablet.goto(path);
    await harmless(page, `the tablet's ${path}`);
  }
  await agree(tablet);

  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('administrator-11'));
  const call = (method, path, body) => desk.page.evaluate(async ([how, where, what]) => {
    const answer = await fetch(where, { method: how, headers: { 'content-type': 'application/json' }, ...(what === null ? {} : { body: JSON.stringify(what) }) });
    const text = await answer.text();
    return { status: answer.status, text, json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : null };
  }, [method, path, body ?? null]);
  const made = async (method, path, body) => {
    const answer = await call(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  for (const text of [SCRIPT, FORMULA]) {
    const { id } = await made('POST', '/v1/registry/associations', { name: text, municipalities: ['112119'] });
    await made('POST', '/v1/registry/lecturers', { surname: text, given_name: text, title: text, affiliation: text, association: id, bank: true });
    await made('POST', '/v1/registry/materials', { name: text, unit: text, eligibilities: [text] });
    const { person } = await made('POST', '/v1/people', { name: text.slice(0, 70), role: 'municipal', organisation: '112119' });
    await made('POST', `/v1/people/${person}/name`, { name: `${text.slice(0, 70)}2` });
  }
  const me = await made('GET', '/v1/me');
  await made('POST', `/v1/people/${me.person.id}/name`, { name: SHORT });
  const { records } = await made('GET', '/v1/records');
  const { tablets } = await made('GET', '/v1/devices');
  const { associations } = await made('GET', '/v1/registry');
  await made('PUT', '/v1/retention/tablets', { years: 1 });
  // what a stranger shows is in the journal too
  await call('POST', '/v1/login', { code: SCRIPT });
  await call('GET', `/v1/records/${encodeURIComponent(SCRIPT)}`);
  await call('GET', `/v1/records?title=${encodeURIComponent(FORMULA)}`);

  const pages = [
    '/office/prefecture', '/office/municipality/112119', ...associations.map((one) => `/office/association/${one.id}`), '/office/records',
    ...records.map((one) => `/office/records/${one.document}`), '/office/custody', '/office/closings', '/office/closings/2026-04', '/office/healing', '/office/people',
    '/office/organisations', '/office/journal', '/office/devices', ...tablets.map((one) => `/office/devices/${one.device}`), '/office/retention', '/office/own',
    `/office/records?title=${encodeURIComponent(SCRIPT)}`, `/office/${encodeURIComponent(SHORT)}`,
  ];
  let shown = 0;
  for (const path of pages) {
    await desk.goto(path);
    await desk.page.getByRole('heading', { level: 1 }).first().waitFor().catch((error) => assert.fail(`${path} shows nothing: ${error.message}`));
    await desk.page.getByText('読み込んでいます…').waitFor({ state: 'detached' });
    await harmless(desk.page, path);
    if ((await desk.page.locator('body').innerText()).includes('<img src=x')) shown += 1;
  }
  assert.ok(shown >= 8, `it is shown as what it is, on ${shown} screens`);
  await desk.goto('/office/people');
  await desk.page.getByRole('button', { name: /を変更する$/ }).first().click();
  await desk.page.getByRole('dialog').waitFor();
  await harmless(desk.page, 'a dialog');

  let guarded = 0;
  for (const path of ['/v1/records.csv', '/v1/journal.csv', '/v1/journal.csv?unknown=true', '/v1/publication.csv']) {
    const answer = await call('GET', path);
    assert.equal(answer.status, 200, path);
    for (const cell of cellsOf(answer.text)) {
      // a formula that is nothing but one text
      const text = /^="(?:[^"]|"")*"$/.test(cell);
      assert.ok(text || !/^[\s\u3000]*[=+\-@\t\r＝＋－＠]/.test(cell) || /^-?\d+$/.test(cell), `${path}: ${cell}`);
      if (text && cell.startsWith('="=')) guarded += 1;
    }
  }
  assert.ok(guarded >= 3, `${guarded} formulas are guarded`);
  assert.deepEqual([page.problems, desk.page.problems], [[], []]);
});
