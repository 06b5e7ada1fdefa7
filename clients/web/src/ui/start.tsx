// How both entries put their screens on the page.

import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Fault } from './fault';
import { bearForeignChanges } from './foreign-dom';
import { guardSameFinger } from './same-finger';

export function start(screens: ReactNode, kept: () => string): void {
  const root = document.getElementById('app');
  if (root === null) throw new Error('the page has no place for the app');
  bearForeignChanges(document);
  guardSameFinger(window);
  createRoot(root).render(<StrictMode><Fault kept={kept}>{screens}</Fault></StrictMode>);
}
