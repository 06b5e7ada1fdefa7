// Dates as people here read them: 和暦, weekday, short clock times. Stored dates stay ISO text.

const era = new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { dateStyle: 'long', timeZone: 'UTC' });
const eraYear = new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { era: 'long', year: 'numeric', timeZone: 'UTC' });
const weekday = new Intl.DateTimeFormat('ja-JP', { weekday: 'short', timeZone: 'UTC' });

/** Midnight UTC of an ISO date, null when it is none. */
export function parseDate(iso: string | null): Date | null {
  if (iso === null || !/^\d{4}-\d{2}-\d{2}$/.test(iso)) return null;
  const date = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== iso ? null : date;
}

/** Today's date where the tablet is. */
export function todayIso(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
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

/** 17:42 today, 11/8 17:42 else; the tablet's own time zone. */
export function clock(ms: number, now: Date): string {
  const at = new Date(ms);
  const time = `${at.getHours()}:${String(at.getMinutes()).padStart(2, '0')}`;
  return todayIso(at) === todayIso(now) ? time : `${at.getMonth() + 1}/${at.getDate()} ${time}`;
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
