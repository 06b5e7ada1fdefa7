// Eras, fiscal years and clock times as they are printed.

import { describe, expect, it } from 'vitest';
import { clock, dayName, fiscalYear, fiscalYearName, longDate, parseDate, shortDate } from './dates';

describe('dates', () => {
  it('prints the era', () => {
    expect(longDate('2024-11-21')).toBe('令和6年11月21日（木）');
    expect(longDate('2019-04-30')).toBe('平成31年4月30日（火）');
    expect(longDate('2019-05-01')).toBe('令和元年5月1日（水）');
  });
  it('shows what is no date as it is', () => {
    expect(longDate('soon')).toBe('soon');
    expect(parseDate('2024-02-30')).toBeNull();
  });
  it('starts the fiscal year in April', () => {
    expect([fiscalYear('2025-03-31'), fiscalYear('2025-04-01')]).toEqual([2024, 2025]);
    expect([1988, 1989, 2018, 2019, 2024].map(fiscalYearName)).toEqual(['昭和63年度', '平成元年度', '平成30年度', '令和元年度', '令和6年度']);
  });
  it('prints short forms', () => {
    expect(shortDate('2024-11-08')).toBe('11/8');
    expect(dayName('2024-11-21')).toBe('11月21日（木）');
    const now = new Date(2024, 10, 21, 18, 0);
    expect(clock(new Date(2024, 10, 21, 17, 2).getTime(), now)).toBe('17:02');
    expect(clock(new Date(2024, 10, 8, 17, 42).getTime(), now)).toBe('11/8 17:42');
  });
});
