// What is taken for personal data, and what is not.

import { describe, expect, it } from 'vitest';
import { type PersonalKind, personalData } from './personal';

const kinds = (text: string, known?: readonly string[]): readonly PersonalKind[] => personalData(text, known).map((one) => one.kind);

describe('telephone numbers', () => {
  it.each([
    '048-123-4567', '０４８－１２３－４５６７', '0481234567', '０９０１２３４５６７８', '090-1234-5678', '090 1234 5678', '090ー1234ー5678', '(048)123-4567',
    '048(123)4567', '0495‐22‐1234', '090.1234.5678', '+81-90-1234-5678', '連絡先は080-1111-2222です', '電話22-1234', 'TEL：581-1234',
    '03-1234-5678に折り返す', '☎0495-00-0000',
  ])('notices %s', (text) => expect(kinds(text)).toEqual(['phone']));
  it.each([
    '', '12人', '午前10:00-11:30', '10-20代が5人', '2026-11-21', '2026-11-21 10:00', '0-5人', '〒367-0053', '相談は0120-123-456', '0570-064-110', '救急は119、相談は#7119',
    '112119', '1,234枚', '3-5-7', '参加 100-200-300', '0.5時間', 'カード12枚-セット3個', '整理番号 00012345',
  ])('lets pass %s', (text) => expect(kinds(text)).toEqual([]));
});

describe('dates of birth', () => {
  it.each([
    '昭和12年3月4日', '昭和１２年３月４日', '昭和十二年三月四日', '昭和二十五年十二月三十一日', '昭和元年12月26日', 'S12.3.4', 'S12/3/4', 'Ｓ１２．３．４', '昭12.3.4',
    '大正15年1月2日', 'T15.1.2', '明治45年7月1日', '平成2年5月6日', 'H2-5-6', '㍼12年3月4日', '1937/3/4', '1937年3月4日', '1937-03-04', '1937.3.4', '１９３７／３／４', '19370304',
    '2015年4月1日生まれ', '令和2年1月1日生まれ', '3月4日生まれの方', '誕生日は3月4日', '生年月日：12.3.4',
  ])('notices %s', (text) => expect(kinds(text)).toEqual(['birth']));
  it.each([
    '2026年11月21日', '2026/11/21に実施', '令和6年11月21日に児玉公民館で', 'R6.11.21', '平成30年4月1日に始めた会', 'H30.4.1', '11月21日 10時', '次回は3/4', '昭和の歌を歌った', '昭和12年',
    '昭和12年生まれの方が多い', '75歳到達', '1937人', '令和7年度', '資料2.3.4', '第3-4-5条', '午後1.30.45',
  ])('lets pass %s', (text) => expect(kinds(text)).toEqual([]));
});

describe('names with an honorific', () => {
  it.each([
    '田中さん', '田中さんから質問があった', '山田 花子様', '山田　太郎 殿', '佐々木氏', '健太くん', '花ちゃん', '鈴木君が手伝った', '一ノ関の小野寺さん', '服部さん', '西村様より', '土屋さん',
    'はな子さん', 'タナカさん', 'ヨシダ様', 'さくらさんから', '「たなかさん」', '本日山田さん来訪', '緒方さんと職員さん', '中村さま', '直人さん',
  ])('notices %s', (text) => expect(kinds(text)).toEqual(['name']));
  it.each([
    'おじいさん', 'おばあさん', '皆さん', 'みなさん', '皆様', 'お客様', 'お客さん', '講師の先生', '参加者の皆さんから、家族の方と話したいという声', '利用者さん', '患者様', '民生委員さん', '看護師さん',
    'お子さん', 'お子様', 'お母さん', '奥様', '娘さん', '息子さん', 'お孫さん', 'お嫁さん', '赤ちゃん', '神様', '同様', '多様な', '様子', '様々', '氏名', '氏名は書かない', '王様', '会長さん', '区長さん',
    'たくさん', 'たくさんの人', 'ちゃんと', '全員ちゃんと聞いた', 'スタッフさん', 'ボランティアさん', 'ケアマネさん', 'ヘルパーさん', '八百屋さん', '御殿', '神殿', '市民の皆様', 'むくんで',
    'お隣さん', 'お医者さん', '社協さん', '包括さん', '散歩さんぽ', 'おつかれさま', '模様', '一様', '仕様', 'ご本人様', '兄さん', 'お兄さん', '貴君', '市役所さん', 'パン屋さん', 'お巡りさん', '',
  ])('lets pass %s', (text) => expect(kinds(text)).toEqual([]));
  it('lets registered lecturers pass, and nobody else for it', () => {
    const lecturers = ['富沢', '富沢一郎', '林'];
    for (const text of ['富沢さん', '講師富沢さん', '富沢 一郎様', '林さん']) expect(kinds(text, lecturers)).toEqual([]);
    expect(kinds('小林さん', lecturers)).toEqual(['name']);
    expect(kinds('富沢さん', [])).toEqual(['name']);
  });
});

it('says each kind once, with the place', () => {
  expect(personalData('田中さん（S12.3.4、090-1234-5678）と佐藤さん')).toEqual([
    { kind: 'phone', text: '090-1234-5678' },
    { kind: 'birth', text: 'S12.3.4' },
    { kind: 'name', text: '田中さん' },
  ]);
});

it('is quick on long texts', () => {
  const begun = performance.now();
  for (const part of ['あ', '田', '0-', '1', ' ', '昭和1', '(', 'ア', '十']) personalData(part.repeat(Math.ceil(10_000 / part.length)));
  // it takes a tenth of that on a quiet machine; what grows with the square of the length takes minutes
  expect(performance.now() - begun).toBeLessThan(10_000);
});
