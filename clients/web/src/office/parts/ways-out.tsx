// How a sheet ends: why something was not done, and the ways out.

import type { ReactNode } from 'react';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';

/** Leaving the sheet as things are, beside what else it can end with. */
export function WaysOut({ problem, leave, children }: { readonly problem: string | null; readonly leave: () => void; readonly children: ReactNode }): ReactNode {
  return (
    <>
      <Failure look="line" text={problem} />
      <div className="flex flex-wrap justify-end gap-3">
        <Button onPress={leave}>{ja.cancel}</Button>
        {children}
      </div>
    </>
  );
}
