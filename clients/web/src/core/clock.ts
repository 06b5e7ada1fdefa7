// When a tablet's clock is called wrong.

const WRONG_MS = 30 * 60_000;

/** Whether a clock that is off by so many milliseconds puts records on wrong days. */
export const isClockWrong = (offset: number): boolean => Math.abs(offset) >= WRONG_MS;

/** Whether a clock stands before a time that has certainly passed: the last exchange, or the day this app was made. */
export function isClockBehind(now: number, lastExchange: number | null, made: number): boolean {
  return now + WRONG_MS < Math.max(lastExchange ?? 0, made);
}
