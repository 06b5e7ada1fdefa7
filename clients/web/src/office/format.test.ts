// Figures, dates and scales in the words and shapes the console shows.

import { describe, expect, it } from 'vitest';
import { fiscalYearName } from '../i18n/dates';
import { eraDate, eraLastDay, eraMoment, monthName, monthsOf, plain, wording } from './format';
import { marks, shade, stacked } from './parts/scales';
import { COLUMNS, ROW_COUNT, TILES } from './parts/tiles';

const figure = (total: number | null, reported: number, unreported: number) => ({ total, reported, unreported, records: '' });

describe('figures in words', () => {
  it('says 報告なし when nobody reported a number, never 0', () => {
    expect(wording(figure(null, 0, 4), '枚')).toEqual({ value: '報告なし', suffix: '', note: '4件すべて数の報告なし' });
    expect(wording(figure(null, 0, 0), '枚').note).toBe('記録なし');
  });
  it('says 以上 and how many gaps when some are missing', () => {
    expect(plain(figure(1204, 23, 3), '人')).toBe('1,204人以上');
    expect(wording(figure(1204, 23, 3), '人').note).toBe('ほか 3件は数の報告なし');
  });
  it('keeps a reported zero a zero', () => {
    expect(plain(figure(0, 1, 0), '枚')).toBe('0枚');
  });
});

describe('dates', () => {
  it('are those of the era', () => {
    expect(eraDate('2024-06-18')).toBe('令和6年6月18日');
    expect(eraDate('2019-05-01')).toBe('令和元年5月1日');
    expect(eraDate('2019-04-30')).toBe('平成31年4月30日');
    expect(eraLastDay(Date.UTC(2024, 5, 18, 15))).toBe('令和6年6月18日');
    expect(eraLastDay(Date.UTC(2024, 5, 18, 15) + 1)).toBe('令和6年6月19日');
    expect(fiscalYearName(2024)).toBe('令和6年度');
  });
  it('shows moments in Japan’s time', () => {
    expect(eraMoment(Date.UTC(2024, 10, 21, 5, 2))).toMatch(/^令和6年11月21日\s?14:02$/);
  });
  it('starts a fiscal year in April', () => {
    const months = monthsOf(2024);
    expect([months[0], months[8], months[9], months[11], months.length]).toEqual(['2024-04', '2024-12', '2025-01', '2025-03', 12]);
    expect(monthName('2025-01')).toBe('1月');
    expect(monthName(null)).toBe('月の報告なし');
  });
});

describe('scales', () => {
  it('mark whole numbers up to at least the largest value', () => {
    for (const most of [0, 1, 2, 3, 7, 59, 83, 412]) {
      const all = marks(most);
      expect(all[0]).toBe(0);
      expect(all.every((value) => Number.isInteger(value))).toBe(true);
      expect(all[all.length - 1]).toBeGreaterThanOrEqual(Math.max(1, most));
      expect(all.length).toBeLessThanOrEqual(8);
    }
  });
  it('stacks what is reported and leaves out what is not', () => {
    expect(stacked([[4, null, 3], [null, null, null]], 3)).toEqual([
      { column: 0, series: 0, from: 0, to: 4 },
      { column: 0, series: 2, from: 4, to: 7 },
    ]);
  });
  it('shades by the legend', () => {
    expect([0, 1, 2, 3, 4, 5, 40].map(shade)).toEqual([0, 1, 2, 3, 3, 4, 4]);
  });
});

describe('tiles', () => {
  it('give each of the 63 municipalities a square of its own', () => {
    expect(TILES).toHaveLength(63);
    expect(new Set(TILES.map((tile) => tile.code)).size).toBe(63);
    expect(new Set(TILES.map((tile) => `${tile.column},${tile.row}`)).size).toBe(63);
    expect(TILES.every((tile) => /^11\d{4}$/.test(tile.code) && tile.column < COLUMNS && tile.row < ROW_COUNT)).toBe(true);
  });
});
