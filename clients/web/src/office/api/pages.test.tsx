// Lists in pages: every matter is reached, a notice reads again as much as was shown, and a failure is said and can be mended.

import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CorrectionsPage } from '../pages/corrections';
import { CustodyPage } from '../pages/custody';
import type { Api, Calls } from './client';
import { HubProvider } from './live';

const idOf = (number: number): string => `3f0c9a52-6f0e-4e50-9b0d-${String(number).padStart(12, '0')}`;
const ADMITTED = { decision: 'admitted', at: 3, by: { id: 'pe-1', name: '山田' }, reason: '確かめた' };

interface Desk {
  readonly asked: string[];
  readonly notice: () => Promise<void>;
  readonly press: (name: string) => Promise<void>;
  readonly text: () => string;
  readonly links: () => readonly (string | null)[];
}

let end = (): void => undefined;

/** A screen whose server answers with `answers`, or with nothing at all. */
async function desk(screen: React.ReactNode, answers: (path: string) => unknown): Promise<Desk> {
  const asked: string[] = [];
  let hear = (): void => undefined;
  const refuse = (): never => {
    throw new Error('only reads are expected');
  };
  const calls: Calls = {
    get: (path, parse) => {
      asked.push(path);
      const answer = answers(path);
      return Promise.resolve(answer === null ? { ok: false, problem: { code: 'unreachable', detail: null } } : { ok: true, value: parse(answer) });
    },
    post: refuse, put: refuse, remove: refuse,
  };
  const api: Api = {
    ...calls, bare: calls, signInWith: refuse, signIn: refuse, proveWith: refuse, mayTake: refuse,
    listen: (heard) => {
      hear = heard;
      return () => undefined;
    },
  };
  const place = document.body.appendChild(document.createElement('div'));
  const root = createRoot(place);
  await act(() => Promise.resolve(root.render(<HubProvider api={api}>{screen}</HubProvider>)));
  end = () => {
    act(() => root.unmount());
    place.remove();
  };
  return {
    asked,
    notice: () => act(async () => {
      hear();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }),
    press: (name) => act(async () => {
      [...place.querySelectorAll('button')].find((button) => button.textContent === name)?.click();
      await Promise.resolve();
    }),
    text: () => place.textContent ?? '',
    links: () => [...place.querySelectorAll('tbody a')].map((link) => link.getAttribute('href')),
  };
}

describe('lists in pages', () => {
  beforeEach(() => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  });
  afterEach(() => end());

  const matter = (number: number, decision: unknown = null): unknown => ({
    document: idOf(number), hash: `${number}`, kind: 'session', code: 'sequence', received_at: number, byte_count: 9,
    device: { id: idOf(999), name: '1号機' }, title: `記録${number}`, venue: null, date: null, decision,
  });

  it('show every matter in custody, also after a notice', async () => {
    let [first, cut] = [matter(1), false];
    const d = await desk(<CustodyPage />, (path) => {
      if (cut) return null;
      if (path === '/v1/custody') return { as_of: 1, entries: [first, first, matter(2)], next: '1_2_x_y' };
      return path === '/v1/custody?after=1_2_x_y' ? { as_of: 1, entries: [matter(3, ADMITTED)], next: null } : null;
    });
    expect(d.text()).toContain('2件を表示しています（うち判断待ち 2件）。続きがあります。');
    cut = true;
    await d.press('続きを表示');
    expect(d.text()).toContain('2件を表示しています');
    expect(document.querySelector('[role=alert]')?.textContent).not.toBe('');
    cut = false;
    await d.press('続きを表示');
    expect(d.text()).toContain('3件を表示しています（うち判断待ち 2件）。');
    expect(d.text()).not.toContain('続き');
    first = matter(1, ADMITTED);
    d.asked.length = 0;
    await d.notice();
    expect(d.asked).toEqual(['/v1/custody', '/v1/custody?after=1_2_x_y']);
    expect(d.text()).toContain('3件を表示しています（うち判断待ち 1件）。');
  });

  it('say what became of each record of a closed month, with links to those that may be opened', async () => {
    const record = (number: number, change: string, visible: boolean): unknown => ({
      document: idOf(number), change, record_visible: visible, title: visible ? `記録${number}` : null, activity: null, date: visible ? '2024-05-12' : null, venue: null, municipality: null,
    });
    const page = { as_of: 1, month: '2024-05', closed: { at: 1, by: { id: 'pe-1', name: '山田' } }, corrections: [] };
    const d = await desk(<CorrectionsPage month="2024-05" />, (path) => (path.endsWith('&offset=2')
      ? { ...page, records: [record(2, 'added', true), record(3, 'moved', false), record(4, 'destroyed', false)], more: false }
      : { ...page, records: [record(1, 'changed', true), record(2, 'added', true)], more: true }));
    await d.press('続きを表示');
    expect(d.links()).toEqual([`/records/${idOf(1)}`, `/records/${idOf(2)}`]);
    for (const words of ['直された', 'あとから加わった', 'ほかの月や場所へ移された', '消去された', '4件を表示しています。']) expect(d.text()).toContain(words);
  });

});
