// One of several panels: tabs as WAI-ARIA describes them. Arrow keys move along the list, Enter or Space opens; only the open
// panel is made.
//
// Not the component library's: its tabs bring its collections and selections, a tenth of what a tablet loads first.

import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';

export interface TabListProps<Name extends string> {
  /** What ties tabs and panels together; one of the page. */
  readonly of: string;
  readonly label: string;
  readonly names: readonly Name[];
  readonly open: Name;
  readonly onOpen: (name: Name) => void;
  readonly title: (name: Name) => ReactNode;
}

const tabId = (of: string, name: string): string => `${of}-tab-${name}`;
const panelId = (of: string, name: string): string => `${of}-panel-${name}`;

/** Where a key leads to among so many, from one of them. */
function led(key: string, from: number, count: number): number | undefined {
  const places: Record<string, number> = { ArrowRight: (from + 1) % count, ArrowLeft: (from - 1 + count) % count, Home: 0, End: count - 1 };
  return places[key];
}

export function TabList<Name extends string>({ of, label, names, open, onOpen, title }: TabListProps<Name>): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [open]);

  const move = (event: KeyboardEvent): void => {
    const tabs = [...(list.current?.querySelectorAll<HTMLElement>('[role=tab]') ?? [])];
    const to = led(event.key, tabs.findIndex((tab) => tab === document.activeElement), tabs.length);
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    tabs[to]?.focus();
  };

  return (
    <div ref={list} role="tablist" aria-label={label} onKeyDown={move} className="flex gap-1 overflow-x-auto overflow-y-hidden [scrollbar-width:none]">
      {names.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={tabId(of, name)}
          aria-selected={name === open}
          aria-controls={name === open ? panelId(of, name) : undefined}
          tabIndex={name === open ? 0 : -1}
          onClick={() => onOpen(name)}
          className="flex min-h-12 shrink-0 low:min-h-[44px] low:leading-130 cursor-pointer items-center gap-1 border-b-4 border-transparent px-3.5 font-bold text-muted -outline-offset-3 aria-selected:border-accent-ink aria-selected:text-accent-ink"
        >
          {title(name)}
        </button>
      ))}
    </div>
  );
}

export function TabPanel({ of, name, className, children }: { readonly of: string; readonly name: string; readonly className: string; readonly children: ReactNode }): ReactNode {
  return <div role="tabpanel" id={panelId(of, name)} aria-labelledby={tabId(of, name)} tabIndex={0} className={className}>{children}</div>;
}
