// Seeing and hearing: enlarged letters leave room for the record, and a screen reader is told a new number once.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { counter, counting, openTab, SCREENSHOTS } from './harness.mjs';

const BAND = '75–84歳';

test('a number is announced once, when the taps have come to rest', async (t) => {
  const { page } = await counting(t);
  const heard = [];
  await page.exposeFunction('heard', (text) => heard.push(text));
  await page.evaluate(() => {
    const told = new MutationObserver((changes) => {
      for (const { target } of changes) {
        const region = (target instanceof Element ? target : target.parentElement)?.closest('[aria-live],[role=status],[role=alert]');
        if (region && region.getAttribute('aria-live') !== 'off' && region.textContent.trim() !== '') window.heard(region.textContent.trim());
      }
    });
    told.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  // at once, however slow the machine is
  await page.evaluate(([first, second]) => {
    const press = (name) => document.querySelector(`button[aria-label="${name}を1増やす"]`).click();
    for (const name of [first, first, second, first, second, first]) press(name);
  }, [BAND, '85歳以上']);
  await page.locator('[aria-live=polite]').getByText(`${BAND} 4、85歳以上 2`).waitFor({ state: 'attached' });
  assert.deepEqual(heard, [`${BAND} 4、85歳以上 2`]);
});

test('letters of twice and four times the size leave the record in reach', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const { tablet, page } = await counting(t, { width: 360, height: 740 });
  const screens = [
    ['session', async () => openTab(page, '参加者')],
    ['offline', async () => {
      await openTab(page, '基本');
      await page.getByRole('textbox', { name: '名称' }).fill('民生委員・児童委員といっしょに考える人生会議のつどい');
      await openTab(page, '参加者');
      await tablet.context.setOffline(true);
      await counter(page, BAND).add(1);
      await page.getByRole('status', { name: '送信と照合の状態' }).getByText('圏外').waitFor();
    }],
    ['today', async () => page.getByRole('link', { name: '戻る' }).click()],
  ];
  for (const [name, open] of screens) {
    await open();
    for (const [size, width, height, scale] of [['100', 360, 740, 1], ['200', 360, 740, 2], ['400', 320, 256, 1], ['768', 768, 1024, 1], ['1024', 1024, 768, 1]]) {
      await page.setViewportSize({ width, height });
      await page.evaluate((percent) => { document.documentElement.style.fontSize = `${percent}%`; }, scale * 100);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.screenshot({ path: join(SCREENSHOTS, `field-zoom-${name}-${size}.png`) });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wider <= 0, `${name} at ${size}: ${wider} px too wide`);
      const header = await page.locator('header').first().boundingBox();
      const most = { 200: 0.4, 400: 0.5 }[size] ?? 0.35;
      assert.ok(header.height <= height * most, `${name} at ${size} %: the header takes ${header.height} of ${height} px`);
      // all of the screen is left for the record once it is scrolled to
      const main = page.locator('main').first();
      const room = await main.evaluate((element) => {
        const scroller = element.scrollHeight > element.clientHeight + 1 && getComputedStyle(element).overflowY === 'auto' ? element : element.closest('.frame');
        return scroller.clientHeight;
      });
      assert.ok(room >= Math.min(height * 0.45, 400), `${name} at ${size}: ${room} px of ${height} for the content`);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    await page.evaluate(() => { document.documentElement.style.fontSize = ''; });
  }
  assert.deepEqual(tablet.page.problems, []);
});
