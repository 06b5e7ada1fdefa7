// Typed dates, times and numbers, and what is said of those that mean nothing.

import { describe, expect, it } from 'vitest';
import { ja } from './ja';
import { readCount, readDate, readMinutes, readTime } from './values';

describe('typed numbers', () => {
  it('takes full-width digits, units, thousands and zero', () => {
    const counts: readonly (readonly [string, number])[] = [['１２人', 12], [' 0 ', 0], ['1,234', 1234], ['３０ 名', 30], ['99999', 99999], ['007', 7]];
    for (const [typed, count] of counts) expect(readCount(typed), typed).toEqual({ ok: true, value: count });
    const minutes: readonly (readonly [string, number])[] = [['15分', 15], ['１５', 15], ['90分間', 90], ['1時間30分', 90], ['２時間', 120]];
    for (const [typed, value] of minutes) expect(readMinutes(typed), typed).toEqual({ ok: true, value });
  });

  it('says of each other form what is wrong with it', () => {
    const reasons: readonly (readonly [string, string])[] = [
      ['約30', ja.box.about], ['30くらい', ja.box.about], ['－3', ja.box.negative], ['-3', ja.box.negative], ['−3', ja.box.negative], ['2.5', ja.box.fraction],
      ['②', ja.box.number], ['十', ja.box.number], ['1e5', ja.box.number], ['1,2', ja.box.number], ['1 2', ja.box.number], ['3-4', ja.box.number],
      ['100000', ja.box.tooLarge(99_999)], ['99999999999999999999', ja.box.tooLarge(99_999)],
    ];
    for (const [typed, reason] of reasons) expect(readCount(typed), typed).toEqual({ ok: false, reason });
    expect(readMinutes('1441')).toEqual({ ok: false, reason: ja.box.tooLarge(1_440) });
    expect(readMinutes('99時間')).toEqual({ ok: false, reason: ja.box.tooLarge(1_440) });
  });
});

describe('typed dates and times', () => {
  it('takes days that exist, of years a record can be of', () => {
    for (const iso of ['1989-01-01', '2024-02-29', '2100-12-31']) expect(readDate(iso)).toEqual({ ok: true, value: iso });
    for (const iso of ['1988-12-31', '2101-01-01', '0002-03-04', '20261-01-01']) expect(readDate(iso), iso).toEqual({ ok: false, reason: ja.box.years });
    for (const iso of ['', '昨日', '2026-02-31', '2026-13-01']) expect(readDate(iso), iso).toEqual({ ok: false, reason: ja.box.date });
  });

  it('takes no end before the start', () => {
    expect(readTime('13:00', { start: '15:00' })).toEqual({ ok: false, reason: ja.box.beforeStart('15:00') });
    expect(readTime('15:00', { end: '13:00' })).toEqual({ ok: false, reason: ja.box.afterEnd('13:00') });
    expect(readTime('13:00', { start: '13:00' })).toEqual({ ok: true, value: '13:00' });
    expect(readTime('24:00')).toEqual({ ok: false, reason: ja.box.time });
    expect(readTime('')).toEqual({ ok: false, reason: ja.box.time });
  });
});
