// Every text of the screens of a day pass. They come with those screens.

import { japanDay, longDate } from './dates';

export const pass = {
  name: '一日券',
  enter: {
    title: '一日券で記録を始めます',
    lead: 'この端末（ご自分のスマートフォンなど）で、一つの会だけを記録できます。氏名や暗証番号の入力はいりません。',
    signal: '始めるときだけ電波が必要です。準備ができたあとは、電波がなくても記録できます。',
    after: '会の日が終わると使えなくなり、送り終えた記録はこの端末から消えます。',
    code: '一日券のコード', codeHelp: 'QR の下にある8文字です。ハイフンはなくても構いません。', codeMissing: 'コードを8文字で入れてください。', leave: '端末の登録へ戻る',
    start: 'この会の記録を始める', busy: '受け取っています…', back: '今の会に戻る',
    unsent: 'この端末には、前の会のまだ送っていない記録があります。電波のある場所で送り終えてから、もう一度 QR を読み取ってください。',
  },
  /** 令和8年11月21日（土）いっぱい */
  until: (endsAt: number): string => {
    return `${longDate(japanDay(endsAt - 1))}いっぱい`;
  },
  bar: { as: (name: string) => `${name}の一日券`, ready: '電波がなくても使えます', preparing: '電波なしの準備中です。そのままお待ちください' },
  home: {
    title: 'この会の記録', until: '使える日', person: '記録する人', unsent: '送っていない記録', none: 'ありません', some: (count: number) => `${count}か所`,
    offline: '電波がないとき', offlineReady: '使えます', offlinePreparing: '準備中です。電波のある場所で、このまましばらくお待ちください。',
    record: '記録する', sync: '今すぐ送る', syncing: '送っています…',
    waiting: '会の記録を受け取っています…', waitingOffline: '会の記録をまだ受け取っていません。電波のある場所でお待ちください。',
    agreed: (when: string) => `${when} に、サーバーと同じ記録であることを確かめました。`,
  },
  over: {
    title: '一日券は終わりました', thanks: 'ご協力ありがとうございました。',
    sent: '記録はすべて送りました。この端末には何も残っていません。このままページを閉じてください。',
    unsent: (count: number) => `まだ送っていない記録が${count}か所あります。電波のある場所でこのページを開いておくと、自動で送ります。3日のうちに送ってください。`,
    hidden: '記録の内容は、もうこの端末では見られません。送っていない分は端末に残っています。ブラウザのデータは消さないでください。',
    sync: '今すぐ送る', fault: '送れませんでした。電波のある場所で、もう一度お試しください。', next: '別の会のときは、担当者が出す新しい一日券の QR を読み取ってください。',
  },
} as const;
