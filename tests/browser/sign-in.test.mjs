// Signing in at the console in Chromium: a password after a code, a passkey (DevTools' authenticator), a proof anew, and
// that the strict content policy stops nothing of ours.

import assert from 'node:assert/strict';
import net from 'node:net';
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { SCREENSHOTS, startServer, startTablet } from './harness.mjs';

const PASSWORD = 'さくら ひかり でんしゃ';

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

test('a link with a code, and the proof that is asked for before a dangerous act', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const port = await freePort();
  // passkeys belong to a name, not to an address
  const own = `http://localhost:${port}`;
  const server = await startServer(t, { TSUDOI_PUBLIC_URL: own, TSUDOI_PROOF_MINUTES: '0' }, port);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  const shot = (name) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });

  await page.goto(`${own}/office`);
  await page.getByRole('heading', { name: '事務局にサインイン' }).waitFor();
  await page.getByRole('button', { name: 'パスキーでサインインする' }).waitFor();
  await shot('sign-in-password');
  await page.goto(`${own}/office#code=${server.code('administrator-11')}`);
  await page.reload();
  await page.getByRole('button', { name: 'サインインする', exact: true }).click();
  await page.getByRole('link', { name: 'サインインの設定' }).click();
  await page.getByRole('heading', { name: 'サインインの設定' }).waitFor();
  assert.ok(!page.url().includes('#'), 'the code does not stay in the address');
  await page.getByLabel('利用者名').fill('yamada');
  await page.getByLabel('新しいパスワード').fill(PASSWORD);
  await page.getByRole('button', { name: 'パスワードを決める' }).click();
  const dialog = page.getByRole('dialog', { name: 'ご本人の確認' });
  await dialog.getByLabel('サインインコード').fill('2222-2222');
  await dialog.getByRole('button', { name: '確かめて続ける' }).click();
  await dialog.getByText(/^コードが違うか、期限が切れて/).waitFor();
  await shot('proof');
  await dialog.getByRole('button', { name: 'やめる' }).or(dialog.getByRole('button', { name: 'キャンセル' })).click();
  await page.getByText('大切な操作です').waitFor();

  await page.getByRole('link', { name: '端末', exact: true }).click();
  await page.getByRole('button', { name: '端末を登録する' }).click();
  const giving = page.getByRole('dialog', { name: '端末を登録するコードを出します' });
  await giving.getByLabel('端末を使う人').selectOption({ label: '（見本）本庄市 普及啓発職員（職員）' });
  await giving.getByRole('button', { name: 'コードを出す' }).click();
  await dialog.getByRole('button', { name: 'やめる' }).click();
  await giving.getByText('大切な操作です').waitFor();
});

test('a password that was set signs in, a passkey does so without a name, and the policy stops nothing', async (t) => {
  const port = await freePort();
  const own = `http://localhost:${port}`;
  const server = await startServer(t, { TSUDOI_PUBLIC_URL: own }, port);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  const blocked = [];
  page.on('console', (message) => (/Content Security Policy/i.test(message.text()) ? blocked.push(message.text()) : undefined));
  const shot = (name) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });

  await page.goto(`${own}/office#code=${server.code('administrator-11')}`);
  await page.getByRole('button', { name: 'サインインする', exact: true }).click();
  await page.getByRole('link', { name: 'サインインの設定' }).click();
  await page.getByLabel('利用者名').fill('yamada');
  await page.getByLabel('新しいパスワード').fill(PASSWORD);
  await page.getByRole('button', { name: 'パスワードを決める' }).click();
  await page.getByText('パスワードを決めました').or(page.getByText('に決めたパスワードを使っています')).first().waitFor();
  await page.getByLabel('パスキーの呼び名').fill('職場のパソコン');
  await page.getByRole('button', { name: 'パスキーを登録する' }).click();
  await page.getByText('まだ使っていません').waitFor();
  await shot('own');

  const signOut = async () => {
    await page.getByRole('button', { name: 'サインアウト' }).click();
    await page.getByRole('heading', { name: '事務局にサインイン' }).waitFor();
  };
  await signOut();
  await page.getByRole('button', { name: 'パスキーでサインインする' }).click();
  await page.getByRole('button', { name: 'サインアウト' }).waitFor();
  await page.goto(`${own}/office/own`);
  await page.getByText('最後の利用').first().waitFor();

  await page.getByRole('button', { name: 'パスキー「職場のパソコン」を外す' }).click();
  await page.getByText('職場のパソコン').waitFor({ state: 'detached' });
  await signOut();
  await page.getByRole('button', { name: 'パスキーでサインインする' }).click();
  await page.getByText('このパスキーは登録されていないか').waitFor();
  await page.getByLabel('利用者名').fill('yamada');
  await page.getByLabel('パスワード', { exact: true }).fill('違うパスワードです');
  await page.getByRole('button', { name: 'サインインする', exact: true }).click();
  await page.getByText('利用者名かパスワードが違います').waitFor();
  await shot('sign-in-wrong');
  await page.getByLabel('パスワード', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'サインインする', exact: true }).click();
  await page.getByRole('button', { name: 'サインアウト' }).waitFor();
  assert.deepEqual(blocked, [], 'the content policy stops nothing of ours');
});

test('a passkey is the proof before a dangerous act, and what was being done goes on', async (t) => {
  const port = await freePort();
  const own = `http://localhost:${port}`;
  const server = await startServer(t, { TSUDOI_PUBLIC_URL: own }, port);
  const desk = await startTablet(t, server, { width: 1440, height: 900 });
  const { page } = desk;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto(`${own}/office#code=${server.code('administrator-11')}`);
  await page.getByRole('button', { name: 'サインインする', exact: true }).click();
  await page.getByRole('link', { name: 'サインインの設定' }).click();
  await page.getByLabel('パスキーの呼び名').fill('職場のパソコン');
  await page.getByRole('button', { name: 'パスキーを登録する' }).click();
  await page.getByText('まだ使っていません').waitFor();

  // as when the sign-in was long ago
  await server.restart(() => undefined, { TSUDOI_PROOF_MINUTES: '0' });
  await page.getByRole('link', { name: '利用者', exact: true }).click();
  await page.getByRole('button', { name: '利用者を登録する' }).click();
  await page.getByRole('dialog').getByLabel('名前').fill('山田');
  await page.getByRole('dialog').getByRole('button', { name: '登録する', exact: true }).click();
  const asked = page.getByRole('dialog', { name: 'ご本人の確認' });
  await asked.waitFor();
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await asked.getByRole('button', { name: 'パスキーで確かめる' }).click();
  await asked.getByRole('alert').waitFor();
  const people = () => page.evaluate(async () => (await (await fetch('/v1/people')).json()).people.map((one) => one.name));
  assert.ok(!(await people()).includes('山田'), 'nothing is done without the proof');

  await server.restart(() => undefined);
  const cookie = async () => (await page.context().cookies(own)).find((one) => one.name.endsWith('tsudoi_session')).value;
  const before = await cookie();
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  // a press that follows the last one at once belongs to it, unless something was typed in between
  await asked.getByRole('textbox').fill('-');
  await asked.getByRole('textbox').fill('');
  await asked.getByRole('button', { name: 'パスキーで確かめる' }).press('Enter');
  await page.getByText(/のサインインコード/).first().waitFor();
  assert.ok((await people()).includes('山田'), 'what was being done went on');
  assert.notEqual(await cookie(), before, 'each proof changes the session');
});
