// Locks the tablet by itself when nobody has touched it for a while.

import { useEffect } from 'react';

const IDLE_MS = 5 * 60_000;
const LOOK_MS = 10_000;

/** What is being typed is kept first: fields do so when they lose the focus. */
export function leaveField(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

export function useIdleLock(active: boolean, lock: () => void): void {
  useEffect(() => {
    if (!active) return undefined;
    let touched = Date.now();
    const touch = (): void => {
      touched = Date.now();
    };
    const look = (): void => {
      if (Date.now() - touched < IDLE_MS) return;
      leaveField();
      lock();
    };
    const timer = setInterval(look, LOOK_MS);
    document.addEventListener('visibilitychange', look);
    for (const name of ['pointerdown', 'keydown']) document.addEventListener(name, touch, { capture: true, passive: true });
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
      for (const name of ['pointerdown', 'keydown']) document.removeEventListener(name, touch, { capture: true });
    };
  }, [active, lock]);
}
