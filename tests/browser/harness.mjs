// The real server, a wire that can be cut, and tablets: Chromium with a profile of its own each.
//
// A tablet reaches the server through its own wire. Going offline both tells the browser (`navigator.onLine`) and cuts
// the wire, so that no page, worker or service worker gets through; `wire.passed()` proves it.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';
import decodeQR from 'qr/decode.js';
import { newKey } from '../keys.mjs';

const CHROMIUM = process.env.TSUDOI_CHROMIUM ?? '/usr/bin/chromium';
const SERVER =
  process.env.TSUDOI_SERVER_BINARY ?? fileURLToPath(new URL('../../target/debug/tsudoi-server', import.meta.url));
const COMMAND = process.env.TSUDOI_BINARY ?? fileURLToPath(new URL('../../target/debug/tsudoi', import.meta.url));
const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--lang=ja', '--remote-debugging-port=0',
];

/** Where pictures go. */
export const SCREENSHOTS =
  process.env.TSUDOI_SCREENSHOTS ?? fileURLToPath(new URL('../../target/screenshots', import.meta.url));

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TSUDOI_')));

const folders = [];
// Only when every test has ended its processes can nothing write into the folders any more.
process.once('exit', () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** A temporary folder, removed when the tests have ended. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'tsudoi-'));
  folders.push(path);
  return path;
}

/** Starts the server on data of its own, with the demonstration's people and no records; on a free port unless one is given. */
export async function startServer(t, settings = {}, port = 0) {
  const data = join(folder(), 'tsudoi.sqlite');
  const demo = spawnSync(SERVER, ['demo', '--json', '--database', data], { env: environment, encoding: 'utf8' });
  if (demo.status !== 0) throw new Error(`tsudoi-server demo: ${demo.error ?? demo.stderr}`);
  const line = demo.stdout.split('\n').find((text) => text.startsWith('{'));
  const signIns = new Map(JSON.parse(line).sign_ins.map((one) => [one.key, one]));
  let running = await serve(data, settings, port);
  t.after(() => running.child.kill('SIGKILL'));
  const { address } = running;
  /** Ends the server, does something to its data, and starts it again at the same address, with other settings as well. */
  const restart = async (change, more = {}) => {
    const ended = new Promise((resolve) => running.child.once('exit', resolve));
    running.child.kill('SIGKILL');
    await ended;
    change(dirname(data));
    running = await serve(data, { ...settings, ...more }, new URL(address).port);
  };
  return {
    address, restart, code: (key) => signIns.get(key).code, organisation: (key) => signIns.get(key).organisation,
    colleague: (name) => colleague(data, name), verify: () => verify(data),
  };
}

async function serve(data, settings, port) {
  const child = spawn(SERVER, ['serve', '--listen', `127.0.0.1:${port}`, '--database', data], {
    env: { ...environment, TSUDOI_LOG: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout }).on('line', (text) => {
      const found = /^tsudoi-server ready (\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
  });
  return { child, address };
}

/** A code with which somebody of 本庄市 joins a tablet there. */
function colleague(data, name) {
  const grant = ['--tenant', '11', '--role', 'staff', '--person', name, '--organisation', '112119', '--scope', 'municipality:112119'];
  const done = spawnSync(SERVER, ['code', '--database', data, ...grant], { env: environment, encoding: 'utf8' });
  const found = /[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(done.stdout);
  if (done.status !== 0 || found === null) throw new Error(`code: ${done.error ?? done.stdout + done.stderr}`);
  return found[0];
}

function verify(data) {
  const done = spawnSync(SERVER, ['verify', '--database', data], { env: environment, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`verify: ${done.stdout}${done.stderr}`);
}

/** A wire to the server that can be cut and joined again, always at the same address. */
async function startWire(t, address) {
  const target = new URL(address);
  const open = new Set();
  let cut = false;
  let passed = 0;
  const relay = net.createServer((near) => {
    if (cut) {
      near.destroy();
      return;
    }
    passed += 1;
    const far = net.connect(Number(target.port), target.hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const end = () => open.forEach((socket) => socket.destroy());
  t.after(() => {
    end();
    relay.close();
  });
  return {
    address: `http://127.0.0.1:${relay.address().port}`,
    passed: () => passed,
    cut: () => {
      cut = true;
      end();
    },
    join: () => {
      cut = false;
    },
  };
}

/** A tablet: one browser profile on one wire. */
export async function startTablet(t, server, viewport = { width: 1024, height: 768 }) {
  const profile = folder();
  const wire = await startWire(t, server.address);
  const tablet = { wire, profile, page: null, context: null, process: null };

  tablet.open = async () => {
    const child = spawn(CHROMIUM, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    tablet.process = child;
    const endpoint = await new Promise((resolve, reject) => {
      let said = '';
      child.once('exit', (code) => reject(new Error(`Chromium ended with ${code}: ${said}`)));
      createInterface({ input: child.stderr }).on('line', (text) => {
        said += `${text}\n`;
        const found = /^DevTools listening on (\S+)/.exec(text);
        if (found) resolve(found[1]);
      });
    });
    const browser = await chromium.connectOverCDP(endpoint);
    [tablet.context] = browser.contexts();
    tablet.context.setDefaultTimeout(20_000);
    tablet.page = await tablet.newPage();
  };
  tablet.newPage = async () => {
    const page = await tablet.context.newPage();
    await page.setViewportSize(viewport);
    page.problems = [];
    page.on('pageerror', (error) => page.problems.push(String(error)));
    return page;
  };
  /** SIGKILL of every process of the browser: nothing gets to say goodbye. */
  tablet.kill = async () => {
    const { process: child } = tablet;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  };
  tablet.offline = async () => {
    await tablet.context.setOffline(true);
    wire.cut();
  };
  tablet.online = async () => {
    wire.join();
    await tablet.context.setOffline(false);
  };
  tablet.goto = async (path, page = tablet.page) => {
    await page.goto(`${wire.address}${path}`);
    if (tablet.pin === undefined || path.startsWith('/office')) return;
    // another tab may have opened the tablet already
    const locked = page.getByRole('heading', { name: '端末を開きます' });
    await locked.or(page.getByRole('navigation', { name: '画面' })).or(page.getByRole('tablist')).first().waitFor();
    if (await locked.isVisible()) await unlock(page, tablet.pin);
  };

  await tablet.open();
  t.after(() => {
    try {
      process.kill(-tablet.process.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  });
  return tablet;
}

/** The PIN of every tablet here. */
export const PIN = '194805';

/** Enters the PIN where the tablet asks for it. */
export async function unlock(page, pin = PIN) {
  await page.getByLabel('暗証番号', { exact: true }).fill(pin);
  await page.getByRole('button', { name: '開く', exact: true }).click();
  await page.getByRole('heading', { name: '端末を開きます' }).waitFor({ state: 'detached' });
}

/** Makes the tablet known to the server, as a person would. */
export async function enrol(tablet, code, name) {
  await tablet.goto('/');
  const { page } = tablet;
  await page.getByRole('heading', { name: 'この端末を登録します' }).waitFor();
  await page.getByRole('textbox', { name: '登録コード' }).fill(code);
  await page.getByRole('textbox', { name: '端末の名前' }).fill(name);
  await page.getByLabel('暗証番号（数字6桁以上）').fill(PIN);
  await page.getByLabel('暗証番号（もう一度）').fill(PIN);
  await page.getByRole('button', { name: '登録する' }).click();
  await page.getByRole('heading', { name: /^今日/ }).waitFor();
  tablet.pin = PIN;
}

/** Signs in to the office console, as a person would. */
export async function signIn(desk, code) {
  await desk.goto('/office');
  const { page } = desk;
  await page.getByRole('heading', { name: '事務局にサインイン' }).waitFor();
  await page.getByRole('button', { name: 'はじめての方・コードでサインインする' }).click();
  await page.getByRole('textbox', { name: 'サインインコード' }).fill(code);
  await page.getByRole('button', { name: 'サインインする', exact: true }).click();
  await page.getByRole('button', { name: 'サインアウト' }).waitFor();
}

/** Enters the year of 本庄市児玉郡 by headless tablets, or what `change` makes of it. */
export function loadCase(t, server, change = null) {
  let file = fileURLToPath(new URL('../../clients/cli/cases/honjo-kodama-r6.json', import.meta.url));
  if (change !== null) {
    const changed = join(folder(), 'case.json');
    writeFileSync(changed, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
    file = changed;
  }
  const args = ['--home', folder(), '--server', server.address, 'load-case', file, '--code', server.code('administrator-11')];
  const done = spawnSync(COMMAND, args, { env: environment, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`tsudoi load-case: ${done.error ?? done.stdout + done.stderr}`);
}

/** A tablet without a screen, that records sessions and sends them. */
export function headless(server, code) {
  const home = folder();
  const run = (...args) => {
    const done = spawnSync(COMMAND, ['--home', home, '--server', server.address, ...args], { env: environment, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`tsudoi ${args.join(' ')}: ${done.error ?? done.stdout + done.stderr}`);
  };
  run('enrol', '--code', code, '--name', '受付');
  return {
    record: (title, date = '2026-11-21') => {
      run('record', 'new', '--activity', 'lecture', '--date', date, '--municipality', '112119', '--title', title);
      run('sync');
    },
  };
}

/** Waits until the service worker can serve the app without a network. */
export async function readyForOffline(tablet) {
  await tablet.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await tablet.page.waitForFunction(async () => {
    for (const name of await caches.keys()) {
      const kept = await (await caches.open(name)).keys();
      if (kept.some((request) => request.url.endsWith('.wasm'))) return true;
    }
    return false;
  });
}

/** Opens a part of the record. A title that grows while the hand comes down moves the tabs: then it is pressed again. */
export async function openTab(page, name) {
  const tab = page.getByRole('tab', { name: new RegExp(`^${name}`) });
  await within(20_000, `the tab ${name}`, async () => {
    await tab.click();
    return (await tab.getAttribute('aria-selected')) === 'true';
  });
}

/** Begins a record with this name; where it is. */
export async function newRecord({ page }, title) {
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await page.getByRole('textbox', { name: '名称' }).fill(title);
  await page.getByRole('textbox', { name: '名称' }).press('Tab');
  await page.getByText(/端末に保存|送信済み|照合済み/).first().waitFor();
  return new URL(page.url()).pathname;
}

/** A new server, and a tablet with a new record, open on 参加者. */
export async function counting(t, viewport) {
  const server = await startServer(t);
  const tablet = await startTablet(t, server, viewport);
  await enrol(tablet, server.code('staff-112119'), '受付');
  const { page } = tablet;
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await openTab(page, '参加者');
  return { server, tablet, page };
}

/** The counter of this name. */
export function counter(page, name) {
  const region = page.getByRole('region', { name, exact: true });
  return {
    add: (times = 1) => taps(region.getByRole('button', { name: `${name}を1増やす` }), times),
    take: (times = 1) => taps(region.getByRole('button', { name: `${name}を1減らす` }), times),
    shows: (number) => region.locator('.num').getByText(String(number), { exact: true }).waitFor(),
    value: async () => ((await region.locator('.num').count()) === 0 ? null : Number(await region.locator('.num').innerText())),
    region,
  };
}

async function taps(button, times) {
  for (let tap = 0; tap < times; tap += 1) await button.click();
}

/** Sends and fetches, and waits for 照合済み. */
export async function agree(tablet) {
  const { page } = tablet;
  await tablet.goto('/device');
  await page.getByRole('button', { name: '今すぐ送受信' }).click();
  const table = page.getByRole('table', { name: '照合のしるし' });
  await table.waitFor();
  await page.waitForFunction(() => {
    const cells = [...document.querySelectorAll('table tbody tr td:last-child')];
    return cells.length > 0 && cells.every((cell) => cell.textContent?.includes('一致'));
  });
  return table.locator('code').allInnerTexts();
}

/** Reads the office's interface outside a browser, signed in with a code. */
export async function signInOutside(server, code) {
  const answer = await fetch(`${server.address}/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  if (!answer.ok) throw new Error(`login: ${answer.status} ${await answer.text()}`);
  const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
  return async (path) => {
    const got = await fetch(`${server.address}${path}`, { headers: { cookie } });
    if (!got.ok) throw new Error(`${path}: ${got.status} ${await got.text()}`);
    return got.json();
  };
}

/** Calls an endpoint of tablets outside a browser, as a tablet of its own. */
export async function enrolOutside(server, code, name) {
  const body = { code, device: crypto.randomUUID(), device_name: name };
  const key = await newKey();
  const answer = await key.fetch(`${server.address}/v1/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`enrol: ${answer.status} ${await answer.text()}`);
  const { token } = await answer.json();
  return async (path) => {
    const got = await key.fetch(`${server.address}${path}`, {}, token);
    if (!got.ok) throw new Error(`${path}: ${got.status} ${await got.text()}`);
    return got.json();
  };
}

/** Polls without a fixed wait; fails after the limit. Returns how long it took, in ms. */
export async function within(limit, what, check) {
  const begun = Date.now();
  for (;;) {
    if (await check()) return Date.now() - begun;
    if (Date.now() - begun > limit) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** What a camera reads in a picture on the screen. */
export async function scanned(picture) {
  return decodeQR(PNG.sync.read(await picture.screenshot()));
}
