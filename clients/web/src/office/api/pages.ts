// Lists that the server gives in pages, kept current as a whole.
//
// Invariant: what is shown was read in one go from the first page on, so that a matter that moved meanwhile is neither
// missing nor there twice for long; a notice reads as many pages again as a person has asked for.

import { useCallback, useState } from 'react';
import type { Parse } from '../../core/parse';
import type { Answer, Api } from './client';
import { type Live, useHub, useReading } from './live';

/** Where the page after these is read; null: they are all. Of none: where the first is. */
export type NextPath<T> = (pages: readonly T[]) => string | null;

export async function readPages<T>(api: Pick<Api, 'get'>, next: NextPath<T>, parse: Parse<T>, wanted: number, signal: AbortSignal): Promise<Answer<readonly T[]>> {
  const pages: T[] = [];
  for (let path = next(pages); path !== null && pages.length < wanted; path = next(pages)) {
    const answer = await api.get(path, parse, signal);
    if (!answer.ok) return answer;
    pages.push(answer.value);
  }
  return { ok: true, value: pages };
}

export interface Pages<T> extends Live<readonly T[]> {
  /** Asks for the next page; null: there is none. */
  readonly more: (() => void) | null;
  /** Asks for all of them, up to MOST_PAGES. */
  readonly all: () => void;
  /** Whether it was asked for and is on its way. */
  readonly waiting: boolean;
}

/** What a browser can hold and a person print. */
const MOST_PAGES = 60;

/** `next` and the parser must stay the same as long as the list is the same. */
export function usePages<T>(next: NextPath<T>, parse: Parse<T>): Pages<T> {
  const { api } = useHub();
  const [wanted, setWanted] = useState(1);
  const live = useReading(next([]), useCallback((signal: AbortSignal) => readPages(api, next, parse, wanted, signal), [api, next, parse, wanted]));
  const pages = live.value ?? [];
  const all = (): void => setWanted(MOST_PAGES);
  if (pages.length === 0 || next(pages) === null) return { ...live, more: null, all, waiting: false };
  const isAsked = wanted > pages.length;
  return { ...live, more: isAsked ? live.again : () => setWanted(pages.length + 1), all, waiting: isAsked && live.problem === null };
}
