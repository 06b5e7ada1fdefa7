// Three tablets record one session without a network. Afterwards there is one set of figures, everywhere the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agree, counter, enrol, enrolOutside, openTab, readyForOffline, signIn, signInOutside, startServer, startTablet, unlock, within,
} from './harness.mjs';

const BAND = '75–84歳';
const CARD = 'わたしの連絡先カード 75歳到達';
const MUNICIPALITY = '112119';

test('sums are true, differing venues are both shown, and all three agree with the server', async (t) => {
  const server = await startServer(t);
  const tablets = [];
  for (const name of ['受付1号機', '配布2号機', '講師3号機']) {
    const tablet = await startTablet(t, server);
    await enrol(tablet, server.code('staff-112119'), name);
    await readyForOffline(tablet);
    tablets.push(tablet);
  }
  const [first, second, third] = tablets;

  await first.page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await first.page.getByRole('textbox', { name: '名称' }).fill('人生会議の話');
  await first.page.getByRole('textbox', { name: '名称' }).press('Tab');
  await first.page.getByText('照合済み ✓').waitFor();
  const path = new URL(first.page.url()).pathname;
  for (const tablet of [second, third]) {
    await agree(tablet);
    await tablet.goto(path);
    await tablet.page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  }

  for (const tablet of tablets) await tablet.offline();
  const passed = tablets.map((tablet) => tablet.wire.passed());
  const reached = await first.page.evaluate(() => fetch('/livez').then(() => true, () => false));
  assert.equal(reached, false, 'the network is really gone');

  const venue = async (tablet, text) => {
    await openTab(tablet.page, '基本');
    const box = tablet.page.getByRole('combobox', { name: '会場' }).or(tablet.page.getByRole('textbox', { name: '会場' }));
    await box.fill(text);
    await box.press('Tab');
  };
  await venue(first, '本庄公民館');
  await venue(second, '児玉公民館');
  const add = async (tablet, tab, name, times) => {
    await openTab(tablet.page, tab);
    await counter(tablet.page, name).add(times);
    await counter(tablet.page, name).shows(times);
  };
  await add(first, '参加者', BAND, 5);
  await add(second, '参加者', BAND, 7);
  await add(first, '配布', CARD, 4);
  await add(third, '配布', CARD, 3);
  // what is counted counts once it took place
  await openTab(third.page, '完了');
  await third.page.getByRole('button', { name: '終了した' }).click();
  await third.page.getByText('実施', { exact: true }).first().waitFor();

  await second.page.reload();
  await unlock(second.page);
  await second.page.getByRole('heading', { name: /人生会議の話/ }).waitFor();
  await openTab(second.page, '参加者');
  await counter(second.page, BAND).shows(7);
  assert.deepEqual(tablets.map((tablet) => tablet.wire.passed()), passed, 'not one connection was made meanwhile');

  const office = await signInOutside(server, server.code('municipal-112119'));
  const dashboard = () => office(`/v1/dashboard/municipality/${MUNICIPALITY}`);
  const cards = async () => {
    const materials = (await dashboard()).materials;
    return materials.find((one) => one.material.id === 'contact-card')?.figure.total ?? null;
  };
  assert.equal(await cards(), null, 'nothing was reported yet, which is not 0');

  const console = await startTablet(t, server, { width: 1440, height: 900 });
  await signIn(console, server.code('municipal-112119'));
  const shown = console.page.getByRole('link', { name: /^わたしの連絡先カード 75歳到達 7 ?枚/ });
  assert.equal(await shown.count(), 0);

  for (const tablet of tablets) await tablet.online();
  for (const tablet of tablets) await agree(tablet);
  const took = await within(2_000, '7 cards on the open dashboard', async () => (await shown.count()) === 1);
  t.diagnostic(`7 cards on the open dashboard ${took} ms after the tablets agreed`);
  assert.equal(await cards(), 7);

  const digests = [];
  for (const tablet of tablets) digests.push(await agree(tablet));
  const scopes = await (await enrolOutside(server, server.code('municipal-112119'), '庁内'))('/v1/scopes');
  const stated = scopes.find((scope) => scope.scope === `municipality:${MUNICIPALITY}`);
  for (const shown of digests) assert.deepEqual(shown, [stated.digest], 'the tablet shows the digest of the server');

  for (const tablet of tablets) {
    const { page } = tablet;
    await tablet.goto(path);
    await page.getByText('照合済み ✓').waitFor();
    await openTab(page, '参加者');
    await counter(page, BAND).shows(12);
    await openTab(page, '配布');
    await counter(page, CARD).shows(7);
    await openTab(page, '基本');
    const conflict = page.getByRole('region', { name: '会場の記入が2通りあります' });
    await conflict.waitFor();
    const text = await conflict.innerText();
    for (const word of ['本庄公民館', '児玉公民館', '普及啓発職員']) assert.ok(text.includes(word), `${word} in ${text}`);
    assert.match(text, /\d{1,2}:\d{2}/, 'and when');
    assert.deepEqual(page.problems, []);
  }
  await first.page.getByRole('button', { name: '「児玉公民館」にする' }).click();
  await first.page.getByRole('region', { name: '会場の記入が2通りあります' }).waitFor({ state: 'detached' });
  await first.page.getByText('照合済み ✓').waitFor();
  server.verify();
});
