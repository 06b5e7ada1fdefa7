// Conditions on records, as an address holds them, in words.

import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { monthName } from '../format';
import type { Names } from './names';

const text = office.records;
const VALUED = Object.keys(text.filter);
const FLAGS = [['is_dispatch', text.dispatch], ['report_missing', text.missing], ['without_value', text.withoutValue], ['dates_doubtful', text.datesDoubtful]] as const;

export interface Condition {
  readonly name: string;
  readonly label: string;
}

/** The names of all conditions. */
export const CONDITIONS: readonly string[] = [...VALUED, ...FLAGS.map(([name]) => name)];

function valueText(name: string, value: string, names: Names): string {
  if (value === 'none') return text.unknownValue;
  switch (name) {
    case 'fiscal_year': return value === '0' ? text.unknownValue : office.year.name(Number(value));
    case 'month': return monthName(value);
    case 'municipality': return names.municipality(value);
    case 'association':
    case 'dispatched_by': return names.association(value);
    case 'flag': return office.flag(value);
    case 'lecturer': return names.lecturer(value);
    case 'among': return value.split(' ').map(names.lecturer).join('、') || text.amongValue;
    case 'activity': return ja.activity(value);
    case 'group': return office.group(value);
    case 'reason': return ja.reason(value);
    case 'measure': return office.measure(value, names.material);
    default: return value;
  }
}

/** The conditions of an address, in a fixed order. */
export function conditionsOf(search: URLSearchParams, names: Names): readonly Condition[] {
  return [
    ...VALUED.flatMap((name) => {
      const value = search.get(name);
      return value === null ? [] : [{ name, label: `${text.filter[name] ?? name}：${valueText(name, value, names)}` }];
    }),
    ...FLAGS.flatMap(([name, label]) => (search.get(name) === 'true' ? [{ name, label }] : [])),
  ];
}
