// What went wrong with the last action, quietly at the top until closed or outlived.

import { type ReactNode, useSyncExternalStore } from 'react';
import type { Problem } from '../core/protocol';
import { clock } from '../i18n/dates';
import { ja } from '../i18n/ja';
import { Button } from './button';
import { useTold } from './once';

const LIFE_MS = 12_000;

export interface Notices {
  /** `missing`: the edit that was not stored, as people call it. */
  say(problem: Problem, missing?: string): void;
  tell(text: string): void;
  dismiss(): void;
  current(): string | null;
  subscribe(changed: () => void): () => void;
}

export function createNotices(): Notices {
  let text: string | null = null;
  /** Edits that were not stored while the present text stands. */
  let lost = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();
  const set = (next: string | null): void => {
    clearTimeout(timer);
    text = next;
    for (const listener of listeners) listener();
  };
  const tell = (next: string): void => {
    lost = 0;
    set(next);
    timer = setTimeout(() => set(null), LIFE_MS);
  };
  return {
    say(problem, missing) {
      const why = ja.problem(problem.code, problem.code === 'not_recorded' ? null : problem.detail);
      const others = text === null ? 0 : lost;
      tell(missing === undefined ? why : `${ja.doubt.missing(missing, others, clock(Date.now(), new Date()))}${why}`);
      lost = missing === undefined ? 0 : others + 1;
    },
    tell,
    dismiss: () => set(null),
    current: () => text,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** One for the page. */
export const notices = createNotices();

export function NoticeBar(): ReactNode {
  const text = useSyncExternalStore(notices.subscribe, notices.current);
  useTold(text);
  return (
    <div role="alert" aria-live="assertive">
      {text !== null && (
        <div className="flex items-center justify-between gap-4 bg-wait-soft px-6 py-2 text-wait">
          <p className="font-bold">{text}</p>
          <Button className="shrink-0" onPress={notices.dismiss}>{ja.notice.dismiss}</Button>
        </div>
      )}
    </div>
  );
}
