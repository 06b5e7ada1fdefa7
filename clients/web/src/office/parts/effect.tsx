// One thing that changes do to a record, in the catalogue's words: what they would do, hold, or did.

import type { ReactNode } from 'react';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import type { Effect } from '../api/shapes';
import { eraDate, monthName } from '../format';
import type { Names } from './names';

/** They fit the record and were tried on it; they do not, and are read alone; they are in it. */
export type Tense = 'would' | 'holds' | 'did';

/** A field's value as people read it. */
export function valueText(field: string, value: string, names: Names): string {
  switch (field) {
    case 'activity': return ja.activity(value);
    case 'date': return eraDate(value);
    case 'month': return monthName(value);
    case 'fiscal_year': return /^\d{4}$/.test(value) ? office.year.name(Number(value)) : value;
    case 'medium': return names.medium(value) ?? office.medium(value);
    case 'lecturer_attribution': return office.attribution(value);
    default: return value;
  }
}

function fieldText({ name, before, after }: Effect, names: Names, tense: Tense): string {
  const value = (one: string | null): string | null => (one === null || one === '' ? null : valueText(name, one, names));
  const [was, is] = [value(before), value(after)];
  const words = tense === 'did' ? office.effect.did : office.effect;
  if (tense === 'holds') return office.effect.holds(is ?? office.none);
  if (is === null) return words.emptied(was ?? office.none);
  return was === null ? words.entered(is) : words.becomes(was, is);
}

function linkText(effect: Effect, names: Names, tense: Tense): readonly [string, string] {
  const [kind = '', rest = ''] = [effect.name.slice(0, effect.name.indexOf('/')), effect.name.slice(effect.name.indexOf('/') + 1)];
  const words = tense === 'did' ? office.effect.did : office.effect;
  const added = effect.kind === 'link';
  switch (kind) {
    case 'noted': return [office.measure(rest, names.material), added ? words.noted : words.unnoted];
    case 'carried': {
      const count = rest.split('/')[1] ?? '';
      if (count === '0') return [office.effect.heads, added ? office.effect.switched : office.effect.unswitched];
      return [office.effect.heads, (added ? office.effect.carried : office.effect.uncarried)(count)];
    }
    case 'void': return [office.measure(rest.split('@')[0] ?? rest, names.material), added ? words.voided : words.unvoided];
    case 'lecturer': {
      const name = effect.shown ?? names.lecturer(rest);
      return [office.effect.lecturer, added ? words.linked(name) : words.unlinked(name)];
    }
    default: return [office.effect.other, added ? words.linked(effect.shown ?? effect.name) : words.unlinked(effect.shown ?? effect.name)];
  }
}

export function EffectLine({ effect, names, tense }: { readonly effect: Effect; readonly names: Names; readonly tense: Tense }): ReactNode {
  switch (effect.kind) {
    case 'field':
      return <><b>{office.field(effect.name)}</b><span>{fieldText(effect, names, tense)}</span></>;
    case 'count':
      return (
        <>
          <b>{office.measure(effect.name, names.material)}</b>
          <span>
            {tense === 'did' ? office.corrections.signed(effect.by ?? 0) : office.effect.adds(effect.by ?? 0)}
            {tense === 'would' && <span className="text-muted">{office.effect.total(effect.before ?? office.none, effect.after ?? office.none)}</span>}
          </span>
        </>
      );
    case 'link':
    case 'unlink': {
      const [name, words] = linkText(effect, names, tense);
      return <><b>{name}</b><span>{words}</span></>;
    }
    case 'step': {
      const state = office.effect.state(office.stepName(effect.name), effect.after === null ? null : ja.reason(effect.after));
      return <><b>{office.effect.step}</b><span>{tense === 'did' ? office.effect.did.step(state) : office.effect.stepTo(state)}</span></>;
    }
    case 'take_back':
      return <><b>{office.effect.step}</b><span>{(tense === 'did' ? office.effect.did : office.effect).stepTakenBack(office.stepName(effect.name))}</span></>;
    case 'text':
      return (
        <>
          <b>{office.record.text[effect.name] ?? effect.name}</b>
          <span className="whitespace-pre-wrap">
            {effect.before !== null && effect.before !== '' && <del className="block text-muted">{effect.before}</del>}
            {effect.after !== null && effect.after !== '' && <ins className="block no-underline">{effect.after}</ins>}
          </span>
        </>
      );
    default:
      return <><b>{office.effect.other}</b><span>{effect.name}</span></>;
  }
}
