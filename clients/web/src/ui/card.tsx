// A white card, and a titled section of such cards.

import type { ReactNode } from 'react';

export function Card({ className = '', children, label }: { readonly className?: string; readonly children: ReactNode; readonly label?: string }): ReactNode {
  return (
    <section aria-label={label} className={`rounded-12 border border-line bg-surface ${className}`}>
      {children}
    </section>
  );
}

export function SectionTitle({ children }: { readonly children: ReactNode }): ReactNode {
  return <h2 className="mt-2 text-[1rem] text-muted">{children}</h2>;
}
