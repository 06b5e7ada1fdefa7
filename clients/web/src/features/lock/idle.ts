// Locks the tablet by itself when nobody has touched it for a while, in whichever of its tabs.

import { useEffect } from 'react';

const IDLE_MS = 5 * 60_000;
const LOOK_MS = 10_000;
const CHANNEL = 'tsudoi-touch';

/** What is being typed is kept first: fields do so when they lose the focus. */
export function leaveField(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

export function useIdleLock(active: boolean, lock: () => void): void {
  useEffect(() => {
    if (!active) return undefined;
    let touched = Date.now();
    let told = 0;
    const tabs = new BroadcastChannel(CHANNEL);
    const touch = (): void => {
      touched = Date.now();
      if (touched - told < LOOK_MS) return;
      told = touched;
      tabs.postMessage(null);
    };
    tabs.onmessage = () => {
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
      tabs.close();
      document.removeEventListener('visibilitychange', look);
      for (const name of ['pointerdown', 'keydown']) document.removeEventListener(name, touch, { capture: true });
    };
  }, [active, lock]);
}
