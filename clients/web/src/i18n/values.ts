// Dates, times and numbers as people type them: what they mean, or in plain words why they mean nothing.
//
// Invariant: nothing is guessed. What could mean two things is asked for again.

import { parseDate } from './dates';
import { ja } from './ja';

export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

const text = ja.box;
export const COUNT_MAX = 99_999;
export const MINUTES_MAX = 1_440;
/** The first and last day a record can be of, as the core has it. */
export const DAYS = { first: '1989-01-01', last: '2100-12-31' } as const;

const wrong = (reason: string): Reading<never> => ({ ok: false, reason });

/** Full-width digits and signs as half-width ones. Other forms of digits (②, 十) stay what they are. */
function plain(typed: string): string {
  return typed.trim().replace(/[０-９，．－]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0)).replace(/^[−‐ー]/, '-');
}

function whole(digits: string, max: number): Reading<number> {
  if (/^(約|およそ|だいたい)/.test(digits) || /(くらい|ぐらい|ほど|以上|程度)$/.test(digits)) return wrong(text.about);
  if (/^-/.test(digits)) return wrong(text.negative);
  if (/^\d+\.\d+$/.test(digits)) return wrong(text.fraction);
  if (!/^(\d+|\d{1,3}(,\d{3})+)$/.test(digits)) return wrong(text.number);
  const value = Number(digits.replaceAll(',', ''));
  return value <= max ? { ok: true, value } : wrong(text.tooLarge(max));
}

/** 12, １２人, 1,234枚 */
export function readCount(typed: string): Reading<number> {
  return whole(plain(typed).replace(/\s*[人名枚組冊部件個回]$/, ''), COUNT_MAX);
}

/** 90, 90分, 1時間30分 */
export function readMinutes(typed: string): Reading<number> {
  const digits = plain(typed).replace(/\s+/g, '');
  const parts = /^(\d{1,2})時間(?:(\d{1,2})分)?$/.exec(digits);
  if (parts !== null) return whole(String(Number(parts[1]) * 60 + Number(parts[2] ?? 0)), MINUTES_MAX);
  return whole(digits.replace(/分間?$/, ''), MINUTES_MAX);
}

/** What a date box holds; '' where it holds nothing that is a date. */
export function readDate(iso: string): Reading<string> {
  const year = Number(/^(\d{4,})-\d{2}-\d{2}$/.exec(iso)?.[1]);
  if (year < Number(DAYS.first.slice(0, 4)) || year > Number(DAYS.last.slice(0, 4))) return wrong(text.years);
  return parseDate(iso) === null ? wrong(text.date) : { ok: true, value: iso };
}

/** Where the other end of the time is: what starts must not end before. */
export interface Beside {
  readonly start?: string;
  readonly end?: string;
}

/** What a time box holds. */
export function readTime(time: string, { start = '', end = '' }: Beside = {}): Reading<string> {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) return wrong(text.time);
  if (end !== '' && time > end) return wrong(text.afterEnd(end));
  if (start !== '' && time < start) return wrong(text.beforeStart(start));
  return { ok: true, value: time };
}
