// What somebody has entered, when the page may be gone in a moment: hidden, left, loaded anew, or the box taken off the screen.
//
// Invariant: every box that waits before it keeps what was entered keeps it now.

import { useEffect, useRef } from 'react';

/** Runs `keep` each time the page may not come back, and when the box goes. */
export function useLeaving(keep: () => void): void {
  const kept = useRef(keep);
  kept.current = keep;
  useEffect(() => {
    const leave = (): void => kept.current();
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') leave();
    };
    document.addEventListener('visibilitychange', hidden);
    for (const event of LEAVING) window.addEventListener(event, leave, { capture: true });
    return () => {
      document.removeEventListener('visibilitychange', hidden);
      for (const event of LEAVING) window.removeEventListener(event, leave, { capture: true });
      leave();
    };
  }, []);
}

/** The first is not sent by every browser, the second comes late: the worker ends right after it. */
const LEAVING = ['beforeunload', 'pagehide'] as const;

/** The time that an edit needs to the disk of a slow tablet, ms. */
const HOLD_MS = 300;

/** Keeps the page from going while edits are on their way: its worker, which stores them, ends with it. */
export function holdWhile(isUnderWay: () => boolean): void {
  const hold = (): void => {
    if (!isUnderWay()) return;
    // nothing is heard of the worker meanwhile, and nothing else stops a page from going
    for (const until = performance.now() + HOLD_MS; performance.now() < until; );
  };
  for (const event of LEAVING) window.addEventListener(event, hold);
}
