// What a screen reader is told when a number on the screen has changed by itself: each once, together, without haste.

import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { office } from '../../i18n/ja-office';

const GATHER_MS = 700;
/** More than these are only counted. */
const NAMED = 3;

const Announce = createContext<(words: string) => void>(() => undefined);

export function Announcer({ children }: { readonly children: ReactNode }): ReactNode {
  const [said, setSaid] = useState('');
  const waiting = useRef(new Set<string>());
  const timer = useRef(0);
  const announce = useCallback((words: string) => {
    waiting.current.add(words);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      const all = [...waiting.current];
      waiting.current.clear();
      setSaid(office.changed(all.slice(0, NAMED), all.length - NAMED));
    }, GATHER_MS);
  }, []);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return (
    <Announce value={announce}>
      {children}
      <p role="status" aria-label={office.changedLabel} className="no-print sr-only">{said}</p>
    </Announce>
  );
}

/** Has `words`, a name with its number, told when they become others while they stand on the screen. */
export function useAnnounced(words: string): void {
  const announce = useContext(Announce);
  const before = useRef(words);
  useEffect(() => {
    if (before.current === words) return;
    before.current = words;
    announce(words);
  }, [words, announce]);
}
