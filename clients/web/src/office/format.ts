// How figures and times are put into words. Pure; the rule everywhere: what nobody reported is 報告なし, never 0.

import { japanDay, parseDate } from '../i18n/dates';
import { office } from '../i18n/ja-office';
import type { Figure } from './api/shapes';

export interface Wording {
  /** 412, or 報告なし */
  readonly value: string;
  /** 枚, 枚以上, or nothing */
  readonly suffix: string;
  /** How complete the figure is. */
  readonly note: string;
}

/** 412枚以上 with "ほか 3件は数の報告なし"; 報告なし when no number was reported; a reported 0 is 0. */
export function wording(figure: Figure, unit: string): Wording {
  if (figure.total === null) {
    const note = figure.unreported > 0 ? office.figure.onlyUnreported(figure.unreported) : office.figure.noRecords;
    return { value: office.none, suffix: '', note };
  }
  const gaps = figure.unreported > 0;
  return {
    value: office.number(figure.total),
    suffix: gaps ? `${unit}${office.figure.atLeast}` : unit,
    note: gaps ? office.figure.unreported(figure.unreported) : office.figure.of(figure.reported),
  };
}

/** The same in one piece, for table cells and labels. */
export function plain(figure: Figure, unit = ''): string {
  const { value, suffix } = wording(figure, unit);
  return `${value}${suffix}`;
}

/** How many records stand behind a figure. */
export function recordCount(figure: Figure): number {
  return figure.reported + figure.unreported;
}

const era = new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { dateStyle: 'long', timeZone: 'UTC' });
const moment = new Intl.DateTimeFormat('ja-JP-u-ca-japanese', {
  era: 'long', year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZone: 'Asia/Tokyo',
});

/** 令和6年11月21日 14:02, in Japan's time. */
export function eraMoment(ms: number): string {
  return moment.format(new Date(ms));
}

/** 令和6年6月18日 */
export function eraDate(iso: string): string {
  const date = parseDate(iso);
  return date === null ? iso : era.format(date);
}

/** The last day in Japan before a time in ms: 令和6年11月21日 */
export function eraLastDay(end: number): string {
  return eraDate(japanDay(end - 1));
}

/** 2024-06 → 6月 */
export function monthName(month: string | null): string {
  const found = month === null ? null : /^\d{4}-(\d{2})$/.exec(month);
  return found?.[1] === undefined ? (month ?? office.table.monthUnknown) : `${Number(found[1])}月`;
}

/** The twelve months of a fiscal year, April first. */
export function monthsOf(fiscalYear: number): readonly string[] {
  return Array.from({ length: 12 }, (_, index) => {
    const month = ((index + 3) % 12) + 1;
    return `${month < 4 ? fiscalYear + 1 : fiscalYear}-${String(month).padStart(2, '0')}`;
  });
}
