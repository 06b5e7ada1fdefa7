// What stored codes are called in the console. A code this version does not know is shown as it is.

import { ja } from './ja';
import { custodyReason, fieldName } from './ja-words';

const group: Record<string, string> = { planned: '予定', held: '実施', cancelled: '中止', postponed: '延期', conflict: '食い違い' };

const role: Record<string, string> = {
  lecturer: '登録講師', staff: '職員', coordinator: 'コーディネーター', municipal: '市町村担当', prefectural: '県担当', administrator: 'システム管理者',
  visitor: '一日券の講師',
};

const medium: Record<string, string> = { 'jinsei-kaigi-dvd': '人生会議DVD' };
const why: Record<string, string> = { undo: '取り消し', mistake: '押し間違いの訂正', recount: '数え直し' };
const attribution: Record<string, string> = { among: '講師の内訳は報告なし', named: '講師ごとに記録' };

const flag: Record<string, string> = {
  field_conflict: '端末ごとに違う内容が書かれています。',
  text_rewritten: '同じ文を2人以上が別々に書き直しました。どの人の文も残っています。端末の「記録」で読んで、印を消してください。',
  step_conflict: '「実施」と「中止・延期」の両方が記録されています。',
  date_unreadable: '日付を読み取れません。',
  date_implausible: '日付・月・年度が、記録できる範囲（平成12年度〜令和81年度）の外です。年度の集計に入っていません。',
  date_far: '日付が、書かれた日から1年よりも離れています。その日付の年度の集計に入っています。',
  counted_not_held: '「実施」になっていない記録に数が入っています。実施になるまで、集計に入りません。',
  ends_before_start: '終了が開始より前になっています。',
  negative_total: '合計が0より小さい数があります。',
  typed_apart: '同じ数が、離れた端末で別々に入力されています。足した数になっているので、二重でないか確かめてください。',
  attendance_differs: '年齢別の合計と対象別の合計が違うか、離れた端末で別々に数えられています。多いほうを参加者の数にしています。',
};

const steps: Record<string, string> = {
  requested: '依頼', offered: '調整', confirmed: '確定', held: '実施', reported: '報告済み', settled: '精算済み', cancelled: '中止', postponed: '延期',
};

export const codes = {
  group: (code: string): string => group[code] ?? code,
  role: (code: string): string => role[code] ?? code,
  field: fieldName,
  medium: (code: string): string => medium[code] ?? code,
  why: (code: string): string => why[code] ?? code,
  attribution: (code: string): string => attribution[code] ?? code,
  flag: (code: string): string => flag[code] ?? code,
  custodyReason,
  stepName: (code: string): string => steps[code] ?? code,
  /** What a roll-up counts. */
  rollup: (measure: string, materials: (material: string, eligibility: string) => string | null): string => {
    const parts = measure.split('.');
    const [first = '', second = '', third = ''] = parts;
    if (first === 'record') return `${ja.activity(second === 'none' ? null : second)}（${group[third] ?? third}）`;
    if (first === 'dispatch' && second === 'cancelled' && third !== '') return `派遣（中止：${third === 'none' ? '理由の報告なし' : ja.reason(third)}）`;
    if (first === 'dispatch') return `派遣（${group[second] ?? second}）`;
    return codes.measure(measure, materials);
  },
  kind: (code: string): string => (code === 'consultation' ? '相談の記録' : '催しの記録'),
  measure: (measure: string, materials: (material: string, eligibility: string) => string | null): string => {
    const parts = measure.split('.');
    const [first = '', second = '', third = ''] = parts;
    if (measure === 'attendance') return '参加者';
    if (measure === 'screening.viewers') return ja.screening.viewers;
    if (first === 'attendance' && second === 'band') return `参加者 ${ja.band(third)}`;
    if (first === 'attendance' && second === 'audience') return `参加者 ${ja.audience(third)}`;
    if (first === 'consultation') return second === '' ? '相談' : `相談 ${ja.consultationWay(second)}`;
    if (first === 'answer') return `${ja.questionShort(second)}：${ja.answer(third)}`;
    if (first === 'material') return materials(second, third) ?? measure.slice('material.'.length);
    return measure;
  },
} as const;
