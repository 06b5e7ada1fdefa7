// Eras, fiscal years and clock times as they are printed.

import { describe, expect, it } from 'vitest';
import { clock, dayName, fiscalYear, fiscalYearName, japanDay, japanMidnight, longDate, oddDate, parseDate, shortDate, todayIso } from './dates';

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
    const now = new Date('2024-11-21T18:00:00+09:00');
    expect(clock(Date.parse('2024-11-21T17:02:00+09:00'), now)).toBe('17:02');
    expect(clock(Date.parse('2024-11-08T17:42:00+09:00'), now)).toBe('11/8 17:42');
    expect(clock(Date.parse('2023-11-08T17:42:00+09:00'), now)).toBe('2023/11/8 17:42');
  });
  it('takes days and times of Japan, whatever the zone of the device', () => {
    const early = Date.parse('2026-11-21T08:59:00+09:00');
    expect(todayIso(new Date(early))).toBe('2026-11-21');
    expect(japanDay(Date.parse('2026-11-21T00:00:00+09:00') - 1)).toBe('2026-11-20');
    expect(japanMidnight('2026-11-21')).toBe(Date.parse('2026-11-21T00:00:00+09:00'));
    expect(clock(early, new Date(early))).toBe('8:59');
    expect([japanDay(8.64e15), japanMidnight('soon')]).toEqual(['', null]);
  });
  it('finds dates that are hardly meant', () => {
    const odd = (date: string | null): unknown => oddDate(date, '2026-11-21');
    expect([odd('1999-12-31'), odd('2025-11-19'), odd('2027-11-23'), odd('2099-01-01')]).toEqual(['old', 'past', 'future', 'future']);
    expect([odd('2025-11-21'), odd('2027-11-21'), odd(null), odd('soon')]).toEqual([null, null, null, null]);
  });
});
