// When a tablet's clock is called wrong.

const WRONG_MS = 30 * 60_000;

/** Whether a clock that is off by so many milliseconds puts records on wrong days. */
export const isClockWrong = (offset: number): boolean => Math.abs(offset) >= WRONG_MS;
