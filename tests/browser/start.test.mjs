// Whatever keeps the app from starting is told in words, with a way on, and that what was recorded is still on the tablet;
// once the cause is gone the tablet opens with everything. What is of other programs on the host is left to them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { counter, enrol, openTab, readyForOffline, SCREENSHOTS, startServer, startTablet, unlock } from './harness.mjs';

const BAND = '75–84歳';

/** A tablet with one record that counts 2 and is not sent, closed. */
async function recorded(t, viewport) {
  const server = await startServer(t);
  const tablet = await startTablet(t, server, viewport);
  await enrol(tablet, server.code('staff-112119'), '受付');
  await readyForOffline(tablet);
  const { page } = tablet;
  await tablet.offline();
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await page.getByRole('textbox', { name: '名称' }).fill('停電の日');
  await page.getByRole('textbox', { name: '名称' }).press('Tab');
  await page.getByText(/端末に保存/).first().waitFor();
  await openTab(page, '参加者');
  await counter(page, BAND).add(2);
  await counter(page, BAND).shows(2);
  await tablet.online();
  await page.getByText(/照合済み/).first().waitFor();
  tablet.path = new URL(page.url()).pathname;
  return tablet;
}

/** Opens the app anew, with something in its way. */
async function reopened(tablet, script) {
  await tablet.page.close();
  const page = await tablet.newPage();
  tablet.page = page;
  if (script !== undefined) await page.addInitScript(script);
  await page.goto(`${tablet.wire.address}${tablet.path}`);
  return page;
}

/** The words, that the records are there, and a way on. */
async function told(page, words, picture) {
  await page.getByRole('alert').getByText(words).waitFor();
  await page.getByText('「受付」の記録は端末に残っています').waitFor();
  await page.getByRole('button', { name: 'もう一度試す' }).waitFor();
  if (picture !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${picture}.png`) });
}

async function opens(page) {
  await unlock(page);
  await openTab(page, '参加者');
  await counter(page, BAND).shows(2);
}

/** Answers for what the worker asks, since no page script reaches into it. */
async function inTheWorker(tablet, script) {
  const source = `(${script})();\n`;
  await tablet.context.route('**/assets/core.worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: source + (await response.text()) });
  });
}

test('what the browser does not have or does not allow is told, each in its own words', async (t) => {
  const tablet = await recorded(t, { width: 360, height: 740 });
  // the service worker would answer before the network is asked
  await tablet.page.evaluate(async () => (await navigator.serviceWorker.ready).unregister());
  const causes = [
    [() => { delete globalThis.WebAssembly; }, 'このブラウザでは集いを使えません', 'start-no-wasm'],
    [() => { indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); }; }, 'ブラウザが保存場所を使わせてくれません', 'start-denied'],
    [() => { navigator.locks.request = () => Promise.reject(new DOMException('no', 'SecurityError')); }, 'ブラウザが保存場所を使わせてくれません'],
    [() => { indexedDB.open = () => { throw new DOMException('no', 'QuotaExceededError'); }; }, 'この端末の空き容量が足りません'],
    [() => { throw new Error('broken'); }, 'アプリの一部を読み込めませんでした'],
  ];
  for (const [script, words, picture] of causes) {
    await inTheWorker(tablet, String(script));
    const page = await reopened(tablet);
    await told(page, words, picture);
    await tablet.context.unrouteAll({ behavior: 'ignoreErrors' });
    await page.evaluate(async () => {
      for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
    });
  }
  await tablet.page.getByRole('button', { name: 'もう一度試す' }).click();
  await opens(tablet.page);
});

test('a file that does not come, is cut, or is something else is told, and tried again', async (t) => {
  const tablet = await recorded(t);
  await tablet.page.evaluate(async () => (await navigator.serviceWorker.ready).unregister());
  const answers = [
    ['**/*.wasm', (route) => route.abort()],
    ['**/*.wasm', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.body()).subarray(0, 5_000) });
    }],
    ['**/*.wasm', (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<p>Login</p>' })],
    ['**/assets/core.worker-*.js', (route) => route.abort()],
    ['**/assets/core.worker-*.js', (route) => route.fulfill({ status: 404, contentType: 'text/html', body: 'none' })],
  ];
  for (const [what, answer] of answers) {
    await tablet.context.route(what, answer);
    const page = await reopened(tablet);
    await told(page, 'アプリの一部を読み込めませんでした');
    await tablet.context.unrouteAll({ behavior: 'ignoreErrors' });
    await page.evaluate(async () => {
      for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
    });
  }
  await tablet.page.getByRole('button', { name: 'もう一度試す' }).click();
  await opens(tablet.page);
});

test('a file that neither comes nor fails is told after a while, and the app goes on when it comes', async (t) => {
  const tablet = await recorded(t);
  await tablet.page.evaluate(async () => (await navigator.serviceWorker.ready).unregister());
  for (const what of ['**/*.wasm', '**/assets/core.worker-*.js']) {
    let go = () => undefined;
    const gate = new Promise((resolve) => {
      go = resolve;
    });
    await tablet.context.route(what, async (route) => {
      await gate;
      await route.continue();
    });
    const page = await reopened(tablet);
    await told(page, '時間がかかっています', 'start-long');
    go();
    await opens(page);
    await tablet.context.unrouteAll({ behavior: 'ignoreErrors' });
    await page.evaluate(async () => {
      for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
    });
  }
});

test('the rows of a newer version are told and left alone', async (t) => {
  const tablet = await recorded(t);
  const { page } = tablet;
  await page.goto(`${tablet.wire.address}/manifest.webmanifest`);
  await page.evaluate(() => new Promise((resolve, reject) => {
    const opening = indexedDB.open('tsudoi', 2);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      opening.result.close();
      resolve();
    };
  }));
  await told(await reopened(tablet), '新しい版の集いで開かれています', 'start-newer');
});

test('the service worker answers the screens of the app and nothing else on the host', async (t) => {
  const tablet = await recorded(t);
  const { page } = tablet;
  await page.reload();
  const asked = [];
  await tablet.context.route('**/*', (route) => {
    asked.push(new URL(route.request().url()).pathname);
    return route.continue();
  });
  for (const path of ['/other/', '/idp/login', '/records/other', '/office', '/v1/health']) {
    await page.goto(`${tablet.wire.address}${path}`);
    assert.ok(asked.includes(path), `${path} goes to the network`);
  }
  await tablet.offline();
  for (const path of ['/', '/records', '/summary', '/device', tablet.path]) {
    await page.goto(`${tablet.wire.address}${path}`);
    await page.getByRole('heading', { name: '端末を開きます' }).waitFor();
  }
  await assert.rejects(page.goto(`${tablet.wire.address}/other/`));
});
