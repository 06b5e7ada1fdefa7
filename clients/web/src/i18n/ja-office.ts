// Every text of the office console that the field app does not share; those of its screens stand apart by area. Screens hold no
// text of their own.

import { fiscalYearName } from './dates';
import { ja } from './ja';
import { codes } from './ja-codes';
import { officeAccess } from './ja-office-access';
import { officeFigures } from './ja-office-figures';
import { officeRecords } from './ja-office-records';
import { officeRegistry } from './ja-office-registry';
import { number } from './number';

export const office = {
  /** How to see that a file came whole. */
  fileEnd: '最後の行に「以上 ○件」とあれば、ファイルは全部そろっています。',
  fileBusy: 'ほかの書き出しが続いています。終わってから、もう一度押してください。',
  app: '集い',
  title: '集い 事務局',
  screenKept: '記録はサーバーにあり、失われていません。入力の途中だった内容は、もう一度入れてください。',
  number: (value: number): string => number.format(value),
  none: ja.none,
  ...codes,
  nav: { devices: '端末', label: '画面', choose: '画面を選ぶ', close: '閉じる', dashboard: '集計', records: '記録', custody: '預かり', closings: '月の締め', healing: '戻った記録', people: '利用者', lecturers: '講師', organisations: '医師会・拠点', journal: '操作の記録', retention: '保存期間', role: '役割を切り替える', own: 'サインインの設定', signOut: 'サインアウト', skip: '本文へ移る' },
  year: { label: '年度', name: fiscalYearName },
  frame: {
    asOf: (when: string) => `${when} 現在`,
    missing: (count: number) => `報告待ち ${number.format(count)}件`,
    noMissing: '報告待ちなし',
    datesDoubtful: (count: number) => `年度や日付を確かめる記録 ${number.format(count)}件`,
    silent: (count: number) => `1週間以上連絡のない端末 ${number.format(count)}台`,
    noSilent: '連絡のない端末なし',
    silentTitle: '1週間以上連絡のない端末',
    silentNote: 'この端末に残っている記録は、まだ集計に入っていないことがあります。',
    lastSeen: (when: string) => `最後の連絡 ${when}`,
    neverSeen: '登録後、まだ連絡がありません',
    sample: '見本の数値です',
    sampleNote: '動きを確かめるための作りものの記録が含まれています。実績として引用しないでください。',
    loading: '読み込んでいます…',
    stale: '最新の数字を読み込めませんでした。表示は前回のものです。つながり次第、自動で読み直します。',
    staleSignedOut: 'サインインの期限が切れているため、最新の数字を読み込めません。表示は前回のものです。',
    retry: 'もう一度読み込む',
  },

  changedLabel: '新しくなった数字',
  changed: (named: readonly string[], more: number): string => `新しくなりました。${named.join('、')}${more > 0 ? `、ほか${number.format(more)}か所` : ''}`,
  print: { print: '印刷', loading: 'すべて読み込んでいます…' },
  pages: {
    cut: 'これより後は、この紙にはありません。すべてを印刷するには、画面の「印刷」ボタンを押してください。',
    more: '続きを表示',
    shown: (count: number) => `${number.format(count)}件を表示しています。`,
    follows: '続きがあります。',
  },

  problem: {
    not_found: '見つかりませんでした。アドレスをお確かめください。',
    unauthorised: 'サインインの期限が切れています。サインインすると、続きからできます。入力した内容は残っています。',
    unreachable: 'サーバーにつながりません。通信の状態を確かめて、もう一度お試しください。',
    unreadable: 'サーバーの返事を読み取れませんでした。画面を読み込み直してください。',
    dashboard: '集計へ',
  },

  ...officeAccess,
  ...officeFigures,
  ...officeRecords,
  ...officeRegistry,
} as const;
