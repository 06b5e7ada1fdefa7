// The frame of every screen: header with the pill, content, and the bar at the bottom within reach of both thumbs.

import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { ja } from '../i18n/ja';
import { Button } from '../ui/button';
import { SyncPill } from '../ui/save-state';
import { useNewRecord } from './new-record';

const TABS = [
  ['/', ja.nav.today],
  ['/records', ja.nav.records],
  ['/summary', ja.nav.summary],
  ['/device', ja.nav.device],
] as const;

export interface ShellProps {
  readonly title: string;
  readonly sub?: string;
  readonly children: ReactNode;
}

export function Shell({ title, sub, children }: ShellProps): ReactNode {
  const [location] = useLocation();
  const create = useNewRecord();
  return (
    <div className="grid h-full min-h-0 grid-cols-[minmax(0,1fr)] grid-rows-[auto_1fr_auto] low:h-auto">
      <header className="border-b border-line bg-surface px-[min(1.5rem,4vw)] pt-[max(1rem,env(safe-area-inset-top))] pb-4 low:pt-1 low:pb-1.5">
        <div className="mx-auto flex max-w-5xl flex-wrap items-center justify-between gap-x-6 gap-y-2 low:gap-y-0.5">
          <div>
            <h1 className="text-[1.5rem] low:text-[1.125rem]">{title}</h1>
            {sub !== undefined && <p className="text-[0.875rem] text-muted slim:line-clamp-1">{sub}</p>}
          </div>
          <SyncPill />
        </div>
      </header>
      <main className="min-h-0 overflow-y-auto px-[min(1.5rem,4vw)] [scrollbar-gutter:stable] py-5 low:overflow-visible">
        <div className="mx-auto flex max-w-5xl flex-col gap-3">{children}</div>
      </main>
      <footer className="border-t border-line bg-surface px-[min(1.5rem,4vw)] pt-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
        <div className="mx-auto flex max-w-5xl flex-wrap items-center justify-between gap-3">
          <nav aria-label={ja.nav.label} className="flex flex-wrap gap-1.5">
            {TABS.map(([href, label]) => (
              <Link
                key={href}
                href={href}
                aria-current={location === href ? 'page' : undefined}
                className={`flex min-h-12 items-center rounded-8 px-4 font-bold ${location === href ? 'bg-accent-soft text-accent-ink' : 'text-muted hover:bg-sunken'}`}
              >
                {label}
              </Link>
            ))}
          </nav>
          <Button look="primary" size="large" onPress={create}>{ja.nav.create}</Button>
        </div>
      </footer>
    </div>
  );
}
