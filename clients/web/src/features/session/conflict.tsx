// A field that two tablets filled in differently: both values, with who and when, for a person to choose from.

import type { ReactNode } from 'react';
import { useSnapshot } from '../../core/hooks';
import type { Author, FieldName, Value } from '../../core/records';
import { municipalityName, nameOf, type Registry } from '../../core/registry';
import { clock, longDate } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { useEditor } from './editor';

export function personName(registry: Registry, id: string | null): string {
  return nameOf(registry.people, id) ?? (id === null || id === '' ? ja.unknownPerson : id);
}

export function deviceName(registry: Registry, id: string | null): string {
  return nameOf(registry.devices, id) ?? ja.otherTablet;
}

function valueText(registry: Registry, field: FieldName, value: Value): string {
  const text = String(value);
  switch (field) {
    case 'date':
      return longDate(text);
    case 'activity':
      return ja.activity(text);
    case 'municipality':
      return municipalityName(registry, text) ?? text;
    case 'dispatched_by':
    case 'association':
      return nameOf(registry.associations, text) ?? text;
    default:
      return text;
  }
}

export function authorText(registry: Registry, own: string, author: Author): string {
  const device = author.device === null || author.device === own ? ja.thisTablet : deviceName(registry, author.device);
  return ja.conflict.by(personName(registry, author.by), device, author.at === null ? '' : clock(author.at, new Date()));
}

/** One of several values: what it is, whose, and the way to take it. */
export function Choice({ text, by, choose }: { readonly text: string; readonly by: string; readonly choose: () => unknown }): ReactNode {
  return (
    <li className="flex flex-col gap-2 rounded-8 border border-line bg-surface p-3">
      <b className="text-[1.125rem]">{text}</b>
      <span className="text-[0.875rem] text-muted">{by}</span>
      <Button onPress={choose}>{ja.conflict.choose(text)}</Button>
    </li>
  );
}

export function Conflict({ field, label }: { readonly field: FieldName; readonly label: string }): ReactNode {
  const { view, set } = useEditor();
  const { registry, stage } = useSnapshot();
  const own = stage.stage === 'ready' ? stage.identity.device : '';
  const alternatives = view.fields[field]?.alternatives ?? [];
  if (alternatives.length === 0) return null;
  const values = new Set(alternatives.map((alternative) => alternative.value)).size;
  const title = values === 2 ? ja.conflict.title(label) : ja.conflict.many(label, values);
  return (
    <section aria-label={title} className="col-span-full rounded-12 border border-wait-line bg-wait-soft p-4">
      <h3 className="text-[1rem] text-wait">{title}</h3>
      <p className="text-[0.9375rem]">{ja.conflict.help}</p>
      <ul className="mt-3 grid gap-3 sm:grid-cols-2">
        {alternatives.map((alternative, index) => {
          const text = valueText(registry, field, alternative.value);
          return (
            <Choice key={`${index} ${alternative.value}`} text={text} by={authorText(registry, own, alternative)} choose={() => set(field, alternative.value, label)} />
          );
        })}
      </ul>
    </section>
  );
}
