// Every text of the field app, and of what it shares with the office console. Screens hold no text of their own.

import type { Activity, Reason, SaveState, State } from '../core/records';
import { custodyReason, fieldName, fields } from './ja-words';

const activity: Record<Activity, string> = {
  lecture: 'ACP講話', round_table: '座談会', public_lecture: '講演会', visiting_lecture: '出前講座', training: '研修会',
  booth: '相談ブース', meeting: '会議', screening: 'DVD上映', distribution: '配布', publicity: '広報', consultation: '相談',
};

const state: Record<State, string> = {
  none: '予定', requested: '依頼', offered: '調整', confirmed: '確定', held: '実施', reported: '報告済み', settled: '精算済み',
  cancelled: '中止', postponed: '延期',
};

const reason: Record<Reason, string> = {
  infection: '感染症', lecturer: '講師都合', few_people: '参加者不足', weather: '天候', other: 'その他',
};

const saveState: Record<SaveState, readonly [string, string]> = {
  saved: ['端末に保存', '未送信'],
  sent: ['送信済み', '照合待ち'],
  agreed: ['照合済み ✓', ''],
  held: ['預かり中', '事務局が確認します'],
  declined: ['見送り', '集計に入りません'],
};

const band: Record<string, string> = {
  '10-29': '10・20代', '30-39': '30代', '40-49': '40代', '50-59': '50代', '60-69': '60代', '70-74': '70–74歳',
  '75-84': '75–84歳', '85+': '85歳以上', unknown: '年齢不明',
};

const audience: Record<string, string> = {
  resident: '住民', family: '家族・現役世代', 'welfare-volunteer': '民生委員', medical: '医療職', care: '介護職', other: 'その他', unknown: '対象不明',
};

const consultationWay: Record<string, string> = { visit: '訪問', interview: '面接', telephone: '電話', unknown: '方法の報告なし' };

const question: Record<string, string> = {
  'knows-acp': '人生会議（ACP）を知っていましたか', 'has-talked': '家族などと話し合ったことがありますか', intends: 'これから話し合おうと思いますか',
};
const questionShort: Record<string, string> = { 'knows-acp': '知っている', 'has-talked': '話し合った', intends: '話し合いたい' };
const answer: Record<string, string> = { yes: 'はい', no: 'いいえ', 'no-answer': '無回答' };

const scopeKind: Record<string, string> = { municipality: '市町村', association: '医師会・拠点', lecturer: '講師', session: '会' };

/** Plain sentences for what can go wrong; the server's own sentence wins when there is one. */
const problem: Record<string, string> = {
  unreachable: 'サーバーにつながりません。電波のある場所で、もう一度お試しください。',
  unreadable: 'サーバーの返事を読み取れませんでした。しばらくしてから、もう一度お試しください。',
  quota: 'この端末の空き容量が足りず、保存できませんでした。不要な写真などを消してから、もう一度お試しください。',
  storage: 'この端末に保存できませんでした。もう一度お試しください。',
  slow: '前の操作の保存が終わってから、もう一度押してください。',
  denied: 'ブラウザが保存を許していません。',
  newer: 'この端末の記録は、新しい版の集いで開かれています。画面を読み込み直してください。',
  core: 'アプリの一部が止まりました。少し待ってから、もう一度お試しください。',
  not_ready: '準備中です。少し待ってから、もう一度お試しください。',
  locked: 'この端末は閉じられています。暗証番号で開いてから、もう一度入力してください。',
  not_recorded: 'その内容は記録できませんでした。入力を確かめてください。',
  already_enrolled: 'この端末はすでに登録されています。',
  wrong_pin: '暗証番号が違います。',
  wait: '間違いが続いたため、しばらく入力できません。',
  leader_lost: '直前の操作が保存されたか確かめてください。画面の数字が保存された内容です。',
  not_dismissed: '今開いている人と、最後の1人は外せません。',
};

/** Of a code that is for somebody else, by their name. */
const othersCode: Record<string, (name: string) => string> = {
  code_of_another: (name) => `このコードは「${name}」のためのものです。暗証番号は変わっていません。担当者に、あなたの名前を選んで新しいコードを出してもらってください。`,
  code_of_stranger: (name) => `このコードは「${name}」のためのものですが、この端末を使う人ではありません。暗証番号は変わっていません。担当者に、あなたの名前を選んで新しいコードを出してもらってください。`,
};

export const ja = {
  app: '集い',
  activity: (code: string | null): string => (code === null ? '種類の報告なし' : (Object.entries(activity).find(([key]) => key === code)?.[1] ?? code)),
  state: (code: State): string => state[code],
  reason: (code: string): string => Object.entries(reason).find(([key]) => key === code)?.[1] ?? code,
  saveState: (code: SaveState): readonly [string, string] => saveState[code],
  band: (code: string): string => band[code] ?? code,
  audience: (code: string): string => audience[code] ?? code,
  consultationWay: (code: string): string => consultationWay[code] ?? code,
  question: (code: string): string => question[code] ?? code,
  questionShort: (code: string): string => questionShort[code] ?? code,
  answer: (code: string): string => answer[code] ?? code,
  problem: (code: string, detail: string | null): string => othersCode[code]?.(detail ?? '') ?? detail ?? problem[code] ?? '操作できませんでした。もう一度お試しください。',
  scope: (id: string, name: string | null): string => {
    const [kind, code] = id.split(':');
    return `${scopeKind[kind ?? ''] ?? kind ?? ''}：${name ?? code ?? ''}`;
  },
  none: '報告なし',
  people: '人',
  back: '戻る',
  close: '閉じる',
  cancel: 'やめる',
  thisTablet: 'この端末',
  otherTablet: 'ほかの端末',
  unknownPerson: '記入者不明',
  separator: ' ・ ',
  starting: '準備しています…',

  nav: { label: '画面', today: '今日', records: '記録', summary: '集計', device: 'この端末', create: '＋ 新しい記録' },

  pin: {
    label: '暗証番号', new: '暗証番号（数字6桁以上）', again: '暗証番号（もう一度）',
    help: 'この端末を開くときに使います。忘れると、担当者のコードと電波が必要になります。',
    tooShort: '暗証番号は数字6桁以上で入力してください。', tooSimple: '同じ数字や続き番号だけの暗証番号は使えません。',
    differs: '2回入力した暗証番号が違います。',
  },
  lock: {
    title: '端末を開きます', who: '使う人を選んでください', open: '開く', busy: '確かめています…', lost: '暗証番号を忘れたとき',
    wait: (seconds: number) => `あと${seconds}秒たつと入力できます。`,
    lostNote: '電波のある場所で、担当者から受け取ったコードを入力してください。変わるのはあなたの暗証番号だけで、端末に残っている記録はそのままです。',
    lostCodeHelp: '担当者が事務局の画面の「端末」でこの端末を開き、「暗証番号を戻す」であなたの名前を選んで出した8文字のコード', recover: '新しい暗証番号で開く',
  },

  clock: {
    /** 約46年進んで, 約3日進んで, 約2時間遅れて */
    span: (ms: number): string => {
      const minutes = Math.round(Math.abs(ms) / 60_000);
      const [size, unit] = ([[525_960, '年'], [1440, '日'], [60, '時間']] as const).find(([least]) => minutes >= 2 * least) ?? [1, '分'];
      return `約${Math.round(minutes / size)}${unit}${ms > 0 ? '進んで' : '遅れて'}`;
    },
    off: (shown: string) => `この端末の時計が合っていません（いまの表示：${shown}）。`,
    wrong: (span: string) => `この端末の日付・時刻が${span}います。`,
    help: '端末の設定で合わせて、記録の日付も確かめてください。',
  },

  pill: {
    offline: '圏外', refused: '送れません（この端末を確認）',
    unsent: (count: number) => `未送信 ${count}件`,
    allSent: 'すべて送信済み',
    sending: '送信中',
    unknown: '確認できません',
    agreed: (when: string) => `照合済み ${when}`,
    lastAgreed: (when: string) => `最終照合 ${when}`,
    never: 'まだ照合していません',
    label: '送信と照合の状態',
  },

  update: { offered: '新しい版があります', apply: '更新する', note: '入力した内容はそのまま残ります。' },
  notice: { dismiss: '閉じる' },

  /** What holds recording up while the screens stay. */
  doubt: {
    silent: '画面の裏側から返事がありません。返事があるまで、表示が最新かどうか確認できません。',
    late: (count: number) => `直前の操作${count}件は、まだ保存が終わっていません。画面の数字に出るまで、保存されていません。`,
    missing: (what: string, others: number, when: string) => `${when}の「${what}」${others > 0 ? `ほか${others}件` : ''}は保存されていません。`,
    reload: '読み込み直す',
  },
  copied: {
    title: 'この端末の写しが動いています',
    help: 'この端末の中身が、ほかの機器にも写されています。記録は失われず、二重にも数えません。使わないほうを止め、使うほうを「この端末」の「登録し直す」で登録し直してください。',
  },

  fault: {
    title: { disk: '保存できません', start: '集いを始められません' },
    storage: 'この端末に保存できません。自動でやり直しています。直らないときは、いったん画面を閉じて開き直してください。まだ画面に出ていない操作は保存されていません。',
    quota: 'この端末の空き容量が足りません。不要な写真などを消してください。それまで新しい記録は保存されません。',
    slow: 'この端末の保存場所から返事がありません。ほかに開いている集いの画面があれば閉じてください。返事があれば、自動で続けます。',
    denied: 'ブラウザが保存場所を使わせてくれません。プライベートブラウズをやめるか、ブラウザの設定で、このサイトのデータの保存を許してください。',
    newer: 'この端末の記録は、新しい版の集いで開かれています。電波のある場所で「もう一度試す」を押すと、新しい版を読み込みます。',
    core: 'アプリの一部が止まりました。自動でやり直しています。直らないときは「もう一度試す」を押してください。',
    wasm: 'アプリの一部を読み込めませんでした。電波のある場所で「もう一度試す」を押してください。自動でもやり直しています。',
    no_wasm: 'このブラウザでは集いを使えません。ブラウザを新しくするか、WebAssembly を止める設定（ロックダウンモードなど）を外してください。',
    worker: 'アプリの一部を読み込めませんでした。電波のある場所で「もう一度試す」を押してください。',
    insecure: 'このアドレスでは安全に保存できません。「https://」で始まるアドレスで開いてください。',
    loading: '読み込みに時間がかかっています。電波が弱いときは、そのままお待ちください。',
    long: '準備に時間がかかっています。電波が弱いときは、そのままお待ちください。',
    kept: (name: string, unsent: number) => `「${name}」の記録は端末に残っています${unsent > 0 ? `（未送信 ${unsent}件）` : ''}。ブラウザのデータを消さないでください。`,
    retry: 'もう一度試す',
  },

  screenFault: {
    title: '画面を表示できませんでした',
    kept: (unsent: number) => (unsent === 0 ? '記録はこの端末に残っています。' : `記録はこの端末に残っています。まだ送っていない${unsent}件も消えていません。`),
    help: '「もう一度表示する」を押してください。直らないときは、電波のある場所で読み込み直してください。',
    again: 'もう一度表示する', reload: '読み込み直す',
  },

  enrol: {
    code: '登録コード',
    codeHelp: '事務局から受け取った8文字（例：ABCD-2345）。ハイフンはなくても構いません。',
    codeMissing: '登録コードを8文字で入れてください。',
  },

  /** A link for a new tablet, opened on one that is known. */
  known: {
    title: 'この端末は登録済みです',
    note: 'リンクの登録コードは使っていません。新しく登録する端末で開いてください。使う人を加えるとき・登録し直すときは、「この端末」の画面で同じコードを入れてください。',
  },

  today: {
    title: '今日',
    now: 'きょうの予定',
    nothing: 'きょうの予定はありません。',
    nothingHelp: '会場で記録を始めるときは「＋ 新しい記録」を押してください。',
    overdue: '報告がまだの予定',
    upcoming: 'これからの予定',
    past: 'これまでの記録',
    all: 'すべての記録を見る',
    record: '記録する',
    open: '開く',
    until: (time: string) => `${time} まで`,
    noTime: '時刻未定',
    who: (person: string, device: string) => `${person}${' ・ '}端末「${device}」`,
  },

  row: {
    conflict: (fields: readonly string[]) => `${fields.join('と')}の記入が2通りあります`,
    conflicts: '記入が2通りあるところがあります',
    rewritten: (texts: readonly string[]) => `${texts.join('と')}の同じ文を2人以上が書き直しました`,
    confirm: '確認をお願いします',
    oddDate: '日付を確かめてください',
    attendance: (count: number) => `参加者 ${count}人`,
    cards: (count: number) => `カード ${count}枚`,
    noDate: '日付なし',
    noVenue: '会場の報告なし',
    dispatch: (state: string) => `派遣 ${state}`,
  },

  records: {
    title: '記録',
    search: '会場・名称・市町村でさがす',
    filter: '絞り込み',
    filters: { all: 'すべて', unsent: '未送信', conflict: '要確認', planned: '予定', held: '実施', off: '中止・延期' },
    found: (count: number) => `${count}件`,
    nothing: 'あてはまる記録はありません。',
    more: 'さらに表示',
  },

  summary: {
    title: '集計',
    lead: (year: string, of: string | null) => (of === null ? `${year}の、この端末にある記録の集計です。` : `${year}の「${of}」の集計です。この端末にある記録から、事務局の画面と同じ決まりで数えています。`),
    consultations: '相談', heads: (mode: string) => `参加者の内訳（${mode}）`,
    held: '実施した記録', planned: '予定', off: '中止・延期', times: '件',
    withoutYear: (count: number) => `日付のない記録が${count}件あります。日付を入れるまで、その人数や枚数はどの年度にも入りません。`,
    notHeld: (count: number) => `「実施」になっていない記録${count}件に、人数や枚数が入っています。実施になるまで集計に入りません。`,
    conflict: '実施と中止の記入が両方ある記録', conflictHelp: 'どちらかに決まるまで、参加者や配布の数に入りません。記録を開き、「完了」で選んでください。',
    attendance: '参加者', viewers: '見た人',
    materials: '配布したもの', answers: 'アンケート', kinds: '種類ごとの実施',
    atLeast: '以上',
    missing: (count: number) => `報告なし ${count}件`,
    total: '合計',
    empty: 'この年度の記録はまだありません。',
    item: '項目', count: '数',
  },

  device: {
    title: 'この端末',
    name: '端末の名前', person: '使う人', tenant: '登録先', unsent: '未送信', unsentCount: (records: number, changes: number) => `${records}件（変更 ${changes}）`,
    agreed: '最後に照合した時刻', exchanged: '最後に通信した時刻', never: 'まだありません',
    storage: '保存場所の保護', persisted: '保護されています', notPersisted: '保護されていません',
    notPersistedHelp: '端末の空きが少なくなると、ブラウザが記録を消すことがあります。ホーム画面に追加すると守られやすくなります。',
    protect: '保護を頼む',
    offline: '電波がないときの準備', offlineReady: 'できています', offlineNot: 'まだです（電波のある場所でしばらく開いておいてください）',
    used: (used: string, quota: string) => `使用量 ${used} ／ ${quota}`,
    sync: '今すぐ送受信', syncing: '送受信しています…',
    scopes: '照合のしるし', scopesHelp: 'サーバーの同じ欄と一致していれば、記録がすべて同じです。',
    scope: '範囲', count: '記録数', digest: 'しるし', state: '照合', same: '一致', differs: '照合待ち',
    fault: '通信の状態', faults: {
      unreachable: 'つながりませんでした', cut: '通信が途中で切れました。小さく分けて自動でやり直します。',
      timed_out: '通信が途中で止まりました。小さく分けて自動でやり直します。',
      too_large: '送る内容が、途中の機器の上限より大きいため通りません。事務局に連絡してください。', unauthorised: 'この端末の登録が無効になっています。事務局に連絡してください。',
      busy: '混み合っています。自動でやり直します。', refused: 'サーバーが受け付けませんでした。事務局に連絡してください。',
      unreadable: '返事を読み取れませんでした。自動でやり直します。',
      address_mismatch: 'サーバーの設定が、この端末の開いているアドレスと合っていません。記録は端末に残っています。システム管理者に、サーバーの「public_url」の設定を確かめてもらってください。',
    } as Record<string, string>,
    ok: '正常', offlineNow: '圏外です。つながると自動で送ります。',
    tooLarge: (bytes: number): string => `1件の変更（約${Math.ceil(bytes / 1000)}KB）が、途中の機器の上限より大きいため送れません。記録は端末に残っています。ほかの記録は送られます。事務局に連絡してください。`,
  },

  session: {
    untitled: '新しい記録',
    missing: 'この記録はこの端末にありません。',
    saveLabel: 'この記録', nothingYet: 'まだ何も記録していません。', savedByItself: '入力すると自動で保存されます。',
    tabs: { basic: '基本', attendance: '参加者', screening: '上映', materials: '配布', answers: 'アンケート', notes: '記録', finish: '完了' },
    tabsLabel: '記録の項目',
    next: (tab: string) => `次へ：${tab}`,
    toToday: '今日の画面へ',
    undo: (what: string) => `↶ 取り消す（${what}）`, undoOn: (tab: string, what: string) => `${tab}の ${what}`,
    numbers: '数字で入力',
    taps: '押して数える',
    heldTitle: '事務局が預かっています',
    heldHelp: (why: string) => `${why}送った内容は失われません。集計に入れるかどうかを担当者が決めます。`,
    heldReason: custodyReason,
    declinedTitle: '集計に入らない記録があります',
    declinedHelp: (by: string, when: string, why: string) => `${by}さんが${when}に見送りました。理由：${why}`,
  },

  field: fieldName,

  basic: {
    date: fields.date, start: fields.start, end: fields.end, activity: fields.activity, title: fields.title, titleHelp: '例：サロンひまわり 11月例会',
    occasion: fields.occasion, occasions: ['通いの場', '民生委員研修会', '特定健診'] as readonly string[], occasionOther: 'その他', occasionText: 'きっかけ（その他）',
    venue: fields.venue, municipality: fields.municipality, choose: '選んでください', ownArea: 'この端末の担当', otherAreas: 'そのほか',
    audience: fields.audience,
    lecturers: '講師', noLecturer: 'まだ選んでいません', addLecturer: '講師を選ぶ', removeLecturer: (name: string) => `${name}を外す`, chooseLecturer: (name: string) => `${name}を選ぶ`,
    searchLecturer: '名前・所属でさがす', ownLecturers: 'この端末の担当', otherLecturers: 'そのほか', noLecturers: '名簿は、サーバーと一度つながると表示されます。', bank: '人材バンク', noMatch: 'あてはまる講師はいません。',
    dispatch: fields.dispatched_by, dispatchNone: '派遣ではない', dispatchState: '派遣の状態',
    duplicate: '同じ日・同じ会場の記録がほかにもあります', duplicateHelp: '同じ集まりなら、そちらに記録すると数が二重になりません。', openOther: 'そちらを開く',
    unset: '指定しない',
    oddDate: {
      old: '2000年より前の日付です。年を確かめてください。', past: '1年以上前の日付です。年を確かめてください。', future: '1年以上先の日付です。年を確かめてください。',
    },
  },

  /** Why what stands in a box is not stored. */
  box: {
    lost: (label: string, typed: string, reason: string) => (typed === '' ? `「${label}」に入力したものは保存されていません。${reason}` : `「${label}」に入力した「${typed}」は保存されていません。${reason}`),
    unsaved: '未保存', notStored: 'この入力はまだ保存されていません。入力し直すか、もう一度この欄を押して離れると、保存をやり直します。',
    noRoom: (limit: number, letters: number) => `${limit.toLocaleString('ja-JP')}文字までです。${letters.toLocaleString('ja-JP')}文字になるため、いまの入力は入りませんでした。短くするか、分けて入れてください。`,
    number: '数字だけで入れてください（例：30）。',
    about: '「約」や「くらい」は付けずに、数字だけで入れてください（例：30）。',
    negative: '0以上の数で入れてください。',
    fraction: '小数は使えません。0以上の整数で入れてください。',
    tooLarge: (max: number) => `${max.toLocaleString('ja-JP')}までの数で入れてください。`,
    date: 'この日付はないか、まだ途中です。年・月・日を確かめてください。',
    years: '年を確かめてください。1989年（平成元年）から2100年までの日付を入れられます。',
    time: '時刻がまだ途中です。時と分を入れてください。',
    afterEnd: (end: string) => `終了（${end}）より後になっています。開始か終了を直してください。`,
    beforeStart: (start: string) => `開始（${start}）より前になっています。開始か終了を直してください。`,
  },

  conflict: {
    title: (field: string) => `${field}の記入が2通りあります`,
    many: (field: string, count: number) => `${field}の記入が${count}通りあります`,
    help: '正しいほうを選んでください。',
    choose: (value: string) => `「${value}」にする`,
    by: (person: string, device: string, when: string) => `${person}（${device}）${when}`,
  },

  attendance: {
    total: '参加者 合計', mine: (count: number) => `この端末 ${count}`, others: (count: number, names: string) => `ほかの端末 ${count}（${names}）`,
    modes: { heads: '人数だけ', band: '年齢別', audience: '対象別' }, mode: '数え方', heads: '参加者の人数',
    switched: (mode: string) => `数え方を「${mode}」に`, carriedOver: (count: number) => `数え方を切り替える前の人数 ${count}`,
    unknown: { band: band['unknown'] ?? '', audience: audience['unknown'] ?? '' },
    carriedHelp: (count: number, unknown: string) => `切り替える前の${count}人は「${unknown}」に入っています。押すと新しい人として足されます。すでに数えた人を分けるときは、「${unknown}」を減らしてください。`,
    headsHelp: '人数だけを数えます。年齢は不明として記録されます。',
    help: '押していない区分は「報告なし」です。いないことが確かなときは「数字で入力」で 0 を入れてください。数字を消すと「報告なし」に戻ります。',
    unsettled: (counts: number) => `年齢別と対象別で別々に数えられているため、合計の${counts}人は実際の人数と違うことがあります。確かめて、数え方を切り替えると、この人数から続けます。`,
    typedApart: (names: readonly string[]) => `「${names.join('」「')}」の数は、離れた端末で別々に入力されたものの合計です。二重に数えていないか確かめてください。`,
    lags: (counted: number, total: number) => `この数え方での合計は${counted}人です。参加者の数には、ほかの数え方の${total}人を使います。`,
  },

  counter: {
    plus: (label: string) => `${label}を1増やす`, minus: (label: string) => `${label}を1減らす`,
    entry: (label: string) => `${label}の合計`,
    undoPlus: (label: string, by: number) => `${label} ${by > 0 ? '＋' : '−'}${Math.abs(by)}`,
    typedApart: 'この数は、離れた端末で別々に入力されたものの合計です。同じ人を二重に数えていないか確かめ、「数字で入力」で正しい合計を入れてください（合っていれば同じ数を入れ直します）。',
    atLeast: (count: number) => `年齢別に${count}人を数えてあります。それより少なくするときは「年齢別」で直してください。`,
    undoVoid: (label: string) => `${label}を報告なしに`,
  },

  screening: {
    medium: fields.medium, mediumNone: '上映していない', minutes: fields.minutes, viewers: '見た人',
    uncounted: '上映したが、人数は数えていない', copy: (count: number) => `参加者と同じ ${count}人にする`,
  },

  materials: {
    none: '配布物の一覧は、サーバーと一度つながると表示されます。', total: (count: string) => `計 ${count}`,
    noEligibility: '区分なし',
  },

  answers: { lead: '会場で手を挙げた人数や、集めた用紙の数を数えます。' },

  personal: {
    found: (place: string, what: string) => `「${place}」は${what}のように見えます。個人が分かることは書かないでください。（このまま保存はできます）`,
    kinds: { phone: '電話番号', birth: '生年月日', name: '個人の名前' },
  },

  notes: {
    outcome: '内容・実績', issue: '課題・問題点', plan: '取組計画',
    outcomeHelp: 'どんな話をしたか、参加者の様子など', issueHelp: '困ったこと、次に直したいこと', planHelp: '次にすること',
    saved: '端末に保存しました', typing: '入力中…',
    tooLong: '長すぎます。10,000文字までにしてください。',
    rewritten: (text: string) => `${text}で、同じ文を2人以上が書き直しました`,
    rewrittenHelp: 'どの人の文も残してあります。読んで、いらない文を消してください。そのままでよければ、ボタンを押すとこの印が消えます。',
    haveRead: '読みました（印を消す）',
  },

  finish: {
    state: '今の状態',
    held: '終了した', heldHelp: '会が終わったら押してください。あとからでも数や記録は直せます。',
    reported: '報告まで済んだ', reportedHelp: '数と記録がそろったら押してください。',
    off: '中止・延期', offReason: '理由', cancel: '中止にする', postpone: '延期にする',
    offHeld: (state: string) => `この会は「${state}」になっています。中止・延期にするときは、先に上の「「${state}」を取り消す」を押してください。`,
    takeBack: (state: string) => `「${state}」を取り消す`, takeBackHelp: '間違えて押したときに使います。その前の状態に戻ります。',
    tookBack: (steps: string) => `「${steps}」を取り消しました`,
    undecided: '決まっていません',
    conflict: '実施と中止の記入が両方あります。正しいほうを選んでください。',
    check: '記入の確認', filled: '記入あり', empty: '報告なし',
    history: 'この記録の履歴', historyLine: (when: string, who: string, device: string) => `${when}　${who}（${device}）`,
    steps: '経過', done: 'この会は終了しています。', allDone: '報告まで済んでいます。',
  },
} as const;
