// What is said when something was not done: the server's own words, or ours with the name they need.

import { describe, expect, it } from 'vitest';
import { ja } from './ja';

describe('a problem', () => {
  it('is said in the server\'s words when it has some', () => {
    expect(ja.problem('device_taken', '別の端末のためのコードです。')).toBe('別の端末のためのコードです。');
    expect(ja.problem('wrong_pin', null)).toBe('暗証番号が違います。');
  });

  it('names whom a code for somebody else is for, and says that nothing has changed', () => {
    for (const code of ['code_of_another', 'code_of_stranger']) expect(ja.problem(code, '佐藤')).toMatch(/^このコードは「佐藤」のためのもの.*暗証番号は変わっていません。/);
  });
});
