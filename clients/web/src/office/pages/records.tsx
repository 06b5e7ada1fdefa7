// The records behind a figure: the address holds the conditions, each of which can be taken away.

import { type ReactNode, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { useLive } from '../api/live';
import { recordPage, type RecordPage as Page } from '../api/shapes';
import { CONDITIONS, conditionsOf } from '../parts/conditions';
import { Download } from '../parts/download';
import { Loaded, useTitle } from '../parts/frame';
import { RecordTable } from '../parts/record-parts';
import { useNames } from '../parts/names';

const text = office.records;
const STEP = 100;
const MOST = 500;

function Chip({ label, remove }: { readonly label: string; readonly remove: () => void }): ReactNode {
  return (
    <li className="inline-flex min-h-9 items-center rounded-8 border border-line bg-sunken pl-3 text-[0.9375rem]">
      {label}
      <Button look="quiet" className="no-print ml-1 min-h-9 px-3" aria-label={text.remove(label)} onPress={remove}>×</Button>
    </li>
  );
}

function List({ page, value, more }: { readonly page: Page; readonly value: string | undefined; readonly more: (() => void) | null }): ReactNode {
  if (page.records.length === 0) return <p className="py-6 text-muted">{text.empty}</p>;
  return (
    <>
      <RecordTable caption={text.title} records={page.records} value={value} />
      {more !== null && <div className="no-print"><Button onPress={more}>{text.more}</Button></div>}
    </>
  );
}

export function RecordsPage({ mayExport }: { readonly mayExport: boolean }): ReactNode {
  const [search, setSearch] = useSearchParams();
  const [limit, setLimit] = useState(STEP);
  const names = useNames();
  useTitle(text.title);
  const query = new URLSearchParams([...search].filter(([name]) => CONDITIONS.includes(name)));
  const conditions = query.toString();
  query.set('limit', String(limit));
  const live = useLive(`/v1/records?${query.toString()}`, recordPage);
  const without = (name: string): void => {
    const next = new URLSearchParams(search);
    next.delete(name);
    setLimit(STEP);
    setSearch(next);
  };
  const chips = conditionsOf(search, names);
  const measure = search.get('measure');
  const value = measure === null || measure === 'attendance' ? undefined : office.measure(measure, names.material);
  return (
    <>
      <header className="flex flex-wrap items-baseline gap-x-4">
        <h1 className="text-[1.75rem] leading-130">{text.title}</h1>
        {live.value !== null && <p aria-live="polite" className="text-[1.125rem] font-bold tabular-nums">{text.count(live.value.total)}</p>}
        {mayExport && <span className="ml-auto"><Download path={`/v1/records.csv?${conditions}`}>{text.csv}</Download></span>}
      </header>
      {chips.length > 0 && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <ul aria-label={text.filters} className="flex flex-wrap gap-2">{chips.map((chip) => <Chip key={chip.name} label={chip.label} remove={() => without(chip.name)} />)}</ul>
          <Link href="/records" className="link no-print py-2 text-[0.9375rem]">{text.clear}</Link>
        </div>
      )}
      <Loaded live={live}>
        {(page) => <List page={page} value={value} more={page.total > page.records.length && limit < MOST ? () => setLimit(Math.min(MOST, limit + STEP)) : null} />}
      </Loaded>
    </>
  );
}
