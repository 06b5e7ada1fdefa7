// 基本: when, what, where, for whom, by whom.

import { type ReactNode, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { useReady, useSnapshot } from '../../core/hooks';
import { ACTIVITIES, type FieldName } from '../../core/records';
import { longDate, oddDate, todayIso } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { Card } from '../../ui/card';
import { Chips } from '../../ui/chips';
import { SelectInput, SHOWN_MS, TextInput } from '../../ui/field';
import { recordPlace, recordTitle } from '../../ui/record-row';
import { ValueInput } from '../../ui/value-box';
import { type Reading, readDate, readTime } from '../../i18n/values';
import { AUDIENCES } from './attendance';
import { Conflict } from './conflict';
import { duplicatesOf } from './duplicates';
import { useEditor, useField } from './editor';
import { Lecturers } from './lecturers';

const OTHER = '*';

function Occasion(): ReactNode {
  const { set } = useEditor();
  const occasion = useField('occasion');
  const known = ja.basic.occasions.includes(occasion);
  const [other, setOther] = useState(false);
  const chosen = known && !other ? occasion : occasion !== '' || other ? OTHER : null;
  return (
    <>
      <div className="col-span-full">
        <Chips
          label={ja.basic.occasion}
          value={chosen}
          options={[...ja.basic.occasions.map((name) => ({ value: name, label: name })), { value: OTHER, label: ja.basic.occasionOther }]}
          onChange={(value) => {
            setOther(value === OTHER);
            if (value !== OTHER) set('occasion', value, ja.basic.occasion);
          }}
        />
      </div>
      {chosen === OTHER && (
        <TextInput className="col-span-full" label={ja.basic.occasionText} value={known ? '' : occasion} onKeep={(text) => set('occasion', text, ja.basic.occasion)} />
      )}
      <Conflict field="occasion" label={ja.basic.occasion} />
    </>
  );
}

function Duplicates(): ReactNode {
  const { view } = useEditor();
  const { entries, registry } = useSnapshot();
  const place = { document: view.document, date: useField('date'), municipality: useField('municipality'), venue: useField('venue') };
  const others = duplicatesOf(place, entries.values());
  if (others.length === 0) return null;
  return (
    <section aria-label={ja.basic.duplicate} className="rounded-12 border border-wait-line bg-wait-soft p-4">
      <h2 className="text-[1rem] text-wait">{ja.basic.duplicate}</h2>
      <p className="text-[0.9375rem]">{ja.basic.duplicateHelp}</p>
      {others.map((entry) => (
        <p key={entry.document} className="mt-3 flex flex-wrap items-center justify-between gap-3 rounded-8 border border-line bg-surface p-3">
          <span>
            <b>{recordTitle(entry)}</b>
            <br />
            <span className="text-[0.875rem] text-muted">{[entry.start, recordPlace(entry, registry)].filter((part) => part !== null).join(ja.separator)}</span>
          </span>
          <Link href={`/session/${entry.document}`} className="inline-flex min-h-11 items-center rounded-8 border border-accent-ink bg-surface px-4 font-bold text-accent-ink">{ja.basic.openOther}</Link>
        </p>
      ))}
    </section>
  );
}

/** What to look at again in a date. */
function OddDateNote({ date }: { readonly date: string }): ReactNode {
  const odd = oddDate(date, todayIso(new Date()));
  return odd !== null && <p className="font-bold text-wait">{ja.basic.oddDate[odd]}</p>;
}

/** From when to when. Each is judged beside the other as it was last kept, also before the record shows that. */
function Times(): ReactNode {
  const { set } = useEditor();
  const stored = { start: useField('start'), end: useField('end') };
  const kept = useRef<{ start?: string; end?: string }>({});
  const beside = (): typeof stored => ({ ...stored, ...kept.current });
  const keep = (field: 'start' | 'end') => async (time: string): Promise<void> => {
    kept.current = { ...kept.current, [field]: time };
    const mine = kept.current;
    await set(field, time, ja.basic[field]);
    setTimeout(() => {
      if (kept.current === mine) kept.current = {};
    }, SHOWN_MS);
  };
  const box = (field: 'start' | 'end', read: (time: string) => Reading<string>): ReactNode => (
    <ValueInput type="time" label={ja.basic[field]} stored={stored[field]} read={read} keep={keep(field)} clear={() => keep(field)('')} />
  );
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(min(8rem,100%),1fr))] gap-3">
      {box('start', (time) => readTime(time, { end: beside().end }))}
      {box('end', (time) => readTime(time, { start: beside().start }))}
    </div>
  );
}

export function Basic(): ReactNode {
  const { set } = useEditor();
  const { identity } = useReady();
  const { registry, entries } = useSnapshot();
  const date = useField('date');
  const activity = useField('activity');
  const municipality = useField('municipality');
  const audience = useField('audience');
  const keep = (field: FieldName, label: string) => (value: string): Promise<boolean> => set(field, value, label);

  const venues = useMemo(() => [...new Set([...entries.values()].flatMap((entry) => (entry.venue === null ? [] : [entry.venue])))].slice(0, 100), [entries]);
  const municipalities = useMemo(() => {
    const own = new Set(identity.scopes.filter((scope) => scope.startsWith('municipality:')).map((scope) => scope.slice('municipality:'.length)));
    const option = (item: (typeof registry.municipalities)[number]): { value: string; label: string } => ({ value: item.code, label: item.name });
    const mine = registry.municipalities.filter((item) => own.has(item.code));
    const areas = new Map<string, { value: string; label: string }[]>();
    for (const item of registry.municipalities) {
      if (own.has(item.code)) continue;
      areas.set(item.medical_area, [...(areas.get(item.medical_area) ?? []), option(item)]);
    }
    const groups = [...areas].map(([label, options]) => ({ label: label === '' ? ja.basic.otherAreas : label, options }));
    return mine.length === 0 ? groups : [{ label: ja.basic.ownArea, options: mine.map(option) }, ...groups];
  }, [identity, registry]);

  return (
    <>
      <Duplicates />
      <Card className="grid gap-x-5 gap-y-6 p-5 sm:grid-cols-2">
        <ValueInput type="date" label={ja.basic.date} note={longDate(date)} stored={date} read={readDate} keep={keep('date', ja.basic.date)}>
          <OddDateNote date={date} />
        </ValueInput>
        <Times />
        <Conflict field="date" label={ja.basic.date} />
        <Conflict field="start" label={ja.basic.start} />
        <Conflict field="end" label={ja.basic.end} />

        <div className="col-span-full">
          <Chips
            label={ja.basic.activity}
            value={activity === '' ? null : activity}
            options={ACTIVITIES.map((code) => ({ value: code, label: ja.activity(code) }))}
            onChange={keep('activity', ja.basic.activity)}
          />
        </div>
        <Conflict field="activity" label={ja.basic.activity} />
        <Occasion />

        <TextInput label={ja.basic.venue} value={useField('venue')} suggestions={venues} onKeep={keep('venue', ja.basic.venue)} />
        <SelectInput label={ja.basic.municipality} value={municipality} empty={ja.basic.choose} groups={municipalities} onKeep={keep('municipality', ja.basic.municipality)} />
        <Conflict field="venue" label={ja.basic.venue} />
        <Conflict field="municipality" label={ja.basic.municipality} />

        <TextInput className="col-span-full" label={ja.basic.title} help={ja.basic.titleHelp} value={useField('title')} onKeep={keep('title', ja.basic.title)} />
        <Conflict field="title" label={ja.basic.title} />

        <div className="col-span-full">
          <Chips
            label={ja.basic.audience}
            value={audience === '' ? null : audience}
            options={AUDIENCES.filter((code) => code !== 'unknown').map((code) => ({ value: ja.audience(code), label: ja.audience(code) }))}
            onChange={keep('audience', ja.basic.audience)}
          />
        </div>
        <Conflict field="audience" label={ja.basic.audience} />
        <Lecturers />
      </Card>
    </>
  );
}
