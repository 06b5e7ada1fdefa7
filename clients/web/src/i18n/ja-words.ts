// Words for stored codes that the field app and the console share: one word for one thing, on the tablet, in the office, on
// paper and in files.

/** What a field is called. */
export const fields = {
  fiscal_year: '年度', month: '月', date: '日付', start: '開始', end: '終了', activity: '種類', title: '名称', theme: 'テーマ', occasion: 'きっかけ',
  host: '主催', venue: '会場', municipality: '市町村', association: '医師会・拠点', medical_area: '医療圏', item: '事業項目', dispatched_by: '派遣元',
  audience: '主な対象', medium: '上映したもの', minutes: '上映時間（分）', also: 'ほかに行ったこと', lecturer_attribution: '講師の書き方', state: '状態',
} as const;

export const fieldName = (name: string): string => Object.entries(fields).find(([known]) => known === name)?.[1] ?? name;

/** Codes of the gate, as they are stored with what is held. */
export type CustodyCode =
  | 'too_large' | 'too_complex' | 'malformed' | 'chunk_kind' | 'hash_mismatch' | 'foreign_device' | 'brought_back' | 'sequence' | 'structure'
  | 'unloadable' | 'document_too_large' | 'not_in_scope' | 'tablet_ended' | 'role_ended' | 'pass_ended';

/** Why something is held: what it is, and what helps. */
const custody: Record<CustodyCode, string> = {
  not_in_scope: 'この端末の担当ではない記録です。担当から外れたか、ほかの市町村や医師会の記録です。',
  tablet_ended: 'この端末の利用が止められたあとに届きました。取り込むかどうかは、事務局が内容を確かめて決めます。',
  role_ended: 'この端末を登録した人の役割が終わったあとに届きました。取り込むかどうかは、事務局が内容を確かめて決めます。',
  pass_ended: '一日券が終わったあとに届きました。取り込むかどうかは、事務局が内容を確かめて決めます。',
  too_large: '一度に送れる大きさを超えています。',
  too_complex: '一度に送れる量を超えています。',
  document_too_large: 'この記録がいっぱいで、これ以上書き加えられません。続きは新しい記録に書いてください。',
  malformed: '内容を読み取れません。',
  chunk_kind: '受け付けていない形で送られました。',
  hash_mismatch: '届くまでに内容が変わっています。',
  foreign_device: 'ほかの端末の名前で書かれています。',
  brought_back: 'サーバーから失われた記録を、書いた端末とは別の端末が持っていました。取り込むと、書いた端末の記録として元に戻ります。',
  sequence: 'この端末の前の変更とつながりません。',
  structure: '記録の決まった形に合いません。',
  unloadable: '取り込むと記録を開けなくなるおそれがあります。',
};

/** A code of a newer server is shown as it is. */
export const custodyReason = (code: string): string => Object.entries(custody).find(([known]) => known === code)?.[1] ?? `確認が必要です（${code}）。`;
