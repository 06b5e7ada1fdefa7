// Names in the order of a Japanese reader.

import { describe, expect, it } from 'vitest';
import { inOrder } from './order';

describe('names', () => {
  it('stand in the order of kana and of the kanji tables, not of code points, and numbers by their size', () => {
    const shuffled = ['会議10', 'わたなべ', 'ウエダ', '会議2', 'いとう', 'あべ'];
    expect(inOrder(shuffled, (one) => one)).toEqual(['あべ', 'いとう', 'ウエダ', 'わたなべ', '会議2', '会議10']);
    // by code points 亜 < 井 < 安 < 愛: 4e9c 4e95 5b89 611b
    const read = [{ name: '一二三', reading: 'うたかね' }, { name: '薦部', reading: 'こもべ' }, { name: '荻野', reading: 'おぎの' }];
    expect(inOrder(read, (one) => one.name, (one) => one.reading).map((one) => one.name)).toEqual(['一二三', '荻野', '薦部']);
    expect(inOrder(['井上', '愛知', '安藤', '亜'], (one) => one)).toEqual(['亜', '愛知', '安藤', '井上']);
  });
});
