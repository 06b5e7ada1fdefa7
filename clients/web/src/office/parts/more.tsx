// The end of a list that comes in pages: how much of it is shown, the next page, or why that cannot be had.

import type { ReactNode } from 'react';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';
import type { Pages } from '../api/pages';
import { problemText } from './frame';

const text = office.pages;

export function More<T>({ live, shown }: { readonly live: Pages<T>; readonly shown: string }): ReactNode {
  return (
    <>
    {live.more !== null && <p className="print-only hidden font-bold">{shown}{text.cut}</p>}
    <div className="no-print flex flex-wrap items-center gap-x-4 gap-y-2">
      {live.more !== null && <Button onPress={live.more}>{live.waiting ? office.frame.loading : text.more}</Button>}
      <p role="status" className="text-[0.9375rem] text-muted">{shown}{live.more !== null && text.follows}</p>
      <Failure look="line" text={live.more === null || live.problem === null ? null : problemText(live.problem)} />
    </div>
    </>
  );
}
