// Names in the order of a Japanese reader.

import { describe, expect, it } from 'vitest';
import { inOrder } from './order';

describe('names', () => {
  it('stand in the order of kana and of the kanji tables, not of code points, and numbers by their size', () => {
    const shuffled = ['会議10', 'わたなべ', 'ウエダ', '会議2', 'いとう', 'あべ'];
    expect(inOrder(shuffled, (one) => one)).toEqual(['あべ', 'いとう', 'ウエダ', 'わたなべ', '会議2', '会議10']);
    // by code points 亜 < 井 < 安 < 愛: 4e9c 4e95 5b89 611b
    expect(inOrder(['井上', '愛知', '安藤', '亜'], (one) => one)).toEqual(['亜', '愛知', '安藤', '井上']);
  });
});
