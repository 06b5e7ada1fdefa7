// The records behind a figure: the address holds the conditions, each of which can be taken away.

import { type ReactNode, useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { type NextPath, usePages } from '../api/pages';
import { recordPage, type RecordPage as Page } from '../api/shapes';
import { useAnnounced } from '../parts/announce';
import { CONDITIONS, conditionsOf } from '../parts/conditions';
import { Download } from '../parts/download';
import { Loaded, useTitle } from '../parts/frame';
import { More } from '../parts/more';
import { PrintButton } from '../parts/print';
import { RecordTable } from '../parts/record-parts';
import { useNames } from '../parts/names';

const text = office.records;
/** Records of the first page, and of each that follows. */
const [FIRST, FURTHER] = [100, 500] as const;

function Chip({ label, remove }: { readonly label: string; readonly remove: () => void }): ReactNode {
  return (
    <li className="inline-flex min-h-9 items-center rounded-8 border border-line bg-sunken pl-3 text-[0.9375rem] print:pr-3">
      {label}
      <Button look="quiet" className="no-print ml-1 min-h-9 px-3" aria-label={text.remove(label)} onPress={remove}>×</Button>
    </li>
  );
}

function Total({ words }: { readonly words: string }): ReactNode {
  useAnnounced(`${text.title} ${words}`);
  return <p className="text-[1.125rem] font-bold tabular-nums">{words}</p>;
}

function nextRecords(conditions: string): NextPath<Page> {
  return (pages) => {
    const last = pages.at(-1);
    if (last === undefined) return `/v1/records?limit=${FIRST}&${conditions}`;
    const offset = pages.reduce((sum, page) => sum + page.records.length, 0);
    return last.records.length === 0 || offset >= last.total ? null : `/v1/records?limit=${FURTHER}&offset=${offset}&${conditions}`;
  };
}

/** A record that moved while the pages were read may be on two of them. */
function recordsOf(pages: readonly Page[]): Page['records'] {
  return [...new Map(pages.flatMap((page) => page.records).map((record) => [record.document, record])).values()];
}

export function RecordsPage({ mayExport }: { readonly mayExport: boolean }): ReactNode {
  const [search, setSearch] = useSearchParams();
  const names = useNames();
  useTitle(text.title);
  const conditions = new URLSearchParams([...search].filter(([name]) => CONDITIONS.includes(name))).toString();
  const live = usePages(useMemo(() => nextRecords(conditions), [conditions]), recordPage);
  const total = live.value?.at(-1)?.total;
  const without = (name: string): void => {
    const next = new URLSearchParams(search);
    next.delete(name);
    setSearch(next);
  };
  const chips = conditionsOf(search, names);
  const measure = search.get('measure');
  const value = measure === null || measure === 'attendance' ? undefined : office.measure(measure, names.material);
  return (
    <>
      <header className="flex flex-wrap items-baseline gap-x-4">
        <h1 className="text-[1.75rem] leading-130">{text.title}</h1>
        {total !== undefined && <Total words={text.count(total)} />}
        <div className="ml-auto flex flex-wrap gap-3">
          <PrintButton pages={live} />
          {mayExport && <Download path={`/v1/records.csv?${conditions}`}>{text.csv}</Download>}
        </div>
      </header>
      {chips.length > 0 && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <ul aria-label={text.filters} className="flex flex-wrap gap-2">{chips.map((chip) => <Chip key={chip.name} label={chip.label} remove={() => without(chip.name)} />)}</ul>
          <Link href="/records" className="link no-print py-2 text-[0.9375rem]">{text.clear}</Link>
        </div>
      )}
      <Loaded live={live}>
        {(pages) => {
          const records = recordsOf(pages);
          if (records.length === 0) return <p className="py-6 text-muted">{text.empty}</p>;
          return (
            <>
              <RecordTable caption={text.title} records={records} value={value} />
              <More live={live} shown={office.pages.shown(records.length)} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}
