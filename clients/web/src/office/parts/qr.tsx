// A code to be scanned: the picture, the letters for those who type, and until when.

import type { ReactNode } from 'react';
import type { ScanCode } from '../api/devices';

export function Qr({ shown, label, until }: { readonly shown: ScanCode; readonly label: string; readonly until: string }): ReactNode {
  return (
    <>
      <svg role="img" aria-label={label} viewBox={`0 0 ${shown.size} ${shown.size}`} shapeRendering="crispEdges" className="mx-auto w-full max-w-72 bg-white">
        <path d={shown.path} fill="#000" />
      </svg>
      <p className="num text-center text-[2rem] font-bold tracking-widest">{shown.code}</p>
      <p className="text-center text-muted">{until}</p>
    </>
  );
}
