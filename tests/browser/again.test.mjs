// A tablet that the server no longer knows, or whose registration has ended, is registered anew, and what it had not sent
// arrives, once. Two tabs of one tablet: the one that is left goes on.

import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { counter, enrol, folder, openTab, PIN, signIn, startServer, startTablet, unlock, within } from './harness.mjs';

const BAND = '75–84歳';
const LOCKED = '端末を開きます';

/** A record on the server with three heads, and two more that only the tablet has. */
async function unsent(t, server) {
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const { page } = tablet;
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await page.getByRole('textbox', { name: '名称' }).fill('人生会議の話');
  await page.getByRole('textbox', { name: '名称' }).press('Tab');
  await openTab(page, '参加者');
  await counter(page, BAND).add(3);
  await counter(page, BAND).shows(3);
  await page.getByText('照合済み ✓').waitFor();
  const path = new URL(page.url()).pathname;
  await tablet.offline();
  await counter(page, BAND).add(2);
  await counter(page, BAND).shows(5);
  return { tablet, page, path, document: path.split('/').at(-1) };
}

/** Calls the office's interface as who is signed in there. */
const call = (desk, method, path, body) => desk.page.evaluate(async ([verb, address, sent]) => {
  const answer = await fetch(address, {
    method: verb, headers: { 'content-type': 'application/json' }, ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
  return answer.status === 204 ? null : answer.json();
}, [method, path, body]);

/** A code for a new tablet of the person in this role, with the link in its picture. */
async function tabletCode(desk, role) {
  const { holders } = await call(desk, 'GET', '/v1/devices');
  const holder = holders.find((one) => one.role === role);
  const body = { person: holder.person.id, role, organisation: holder.organisation, address: new URL(desk.page.url()).origin };
  return call(desk, 'POST', '/v1/devices/codes', body);
}

/** A code at the office's screen that registers this very tablet anew, for who is chosen at first or for this one. */
async function codeAnew(desk, device, person) {
  await desk.goto(`/office/devices/${device}`);
  await desk.page.getByRole('button', { name: '登録し直すコードを出す' }).click();
  const sheet = desk.page.getByRole('dialog');
  if (person !== undefined) await sheet.getByLabel('端末を使う人').selectOption({ label: person });
  await sheet.getByRole('button', { name: 'コードを出す' }).click();
  await sheet.getByText(/^令和.+ まで使えます$/).waitFor();
  return (await sheet.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/).innerText()).trim();
}

/** The sheet that registers the tablet anew, on its own screen. */
async function againSheet({ page }) {
  await page.getByRole('navigation', { name: '画面' }).getByRole('link', { name: 'この端末' }).click();
  await page.getByText('この端末の登録が無効になっています。事務局に連絡してください。').waitFor();
  await page.getByRole('button', { name: '登録し直す' }).click();
  return page.getByRole('dialog');
}

async function enterCode(sheet, code) {
  await sheet.getByRole('textbox', { name: '登録コード' }).fill(code);
  await sheet.getByRole('button', { name: '登録し直す' }).click();
}

/** Registers the tablet anew on its own screen. */
async function again(tablet, code) {
  const sheet = await againSheet(tablet);
  await enterCode(sheet, code);
  await sheet.waitFor({ state: 'detached' });
}

/** What came after the registration had ended waits for a person, who lets it in. */
async function letIn(desk, document, device, why) {
  await within(20_000, 'the late work in the office', async () => (await call(desk, 'GET', '/v1/custody')).entries.length > 0);
  await desk.goto('/office/custody');
  await desk.page.getByText(why).waitFor();
  assert.equal((await call(desk, 'GET', `/v1/records/${document}`)).attendance, 3);
  return () => call(desk, 'POST', '/v1/custody/decisions', { document, device, decision: 'admitted', reason: '本人の端末と確かめた' });
}

/** What only the tablet had is in the office, and counting goes on from there. */
async function goesOn({ tablet, page, path, document }, desk) {
  const arrives = (count) => within(20_000, `${count} in the office`, async () => (await call(desk, 'GET', `/v1/records/${document}`)).attendance === count);
  await arrives(5);
  await tablet.goto(path);
  await openTab(page, '参加者');
  await counter(page, BAND).shows(5);
  await counter(page, BAND).add();
  await counter(page, BAND).shows(6);
  await arrives(6);
  await page.getByText('照合済み ✓').waitFor();
  assert.deepEqual(page.problems, []);
}

test('a tablet that a restored server does not know is registered anew, and its unsent work arrives once', async (t) => {
  const server = await startServer(t);
  const backup = folder();
  await server.restart((data) => cpSync(data, backup, { recursive: true }));
  const one = await unsent(t, server);
  const { tablet, page, document } = one;
  await server.restart((data) => {
    rmSync(data, { recursive: true });
    cpSync(backup, data, { recursive: true });
  });
  await tablet.online();
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('municipal-112119'));
  assert.equal((await call(desk, 'GET', `/v1/records/${document}`)).code, 'not_found', 'the backup knows nothing of it');
  await page.goto(`${tablet.wire.address}/`);
  await unlock(page);
  await again(tablet, (await tabletCode(desk, 'municipal')).code);
  await goesOn(one, desk);
  server.verify();
});

test('a tablet that the office ended is registered anew: a person lets its late work in, and it counts once', async (t) => {
  const server = await startServer(t);
  const one = await unsent(t, server);
  const { tablet, page, document } = one;
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('municipal-112119'));
  const [{ device }] = (await call(desk, 'GET', '/v1/devices')).tablets;
  assert.equal(await call(desk, 'POST', `/v1/devices/${device}/revocation`, {}), null);
  await tablet.online();
  const admit = await letIn(desk, document, device, /^この端末の利用が止められたあとに届きました。/);
  await tablet.goto('/');
  const sheet = await againSheet(tablet);
  await sheet.getByText(/「登録し直すコードを出す」で出します/).waitFor();
  // a code for new tablets takes over none that is known: the server says what does, and nothing is lost
  await enterCode(sheet, (await tabletCode(desk, 'staff')).code);
  await sheet.getByRole('alert').getByText(/登録し直すコードを出す/).waitFor();
  await enterCode(sheet, await codeAnew(desk, device));
  await sheet.waitFor({ state: 'detached' });
  await admit();
  await goesOn(one, desk);
  server.verify();
});

test('a tablet stops when who registered it is gone, and goes on in another name', async (t) => {
  const server = await startServer(t);
  const one = await unsent(t, server);
  const { tablet, page, document } = one;
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('administrator-11'));
  const [{ device, person }] = (await call(desk, 'GET', '/v1/devices')).tablets;
  await desk.goto('/office/people');
  await desk.page.getByRole('button', { name: `${person.name}を変更する` }).click();
  const manage = desk.page.getByRole('dialog');
  await manage.getByText(/この人の名前で登録した端末は、別の人の名前で登録し直すまで送受信できなくなります/).waitFor();
  await manage.getByRole('button', { name: '利用を止める' }).click();
  await manage.getByRole('heading', { name: '利用を止めています' }).waitFor();

  await tablet.online();
  const admit = await letIn(desk, document, device, /^この端末を登録した人の役割が終わったあとに届きました。/);
  await desk.goto('/office/devices');
  await desk.page.getByRole('row', { name: /受付/ }).getByText('登録した人の役割が終わっています').waitFor();
  await desk.page.getByText(/^登録し直すコードを出し、別の人の名前で登録し直してください。/).waitFor();
  await desk.page.getByRole('link', { name: '受付' }).click();
  await desk.page.getByText(/^登録し直すコードを出し、別の人の名前で登録し直してください。/).waitFor();
  const code = await codeAnew(desk, device, '（見本）本庄市 担当者（市町村担当）');
  await page.goto(`${tablet.wire.address}/`);
  await unlock(page);
  await again(tablet, code);
  await admit();
  await goesOn(one, desk);
  await desk.goto(`/office/devices/${device}`);
  await desk.page.getByRole('button', { name: '利用を止める' }).waitFor();
  assert.equal(await desk.page.getByText('登録した人の役割が終わっています').count(), 0);
  server.verify();
});

test('closing one tab neither locks nor stops the other, and closing the screen in one closes it in all', async (t) => {
  const server = await startServer(t);
  const { tablet, page, path, document } = await unsent(t, server);
  const second = await tablet.newPage();
  await second.goto(`${tablet.wire.address}${path}`);
  const third = await tablet.newPage();
  await third.goto(`${tablet.wire.address}/`);
  for (const tab of [second, third]) await tab.getByRole('heading', { name: /人生会議の話|^今日/ }).first().waitFor();
  await openTab(second, '参加者');
  await counter(second, BAND).shows(5);
  // the first tab runs the core
  await page.close();
  await counter(second, BAND).add();
  await counter(second, BAND).shows(6);
  assert.equal(await second.getByRole('heading', { name: LOCKED }).count(), 0);
  await tablet.online();
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('municipal-112119'));
  const inTheOffice = (count) => within(20_000, 'the figure in the office', async () => (await call(desk, 'GET', `/v1/records/${document}`)).attendance === count);
  await inTheOffice(6);

  // whoever is working in one tab is working: the others do not close the tablet
  await third.clock.install();
  await third.reload();
  await third.getByRole('heading', { name: /^今日/ }).waitFor();
  await third.clock.fastForward('04:00');
  await counter(second, BAND).add();
  await counter(second, BAND).shows(7);
  await third.clock.fastForward('04:00');
  assert.equal(await third.getByRole('heading', { name: LOCKED }).count(), 0);
  await third.clock.fastForward('05:20');
  for (const tab of [second, third]) await tab.getByRole('heading', { name: LOCKED }).waitFor();
  await second.close();
  await third.reload();
  await third.getByRole('heading', { name: LOCKED }).waitFor();
  await unlock(third, PIN);
  await third.getByRole('heading', { name: /^今日/ }).waitFor();
  // what the closed tab had stored is sent by the one that is left
  await inTheOffice(7);
  assert.deepEqual([...second.problems, ...third.problems], []);
  server.verify();
});

test('the link in the office’s picture opens the registration with the code filled in', async (t) => {
  const server = await startServer(t);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(desk, server.code('administrator-11'));
  const tablet = await startTablet(t, server);
  const { link, code } = await tabletCode(desk, 'staff');
  const { page } = tablet;
  await page.goto(`${tablet.wire.address}/${new URL(link).hash}`);
  await page.getByRole('heading', { name: 'この端末を登録します' }).waitFor();
  assert.equal(await page.getByRole('textbox', { name: '登録コード' }).inputValue(), code);
  assert.equal(new URL(page.url()).hash, '', 'the code does not stay in the address');
  await page.getByRole('textbox', { name: '端末の名前' }).fill('職員2号機');
  await page.getByLabel('暗証番号（数字6桁以上）').fill(PIN);
  await page.getByLabel('暗証番号（もう一度）').fill(PIN);
  await page.getByRole('button', { name: '登録する' }).click();
  await page.getByRole('heading', { name: /^今日/ }).waitFor();
  const { tablets } = await call(desk, 'GET', '/v1/devices');
  assert.deepEqual(tablets.map((one) => one.name), ['職員2号機']);
});
