// Dates as people here read them: 和暦, weekday, short clock times. Stored dates stay ISO text.
//
// Invariant: a day and a time of day are Japan's, whatever zone the device is set to.

const era = new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { dateStyle: 'long', timeZone: 'UTC' });
const eraYear = new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { era: 'long', year: 'numeric', timeZone: 'UTC' });
const weekday = new Intl.DateTimeFormat('ja-JP', { weekday: 'short', timeZone: 'UTC' });

/** Midnight UTC of an ISO date, null when it is none. */
export function parseDate(iso: string | null): Date | null {
  if (iso === null || !/^\d{4}-\d{2}-\d{2}$/.test(iso)) return null;
  const date = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== iso ? null : date;
}

const JAPAN_MS = 9 * 3_600_000;

/** A time with its parts in Japan read as UTC; null beyond what dates reach. */
function inJapan(ms: number): Date | null {
  const date = new Date(ms + JAPAN_MS);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** The ISO date in Japan at a time in ms; '' beyond what dates reach. */
export function japanDay(ms: number): string {
  return inJapan(ms)?.toISOString().slice(0, 10) ?? '';
}

/** When a day begins in Japan, ms; null when the text is no date. */
export function japanMidnight(iso: string): number | null {
  const date = parseDate(iso);
  return date === null ? null : date.getTime() - JAPAN_MS;
}

/** Today's date in Japan. */
export function todayIso(now: Date): string {
  return japanDay(now.getTime());
}

/** What a person should look at again: a day before records were kept, or far from today. */
export type OddDate = 'old' | 'past' | 'future';

const FIRST_DAY = '2000-01-01';
const YEAR_MS = 366 * 86_400_000;

/** Why a date is hardly the one that is meant; null when nothing speaks against it. */
export function oddDate(iso: string | null, today: string): OddDate | null {
  const [date, now] = [parseDate(iso), parseDate(today)];
  if (iso === null || date === null || now === null) return null;
  if (iso < FIRST_DAY) return 'old';
  const away = date.getTime() - now.getTime();
  return away > YEAR_MS ? 'future' : away < -YEAR_MS ? 'past' : null;
}

/** 令和6年11月21日（木） */
export function longDate(iso: string | null): string {
  const date = parseDate(iso);
  return date === null ? (iso ?? '') : `${era.format(date)}（${weekday.format(date)}）`;
}

/** 11月21日（木） */
export function dayName(iso: string): string {
  const date = parseDate(iso);
  return date === null ? iso : `${date.getUTCMonth() + 1}月${date.getUTCDate()}日（${weekday.format(date)}）`;
}

/** 11/21 */
export function shortDate(iso: string | null): string {
  const date = parseDate(iso);
  return date === null ? (iso ?? '') : `${date.getUTCMonth() + 1}/${date.getUTCDate()}`;
}

/** 17:42 today, 11/8 17:42 else; 2024/11/8 17:42 in another year. */
export function clock(ms: number, now: Date): string {
  const at = inJapan(ms);
  if (at === null) return '';
  const time = `${at.getUTCHours()}:${String(at.getUTCMinutes()).padStart(2, '0')}`;
  const [day, today] = [japanDay(ms), todayIso(now)];
  if (day === today) return time;
  const year = day.slice(0, 4) === today.slice(0, 4) ? '' : `${at.getUTCFullYear()}/`;
  return `${year}${at.getUTCMonth() + 1}/${at.getUTCDate()} ${time}`;
}

/** The starting year of the fiscal year of an ISO date. */
export function fiscalYear(iso: string): number {
  const date = parseDate(iso) ?? new Date();
  return date.getUTCMonth() >= 3 ? date.getUTCFullYear() : date.getUTCFullYear() - 1;
}

/** 令和6年度 */
export function fiscalYearName(year: number): string {
  return `${eraYear.format(new Date(Date.UTC(year, 11, 31)))}度`.replace(/\s/g, '');
}
