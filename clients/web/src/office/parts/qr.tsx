// A code: its letters for those who type and until when it can be used, with the picture where there is something to scan.

import type { ReactNode } from 'react';
import type { ScanCode } from '../api/devices';

export function Letters({ code, until }: { readonly code: string; readonly until: string }): ReactNode {
  return (
    <>
      <p className="num text-center text-[2rem] font-bold tracking-widest">{code}</p>
      <p className="text-center text-muted">{until}</p>
    </>
  );
}

export function Qr({ shown, label, until }: { readonly shown: ScanCode; readonly label: string; readonly until: string }): ReactNode {
  return (
    <>
      <svg role="img" aria-label={label} viewBox={`0 0 ${shown.size} ${shown.size}`} shapeRendering="crispEdges" className="mx-auto w-full max-w-72 bg-white">
        <path d={shown.path} fill="#000" />
      </svg>
      <Letters code={shown.code} until={until} />
    </>
  );
}
