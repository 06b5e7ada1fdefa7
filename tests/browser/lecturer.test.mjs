// A tablet of one registered lecturer: the office says which, only that one's dispatches come to it, and what is begun on it
// is the lecturer's and the association's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agree, enrol, signIn, startServer, startTablet, within } from './harness.mjs';

const LECTURER = '（見本）講師';

test('a lecturer’s tablet is for one of the registry, and a record begun on it belongs to them and to their association', async (t) => {
  const server = await startServer(t);
  const association = server.organisation('coordinator-honjo');
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('coordinator-honjo'));
  const call = (path) => desk.page.evaluate(async (address) => (await fetch(address)).json(), path);
  await desk.goto('/office/devices');
  await desk.page.getByRole('button', { name: '端末を登録する' }).click();
  const sheet = desk.page.getByRole('dialog');
  await sheet.getByLabel('端末を使う人').selectOption({ label: '（見本）登録講師（登録講師）' });
  await sheet.getByText('この端末には、選んだ講師ご自身の派遣の記録だけが届きます。').waitFor();
  await sheet.getByRole('button', { name: 'コードを出す' }).click();
  await sheet.getByRole('alert').getByText('講師を選んでください').waitFor();
  await sheet.getByLabel('どの登録講師の端末ですか').selectOption({ label: LECTURER });
  await sheet.getByRole('button', { name: 'コードを出す' }).click();
  await sheet.getByRole('img', { name: '端末を登録する QR' }).waitFor();
  const code = (await sheet.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/).innerText()).trim();

  const tablet = await startTablet(t, server);
  await enrol(tablet, code, '講師1号機');
  await agree(tablet);
  const { page } = tablet;
  assert.match(await page.getByRole('table', { name: '照合のしるし' }).innerText(), /講師：（見本）講師/);
  assert.equal(await page.getByRole('table', { name: '照合のしるし' }).getByRole('row').count(), 2, 'one scope, the lecturer’s own');
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await page.getByText(`講師 ${LECTURER}`).waitFor();
  await page.getByRole('textbox', { name: '名称' }).fill('人生会議の話');
  await page.getByRole('textbox', { name: '名称' }).press('Tab');
  await page.getByText('照合済み ✓').waitFor();
  const document = new URL(page.url()).pathname.split('/').at(-1);
  const seen = async () => call(`/v1/records/${document}`);
  await within(15_000, 'the record at the association', async () => (await seen()).fields?.title?.value === '人生会議の話');
  const record = await seen();
  assert.equal(record.fields.association.value, association);
  assert.deepEqual(record.lecturers.map((one) => one.name), [LECTURER]);
  assert.deepEqual([page.problems, desk.page.problems], [[], []]);
  server.verify();
});
