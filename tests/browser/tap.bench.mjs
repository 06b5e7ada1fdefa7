// How long a tap takes until the number on the screen has changed, which it does only once the tap is on the disk; and how
// much of that is the seal. One JSON line. The real app in Chromium against the real server, without a network while it counts.

import { counter, enrol, openTab, readyForOffline, startServer, startTablet } from './harness.mjs';

const TAPS = 300;
const TARGET_MS = 50;
const SEAL_TARGET_MS = 20;

const ends = [];
const run = { after: (end) => ends.push(end) };

/** The value below which so many hundredths of the values lie. */
function percentile(values, hundredths) {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * hundredths) / 100))] * 100) / 100;
}

/** Has the core's worker note how long each seal takes. */
async function watchSeals(page) {
  const worker = page.workers().find((one) => one.url().includes('core'));
  if (worker === undefined) throw new Error(`no worker of the core among ${page.workers().map((one) => one.url())}`);
  await worker.evaluate(() => {
    self.seals = [];
    const encrypt = crypto.subtle.encrypt.bind(crypto.subtle);
    crypto.subtle.encrypt = async (...given) => {
      const begun = performance.now();
      const sealed = await encrypt(...given);
      self.seals.push(performance.now() - begun);
      return sealed;
    };
  });
  return async () => {
    const seals = await worker.evaluate(() => self.seals.splice(0));
    return seals.reduce((sum, one) => sum + one, 0);
  };
}

try {
  const server = await startServer(run);
  const tablet = await startTablet(run, server);
  await enrol(tablet, server.code('staff-112119'), '受付');
  await readyForOffline(tablet);
  const { page } = tablet;
  await page.getByRole('button', { name: '＋ 新しい記録' }).click();
  await openTab(page, '参加者');
  await tablet.offline();
  const band = counter(page, '75–84歳');
  await band.add();
  await band.shows(1);
  const sealed = await watchSeals(page);
  await band.region.evaluate((region) => {
    window.taps = [];
    addEventListener('pointerdown', () => { window.pressed = performance.now(); }, { capture: true });
    const seen = new MutationObserver(() => {
      if (window.pressed === undefined) return;
      window.taps.push(performance.now() - window.pressed);
      window.pressed = undefined;
    });
    seen.observe(region, { subtree: true, childList: true, characterData: true });
  });
  const seals = [];
  for (let tap = 1; tap <= TAPS; tap += 1) {
    await band.add();
    await band.shows(tap + 1);
    seals.push(await sealed());
  }
  const taps = await page.evaluate(() => window.taps);
  if (taps.length !== TAPS) throw new Error(`${taps.length} of ${TAPS} taps were seen`);
  const [p95, seal] = [percentile(taps, 95), percentile(seals, 95)];
  const share = seals.reduce((sum, one) => sum + one, 0) / taps.reduce((sum, one) => sum + one, 0);
  console.log(JSON.stringify({
    benchmark: 'tap', store: 'indexeddb', taps: TAPS, tap_to_durable_p50_ms: percentile(taps, 50), tap_to_durable_p95_ms: p95,
    seal_p95_ms: seal, seal_share: Math.round(share * 1000) / 1000,
    target: { tap_to_durable_p95_ms: TARGET_MS, seal_p95_ms: SEAL_TARGET_MS }, met: p95 <= TARGET_MS && seal <= SEAL_TARGET_MS,
  }));
} finally {
  for (const end of ends.reverse()) await end();
}
