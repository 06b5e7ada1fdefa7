// A file to take along. Where it is everything, the person shows first who they are. Once it is on its way, it is said how to see
// that all of it came.

import { type MouseEvent, type ReactNode, useRef, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { useHub } from '../api/live';

const BUTTON = 'no-print inline-flex min-h-11 items-center rounded-8 border border-accent-ink px-4 font-bold text-accent-ink hover:bg-accent-faint';

export function Download({ path, label, look = BUTTON, children }: { readonly path: string; readonly label?: string; readonly look?: string; readonly children: ReactNode }): ReactNode {
  const { api } = useHub();
  const link = useRef<HTMLAnchorElement>(null);
  const asked = useRef(false);
  const [told, setTold] = useState<string | null>(null);
  const take = (event: MouseEvent): void => {
    if (asked.current) {
      asked.current = false;
      return;
    }
    event.preventDefault();
    void api.mayTake(path).then((may) => {
      if (may === 'busy') setTold(office.fileBusy);
      if (may !== 'yes') return;
      asked.current = true;
      setTold(office.fileEnd);
      link.current?.click();
    });
  };
  return (
    <>
      <a ref={link} href={path} download aria-label={label} onClick={take} className={look}>{children}</a>
      {told !== null && <span role="status" className="no-print basis-full text-[0.875rem] text-muted">{told}</span>}
    </>
  );
}
