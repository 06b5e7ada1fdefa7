// Every text of the office console that the field app does not share. Screens hold no text of their own.

import { fiscalYearName } from './dates';
import { ja } from './ja';

const group: Record<string, string> = { planned: '予定', held: '実施', cancelled: '中止', postponed: '延期', conflict: '食い違い' };

const role: Record<string, string> = {
  lecturer: '登録講師', staff: '職員', coordinator: 'コーディネーター', municipal: '市町村担当', prefectural: '県担当', administrator: 'システム管理者',
};

const field: Record<string, string> = {
  fiscal_year: '年度', month: '月', date: '日付', start: '開始', end: '終了', activity: '種類', title: '題名', theme: 'テーマ',
  occasion: 'きっかけの集まり', host: '主催', venue: '会場', municipality: '市町村', association: '医師会', medical_area: '医療圏',
  item: '事業項目', dispatched_by: '派遣元', audience: '対象', medium: '上映した映像', minutes: '上映時間（分）', also: 'ほかに行ったこと',
  lecturer_attribution: '講師の書き方',
};

const medium: Record<string, string> = { 'jinsei-kaigi-dvd': '人生会議DVD' };
const consultation: Record<string, string> = { visit: '訪問', interview: '面接', telephone: '電話', unknown: '方法の報告なし' };
const why: Record<string, string> = { undo: '取り消し', mistake: '押し間違いの訂正', recount: '数え直し' };
const attribution: Record<string, string> = { among: '講師の内訳は報告なし', named: '講師ごとに記録' };

const flag: Record<string, string> = {
  field_conflict: '端末ごとに違う内容が書かれています。',
  step_conflict: '「実施」と「中止・延期」の両方が記録されています。',
  date_unreadable: '日付を読み取れません。',
  negative_total: '合計が0より小さい数があります。',
  attendance_differs: '年齢別の合計と区分別の合計が違います。',
};

const steps: Record<string, string> = {
  requested: '依頼', offered: '調整', confirmed: '確定', held: '実施', reported: '報告済み', settled: '精算済み', cancelled: '中止', postponed: '延期',
};

const custody: Record<string, string> = {
  not_in_scope: 'この端末が担当していない記録です。担当を確かめてください。',
  too_large: '一度に送れる大きさを超えています。',
  too_complex: '一度に送れる量を超えています。',
  malformed: '内容を読み取れません。',
  chunk_kind: '受け付けていない形で送られました。',
  hash_mismatch: '届くまでに内容が変わっています。',
  foreign_device: 'ほかの端末の名前で書かれています。',
  sequence: 'この端末の前の変更とつながりません。',
  structure: '記録の決まった形に合いません。',
  unloadable: '取り込むと記録を開けなくなるおそれがあります。',
};

const refusal: Record<string, string> = {
  unauthorised: 'サインインしていません', forbidden: '権限がありません', not_found: '見つからないか、見られません',
  code_unknown: 'コードが違うか、期限切れです', too_many_codes: '違うコードが続きました', invalid_request: '内容が正しくありません',
  device_taken: '別の人の端末です', unknown_reference: '台帳にありません', name_taken: '同じ名前があります', oneself: '自分自身です',
  already_decided: '判断が済んでいます', already_done: '済んでいます', person_disabled: '利用を止められています', too_often: '続けて送りすぎです',
};

const act: Record<string, string> = {
  add: '登録', give: '役割を加えた', take: '役割を外した', disable: '利用を止めた', enable: '利用を再開した', code: 'サインインコードを出した', role: '役割を切り替えた',
};

const cameBack: Record<string, string> = {
  provider_denied: '組織のアカウントの画面で取りやめたか、利用が許されていません。もう一度お試しになるか、ほかの方法でサインインしてください。',
  provider_unlinked: 'この組織のアカウントは、まだ集いの利用者とつながっていません。ほかの方法でサインインして「サインインの設定」でつないでください。',
  provider_unreachable: '組織のアカウントのサーバーにつながりません。しばらくしてからお試しになるか、ほかの方法でサインインしてください。',
  provider_invalid: '組織のアカウントで確かめられませんでした。もう一度お試しになるか、ほかの方法でサインインしてください。',
  step_over: '手続きの時間が過ぎました。はじめからやり直してください。',
  known_already: 'この組織のアカウントは、すでにほかの利用者とつながっています。',
};

const number = new Intl.NumberFormat('ja-JP');

export const office = {
  app: '集い',
  title: '集い 事務局',
  number: (value: number): string => number.format(value),
  none: ja.none,
  group: (code: string): string => group[code] ?? code,
  role: (code: string): string => role[code] ?? code,
  field: (name: string): string => field[name] ?? name,
  medium: (code: string): string => medium[code] ?? code,
  why: (code: string): string => why[code] ?? code,
  attribution: (code: string): string => attribution[code] ?? code,
  flag: (code: string): string => flag[code] ?? code,
  custodyReason: (code: string): string => custody[code] ?? `確認が必要です（${code}）。`,
  stepName: (code: string): string => steps[code] ?? code,
  /** What a roll-up counts. */
  rollup: (measure: string, materials: (material: string, eligibility: string) => string | null): string => {
    const parts = measure.split('.');
    const [first = '', second = '', third = ''] = parts;
    if (first === 'record') return `${ja.activity(second === 'none' ? null : second)}（${group[third] ?? third}）`;
    if (first === 'dispatch' && second === 'cancelled' && third !== '') return `派遣（中止：${third === 'none' ? '理由の報告なし' : ja.reason(third)}）`;
    if (first === 'dispatch') return `派遣（${group[second] ?? second}）`;
    return office.measure(measure, materials);
  },
  kind: (code: string): string => (code === 'consultation' ? '相談の記録' : '催しの記録'),
  measure: (measure: string, materials: (material: string, eligibility: string) => string | null): string => {
    const parts = measure.split('.');
    const [first = '', second = '', third = ''] = parts;
    if (measure === 'attendance') return '参加者';
    if (measure === 'screening.viewers') return '視聴者';
    if (first === 'attendance' && second === 'band') return `参加者 ${ja.band(third)}`;
    if (first === 'attendance' && second === 'audience') return `参加者 ${ja.audience(third)}`;
    if (first === 'consultation') return second === '' ? '相談' : `相談 ${consultation[second] ?? second}`;
    if (first === 'answer') return `${ja.questionShort(second)}：${ja.answer(third)}`;
    if (first === 'material') return materials(second, third) ?? measure.slice('material.'.length);
    return measure;
  },

  nav: { devices: '端末', label: '画面', dashboard: 'ダッシュボード', records: '記録', custody: '預かり', closings: '月の締め', healing: '戻った記録', people: '利用者', organisations: '医師会', journal: '操作の記録', role: '役割を切り替える', own: 'サインインの設定', signOut: 'サインアウト', skip: '本文へ移る' },

  signIn: {
    title: '事務局にサインイン',
    lead: '管理者から受け取った8文字のコードを入れてください。',
    leadPassword: '利用者名とパスワードを入れてください。',
    name: '利用者名',
    password: 'パスワード',
    code: 'サインインコード',
    help: '例：ABCD-2345。ハイフンはなくても構いません。大文字と小文字は区別しません。',
    submit: 'サインインする',
    empty: 'コードを入れてください。',
    emptyPassword: '利用者名とパスワードを入れてください。',
    passkey: 'パスキーでサインインする',
    passkeyStopped: 'パスキーを確かめられませんでした。もう一度押すか、ほかの方法でサインインしてください。',
    provider: (name: string) => `${name}でサインインする`,
    toCode: 'はじめての方・コードでサインインする',
    toPassword: '利用者名とパスワードでサインインする',
    forgotten: 'パスワードを忘れたときは、担当の管理者からコードを受け取ってください。コードでサインインすると、決め直せます。',
    cameBack: (code: string): string => cameBack[code] ?? cameBack['provider_invalid'] ?? '',
  },

  proof: {
    title: 'ご本人の確認',
    lead: '大切な操作の前に、ご本人であることをもう一度確かめます。確かめると、そのまま操作を続けます。',
    passkey: 'パスキーで確かめる',
    withCode: 'コードで確かめる',
    withPassword: 'パスワードで確かめる',
    submit: '確かめて続ける',
  },

  own: {
    title: 'サインインの設定',
    lead: 'あなた自身のサインインの方法と、いまサインインしている場所です。',
    password: '利用者名とパスワード',
    noPassword: 'まだ決まっていません。決めると、次からはコードなしでサインインできます。',
    passwordSince: (when: string) => `${when}に決めたパスワードを使っています。`,
    nameHelp: '半角の英数字と記号（. - _ @ +）で3〜64文字。メールアドレスも使えます。',
    newPassword: '新しいパスワード',
    passwordHelp: '12文字以上。言葉をいくつか並べると、長くても覚えられます。',
    keepPassword: 'パスワードを決める',
    passwordKept: 'パスワードを決めました。ほかの場所のサインインは終わりました。',
    passkeys: 'パスキー',
    passkeysLead: 'パスワードの代わりに、この機器の指紋・顔・暗証番号などでサインインできます。',
    passkeyUse: (added: string, used: string | null) => `登録 ${added}　${used === null ? 'まだ使っていません' : `最後の利用 ${used}`}`,
    passkeyName: 'パスキーの呼び名',
    passkeyExample: '例：職場のパソコン',
    addPasskey: 'パスキーを登録する',
    passkeyStopped: 'パスキーを登録できませんでした。すでに登録済みか、途中で止めたか、この機器では使えません。',
    remove: '外す',
    removeOf: (name: string) => `パスキー「${name}」を外す`,
    linked: 'このアカウントでサインインできます。',
    notLinked: 'つなぐと、このアカウントでサインインできます。',
    link: 'アカウントをつなぐ',
    unlink: 'つながりを外す',
    logins: 'サインインしている場所',
    loginsLead: '覚えのないものがあれば終わらせ、パスワードを決め直してください。',
    here: 'この画面',
    method: (code: string): string => ({ code: 'コード', password: 'パスワード', passkey: 'パスキー', oidc: '組織のアカウント' } as Record<string, string>)[code] ?? code,
    login: (method: string, peer: string, seen: string) => `${method}で。接続元 ${peer}　最後の利用 ${seen}`,
    end: '終わらせる',
    endOf: (agent: string) => `${agent}のサインインを終わらせる`,
    endOthers: 'この画面のほかをすべて終わらせる',
  },

  year: { label: '年度', name: fiscalYearName },

  frame: {
    asOf: (when: string) => `${when} 現在`,
    missing: (count: number) => `報告待ち ${number.format(count)}件`,
    noMissing: '報告待ちなし',
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
    retry: 'もう一度読み込む',
    print: '印刷',
  },

  figure: {
    atLeast: '以上',
    unreported: (count: number) => `ほか ${number.format(count)}件は数の報告なし`,
    onlyUnreported: (count: number) => `${number.format(count)}件すべて数の報告なし`,
    of: (count: number) => `${number.format(count)}件の記録から`,
    noRecords: '記録なし',
    complete: 'すべて報告あり',
    open: (label: string, value: string) => `${label} ${value}。元の記録を見る`,
  },

  unit: { times: '回', people: '人', cases: '件', places: 'か所' },

  table: { show: '表で見る', hide: '表を閉じる', showChart: '図で見る', total: '計', monthUnknown: '月の報告なし', percent: (value: number) => `${value}%`, bothPanels: '図と表' },

  prefecture: {
    title: '講師人材バンク',
    dispatches: '派遣 実施',
    dispatchNote: (planned: string, postponed: string) => `予定 ${planned}・延期 ${postponed}`,
    cancelled: '中止',
    noReason: '理由の報告なし',
    conflict: (count: number) => `ほか ${count}件は「実施」と「中止・延期」が食い違っています`,
    registered: '登録講師',
    training: (count: string) => `うち育成中 ${count}人`,
    reach: '派遣のあった市町村',
    reachOf: (of: number) => `／ ${of}`,
    attendance: '参加者',
    attendanceNote: '実施したすべての催し。',
    map: '市町村ごとの派遣回数（実施）',
    mapNote: '市町村をおおよその位置に並べた図です。四角を押すと、その市町村の画面を開きます。',
    mapLabel: '市町村ごとの派遣回数。同じ内容の表が下にあります。',
    legend: ['なし', '1回', '2回', '3～4回', '5回以上'] as readonly string[],
    areas: '医療圏ごとの実施と予定',
    area: '医療圏',
    areaUnknown: '市町村の報告なし・県外',
    reachedOf: (reached: number, of: number) => `${reached}／${of}`,
    reached: '届いた市町村',
    associations: '医師会ごとの派遣',
    association: '派遣元の医師会',
    municipalities: '市町村ごとの派遣',
    municipality: '市町村',
    elsewhere: '市町村の報告なし・県外',
    notReached: (count: number) => `まだ派遣のない市町村 ${count}`,
    allReached: 'すべての市町村に派遣がありました。',
    lecturers: '講師ごとの派遣',
    shareHeld: '実施の割合',
    shareNote: '予定と実施の合計に対する実施の割合',
  },

  lecturers: {
    lecturer: '講師',
    among: (names: string) => `${names}（講師の内訳は報告なし）`,
    amongNote: '「内訳は報告なし」の行は、どの講師が何回行ったかが報告されていない派遣です。講師ごとに数え直したり、掛け合わせたりしていません。',
    unnamed: '講師の報告なし',
    separateNote: '1回の派遣に複数の講師が行った場合は、それぞれの行に1回と数えます。',
    empty: 'この年度の派遣はまだありません。',
  },

  municipality: {
    area: (name: string) => `${name}医療圏`,
    dispatches: '登録講師の派遣',
    attendance: '参加者',
    byMonth: (material: string) => `${material}の配布（月・対象別）`,
    byEligibility: '配布したもの（対象別）',
    material: '配布したもの',
    eligibility: '対象',
    quantity: '配布数',
    completeness: '報告の状況',
    chartLabel: (material: string) => `${material}の月別・対象別の配布数。同じ内容の表を「表で見る」で開けます。`,
    chartEmpty: '月ごとの数はまだ報告されていません。',
    chartUnplaced: (text: string) => `月の報告がないもの：${text}`,
    activities: '催しと活動（種類別）',
    activity: '種類',
    screenings: '映像の上映',
    occasion: 'きっかけの集まり',
    occasionUnknown: '集まりの報告なし',
    screeningCount: '上映',
    viewers: '視聴者',
    noScreenings: 'この年度の上映の記録はまだありません。',
    measures: '参加者・アンケート・相談の内訳',
    measure: '内訳',
    missing: '報告待ち',
    missingNote: '予定日を過ぎて、実施・中止の報告がまだないものです。',
    noMissing: '報告待ちの催しはありません。',
    noMeasures: 'まだ報告がありません。',
    noActivities: 'この年度の記録はまだありません。',
  },

  association: {
    held: '登録講師の派遣 実施',
    spread: (cities: number, towns: number, villages: number, others: number): string => {
      const text = `${cities > 0 ? `${cities}市` : ''}${towns > 0 ? `${towns}町` : ''}${villages > 0 ? `${villages}村` : ''}${others > 0 ? `ほか${others}` : ''}`;
      return text === '' ? '市町村の報告なし' : text;
    },
    unplaced: (count: number) => `うち ${count}回は市町村の報告なし`,
    covers: (names: string) => `担当：${names}`,
    byMunicipality: '市町村ごとの派遣',
    municipalityUnknown: '市町村の報告なし',
    byMonth: '月ごとの派遣',
    month: '月',
    trainings: '研修会',
    trainingCount: (count: number) => `研修会 ${count}件`,
    trainingAttendance: '研修会の参加者',
    noTrainings: 'この年度の研修会の記録はまだありません。',
    meetings: '会議（題名別）',
    meetingTitle: '会議',
    titleUnknown: '題名の報告なし',
    noMeetings: 'この年度の会議の記録はまだありません。',
    consultations: '相談',
  },

  records: {
    title: '記録',
    count: (total: number) => `${number.format(total)}件`,
    filters: '絞り込みの条件',
    clear: '条件をすべて外す',
    remove: (label: string) => `${label}を外す`,
    date: '日付',
    what: '内容',
    place: '場所',
    state: '状態',
    heads: '参加者',
    value: '数',
    dateUnknown: '日付の報告なし',
    placeUnknown: '市町村の報告なし',
    untitled: '題名なし',
    conflict: '食い違いあり',
    more: 'さらに表示',
    empty: '条件に合う記録はありません。',
    missing: '報告待ち',
    dispatch: '派遣のみ',
    withoutValue: '数の報告なしのみ',
    filter: {
      fiscal_year: '年度', month: '月', municipality: '市町村', medical_area: '医療圏', association: '医師会', activity: '種類', group: '状態',
      reason: '理由', title: '題名', occasion: 'きっかけの集まり', measure: '数えたもの', lecturer: '講師', among: '講師',
    } as Readonly<Record<string, string>>,
    unknownValue: '報告なし',
    amongValue: '複数の講師（内訳は報告なし）',
  },

  record: {
    back: '記録の一覧へ戻る',
    personal: (place: string, what: string) => `「${place}」は${what}のように見えます。個人が分かる場合は、現場の端末で書き直してもらってください。`,
    basic: '基本の内容',
    conflictTitle: '書かれた内容が2通り以上あります',
    conflictNote: '現場の端末で正しいほうを選び直すと、食い違いはなくなります。どちらの内容も消えていません。',
    shown: '表示中',
    stepConflict: '「実施」と「中止・延期」の両方が記録されています',
    counts: '数えたもの',
    what: '数えたもの',
    total: '合計',
    by: '端末ごと',
    noCounts: 'まだ何も数えられていません。',
    lecturers: '講師',
    steps: '経過',
    noSteps: '経過の記録はありません（予定）。',
    texts: '文章',
    text: { outcome: '内容・実績', issue: '課題・問題点', plan: '取組計画' } as Readonly<Record<string, string>>,
    noTexts: '文章はまだありません。',
    history: '変更の履歴',
    historyCount: (count: number) => `${number.format(count)}回の変更`,
    someone: '記入者不明',
    onDevice: (name: string) => `端末「${name}」`,
    flags: '確かめてください',
    attendance: '参加者',
    held: 'この記録には、判断を待つ預かりがあります',
    heldFrom: (name: string) => `端末「${name}」から届いたものを見る`,
  },

  custody: {
    title: '預かり',
    lead: '端末から届いたもののうち、そのまま取り込めなかったものを、消さずに預かっています。内容を見て、取り込むかどうかを決めてください。',
    empty: '預かっているものはありません。',
    back: '預かりの一覧へ戻る',
    received: '届いた日時',
    device: '端末',
    what: '記録',
    reason: '預かった理由',
    state: '状態',
    waiting: '判断待ち',
    decided: (code: string) => (code === 'admitted' ? '取り込みました' : '取り込みませんでした'),
    unknownRecord: (kind: string) => `${kind}（まだ取り込まれていません）`,
    about: '届いたもの',
    author: '入力した人',
    effects: '取り込むと、こうなります',
    doesNotFit: '今の記録にはそのままつなげられません。下は、届いたものに書かれている内容です。',
    noEffects: '読み取れる内容はありません。',
    entered: (after: string) => `「${after}」が入ります`,
    emptied: (before: string) => `「${before}」が消えます`,
    becomes: (before: string, after: string) => `「${before}」から「${after}」に変わります`,
    set: (after: string) => `「${after}」`,
    adds: (by: number) => (by < 0 ? `${number.format(-by)} 減ります` : `${number.format(by)} 増えます`),
    total: (before: string, after: string) => `（合計 ${before} → ${after}）`,
    lecturer: '講師',
    linked: (name: string) => `「${name}」が加わります`,
    unlinked: (name: string) => `「${name}」が外れます`,
    noted: '「行ったが数の報告なし」になります',
    unnoted: '「行ったが数の報告なし」が外れます',
    step: '経過',
    stepTo: (state: string, why: string | null) => `「${state}${why === null ? '' : `（${why}）`}」が加わります`,
    other: 'その他',
    decide: '判断',
    yourReason: '判断の理由',
    reasonHelp: '送った端末の画面にも、あなたの名前と一緒に表示されます。',
    reasonNeeded: '判断の理由を入れてください。',
    admit: '取り込む',
    decline: '取り込まない',
    decideNote: '判断は一度だけです。取り込まない場合も、届いた内容は消えずにここで読めます。',
    othersDecide: 'この記録を担当する市町村・医師会か、県の担当者が判断します。',
  },

  devices: {
    title: '端末', lead: '登録された端末です。なくしたときは、すぐに利用を止めてください。', empty: '端末はまだありません。', add: '端末を登録する',
    name: '端末', person: '登録した人', seen: '最後に送受信した時刻', never: 'まだ送受信していません', state: '状態', inUse: '利用中', revoked: '利用停止', held: '預かり中',
    count: (count: number) => `${count}件`, none: 'なし',
    newTitle: '端末を登録するコードを出します', holder: '端末を使う人', choose: '人を選んでください', issue: 'コードを出す', picture: '端末を登録する QR',
    scan: '端末のカメラで読み取るか、端末の登録画面でコードを入力してください。一度だけ使えます。', until: (when: string) => `${when} まで使えます`,
    enrolled: (when: string) => `${when} に登録`, revokedAt: (when: string) => `${when} に利用を止めました。このあと届いた記録は、預かり中になります。`,
    revoke: '利用を止める', revokeTitle: (name: string) => `「${name}」の利用を止めますか`,
    revokeNote: '次の通信から、この端末は何も受け取れなくなります。端末に残っていた記録が届いたときは、預かり中として担当者が確かめます。',
    reset: '暗証番号を忘れたとき', resetNote: 'このコードを端末の「暗証番号を忘れたとき」に入力してもらってください。10分の間、一度だけ使えます。端末に残っている記録は消えません。',
    unsent: '端末に残っているかもしれない記録', lastSeen: (when: string) => `最後の送受信は ${when} です。そのあとの記録は、この端末にしかありません。`,
    heldNote: (count: number) => `この端末から届いた ${count} 件を預かっています`,
    own: 'この端末だけが書いた記録', ownNote: 'ほかの端末がまだ書き加えていない記録です。端末をなくしたときは、現場で内容を確かめてください。',
  },
  healing: {
    title: '戻った記録',
    lead: 'サーバーから失われた記録は、端末に残っている内容から自動で元に戻ります。いつ、どの端末から、どれだけ戻ったかの一覧です。',
    back: '端末から戻ったもの',
    sum: (count: number) => `合わせて変更 ${number.format(count)}件`,
    empty: '失われて戻った記録はありません。',
    at: '戻った日時',
    device: '端末',
    documents: '記録',
    changes: '変更',
    documentCount: (count: number) => `${number.format(count)}件`,
    changeCount: (count: number) => `${number.format(count)}件`,
    damaged: (count: number) => `壊れている記録が ${number.format(count)}件あります`,
    damagedNote: 'この記録を持つ端末が次につながると、自動で元に戻ります。長く戻らないときは、記録した端末をつないでください。',
    foundAt: (when: string) => `${when} に見つかりました`,
  },

  people: {
    title: '利用者',
    lead: '集いを使う人と、その役割です。できることは役割と組織で決まります。',
    search: '名前・役割・組織で探す',
    count: (count: number) => `${number.format(count)}人`,
    name: '名前',
    nameHelp: '同じ組織に同じ名前の人がいるときは、区別できるように入れてください。',
    role: '役割',
    roles: '役割と組織',
    organisation: '組織',
    noRoles: '役割なし',
    signedIn: '最後のサインイン',
    never: 'まだありません',
    add: '利用者を登録する',
    addNow: '登録する',
    manage: '変更する',
    manageOf: (name: string) => `${name}を変更する`,
    give: '役割を加える',
    giveNow: '役割を加える',
    take: '役割を外す',
    makeCode: 'サインインコードを出す',
    codeFor: (name: string) => `${name} さんのサインインコード`,
    codeNote: (until: string) => `1回だけ、${until} まで使えます。ここでしか表示されないので、本人に直接お渡しください。`,
    disabledMark: '利用停止中',
    disableTitle: '利用を止める',
    disableNote: '次の操作からサインインできなくなります。これまでの記録はそのまま残ります。',
    disable: '利用を止める',
    disabledTitle: '利用を止めています',
    enableNote: '再開すると、またサインインできるようになります。',
    enable: '利用を再開する',
  },

  organisations: {
    title: '医師会',
    lead: (prefecture: string, count: number) => `${prefecture}の郡市医師会と、受け持つ市町村です。市町村（${number.format(count)}）は公式の一覧から作られています。`,
    name: '名前',
    covers: '受け持つ市町村',
    none: 'まだ選ばれていません',
    add: '医師会を登録する',
    change: '変更する',
    changeOf: (name: string) => `${name}を変更する`,
    save: '保存する',
  },

  journal: {
    title: '操作の記録',
    lead: 'だれが、いつ、どこから、何をしたか、何を見たか、何を断られたかの記録です。あとから書き換えることはできません。',
    csv: 'CSVで書き出す',
    from: 'この日から',
    until: 'この日まで',
    who: '利用者',
    whoFrom: '利用者・接続元',
    what: '操作',
    when: '日時',
    outcome: '結果',
    target: '対象',
    everyone: 'すべての人',
    everything: 'すべて',
    commandLine: 'サーバーの命令',
    done: '行われたもの',
    refused: '断られたもの',
    unknown: '利用者の分からないものを見る',
    nobody: '分かりません',
    record: '記録を開く',
    empty: '条件に合う記録はありません。',
    older: '前のものを見る',
    newer: '後のものを見る',
    refusal: (code: string): string => `断りました：${refusal[code] ?? code}`,
    /** What the server wrote beside an act, in words. */
    detail: (detail: string, place: (id: string) => string): string => {
      const [verb = '', who = '', where = ''] = detail.split(' ');
      const did = act[verb];
      if (did === undefined) return detail;
      return who === '' ? did : `${did}：${role[who] ?? who} ${place(where)}`;
    },
  },

  closings: {
    title: '月の締め',
    lead: '月を締めると、その時点の数字が「報告時」として残ります。あとから届いた記録も受け付け、違いは「訂正」として並べて表示します。',
    month: '月',
    state: '状態',
    missing: '報告待ち',
    corrections: '締めた後の訂正',
    open: '締めていません',
    running: 'まだ締められません',
    closed: '締め済み',
    count: (count: number) => `${number.format(count)}件`,
    noneMissing: 'なし',
    noCorrections: 'なし',
    close: '締める',
    closeTitle: (month: string) => `${month}を締めますか`,
    closeNote: '今の数字を「報告時」の数字として残します。締めた後に取り消すことはできません。',
    missingWarning: (count: number) => `この月には、報告のない催しが ${number.format(count)}件あります。`,
    closeNow: 'この月を締める',
  },

  corrections: {
    title: (month: string) => `${month}の訂正`,
    back: '月の締めへ戻る',
    open: 'この月はまだ締められていません。',
    lead: (when: string, name: string) => `${when} に ${name} が締めました。その後に変わった数字と記録です。`,
    figures: '報告時と現在の違い',
    none: '締めた後に変わった数字はありません。',
    records: '締めた後に変更された記録',
    noRecords: '締めた後に変更された記録はありません。',
    what: '数えたもの',
    where: '市町村・医師会',
    reported: '報告時',
    now: '現在',
    difference: '訂正',
    signed: (value: number) => (value > 0 ? `+${number.format(value)}` : value < 0 ? `−${number.format(-value)}` : '±0'),
    gaps: (value: number) => `数の報告なし ${value > 0 ? `+${number.format(value)}` : `−${number.format(-value)}`}件`,
    panel: '締めた月の訂正',
    panelNote: 'この画面の数字は「現在」のものです。締めた後に変わった数字を、報告時と並べて示します。',
    ofMonth: (month: string) => `${month}（報告時と現在）`,
  },

  destroy: {
    open: 'この記録を完全に消去する…',
    title: '記録を完全に消去',
    note: 'サーバーとすべての端末から、この記録の内容が消えます。集計からも外れ、元に戻すことはできません。消去した日時・人・理由だけが残ります。',
    reason: '消去する理由',
    reasonHelp: '本人の求めなど。個人の名前は書かないでください。',
    word: '消去',
    confirm: '確かめるため「消去」と入力してください',
    now: '完全に消去する',
  },

  problem: {
    not_found: '見つかりませんでした。アドレスをお確かめください。',
    unreachable: 'サーバーにつながりません。通信の状態を確かめて、もう一度お試しください。',
    unreadable: 'サーバーの返事を読み取れませんでした。画面を読み込み直してください。',
    dashboard: 'ダッシュボードへ',
  },
} as const;
