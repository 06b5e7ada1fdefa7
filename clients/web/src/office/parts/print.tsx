// What goes on paper: the whole list, and at the foot of each sheet what it is, as of when, and which page of how many.
//
// The sheet itself (margins, feet, breaks) is in print.css; what stands at its foot are two properties of the page.

import { type ReactNode, useEffect, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import type { Pages } from '../api/pages';
import { eraMoment } from '../format';

const text = office.print;

/** A4 on end or on its side. */
export type Sheet = 'upright' | 'across';

/** As a string of CSS. */
const quoted = (words: string): string => `"${words.replaceAll(/["\\\n]/g, ' ')}"`;

/** Names the sheet. */
export function useSheet(title: string, sheet: Sheet): void {
  useEffect(() => {
    document.documentElement.style.setProperty('--sheet-title', quoted(`${office.app}　${title}`));
    document.body.dataset['sheet'] = sheet;
  }, [title, sheet]);
}

/** When the server answered with what is on the screen, ms; of pages, with the first. */
function answeredAt(value: unknown): number | null {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof one !== 'object' || one === null || !('as_of' in one)) return null;
  return typeof one.as_of === 'number' ? one.as_of : null;
}

/** Says at the foot of each sheet when its figures were read. `readAt` stands in where the answer does not say. */
export function useAsOf(value: unknown, readAt: number | null): void {
  const at = answeredAt(value) ?? readAt;
  useEffect(() => {
    if (at !== null) document.documentElement.style.setProperty('--sheet-as-of', quoted(office.frame.asOf(eraMoment(at))));
  }, [at]);
}

/** Prints; of a list in pages all of it, once it is there. */
export function PrintButton({ pages }: { readonly pages?: Pages<unknown> | undefined }): ReactNode {
  const [asked, setAsked] = useState(false);
  const settled = pages === undefined || pages.more === null || !pages.waiting;
  const failed = pages !== undefined && pages.problem !== null;
  useEffect(() => {
    if (!asked || !settled) return;
    setAsked(false);
    if (!failed) window.print();
  }, [asked, settled, failed]);
  const print = (): void => {
    pages?.all();
    setAsked(true);
  };
  return <Button className="no-print text-[0.9375rem]" isDisabled={asked} onPress={print}>{asked ? text.loading : text.print}</Button>;
}
