// Registration on an iPad: the icon on the Home Screen first, and no code is spent where it is of no use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrol, startServer, startTablet } from './harness.mjs';

const IPAD = 'Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1';

test('on an iPad the icon comes before the code, which is shown and not used', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  const { page } = tablet;
  const remote = await page.context().newCDPSession(page);
  await remote.send('Emulation.setUserAgentOverride', { userAgent: IPAD });
  const code = server.code('staff-112119');
  await page.goto(`${tablet.wire.address}/#code=${code}`);
  await page.getByRole('heading', { name: '先にホーム画面に追加してください' }).waitFor();
  await page.getByText(code, { exact: true }).waitFor();
  await page.getByRole('button', { name: '追加せずに、ここで登録する' }).click();
  assert.equal(await page.getByRole('textbox', { name: '登録コード' }).inputValue(), code);
});

test('a link for a new tablet says on one that is known that its code was not used', async (t) => {
  const server = await startServer(t);
  const tablet = await startTablet(t, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const { page } = tablet;
  await page.evaluate(() => { window.location.hash = '#code=ABCD-2345'; });
  await page.getByRole('alert').filter({ hasText: 'この端末は登録済みです' }).waitFor();
  assert.equal(new URL(page.url()).hash, '');
});
