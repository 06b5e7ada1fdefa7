// What has changed in a month since it was closed: as reported, as now, and the records behind.

import { type ReactNode, useMemo } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { type NextPath, usePages } from '../api/pages';
import { type ChangedRecord, type Corrections, corrections } from '../api/proof';
import { eraMoment, monthName } from '../format';
import { ChangedRecords, CorrectionTable } from '../parts/corrections';
import { Panel } from '../parts/figures';
import { Loaded, useTitle } from '../parts/frame';
import { More } from '../parts/more';
import { PrintButton } from '../parts/print';

const text = office.corrections;

function fiscalYearOf(month: string): number {
  const [year = '', number = ''] = month.split('-');
  return Number(number) < 4 ? Number(year) - 1 : Number(year);
}

function nextCorrections(month: string): NextPath<Corrections> {
  const first = `/v1/corrections?month=${encodeURIComponent(month)}`;
  return (pages) => {
    const last = pages.at(-1);
    if (last === undefined) return first;
    return last.more ? `${first}&offset=${pages.reduce((sum, page) => sum + page.records.length, 0)}` : null;
  };
}

/** A record that was written while the pages were read may be on two of them. */
function recordsOf(pages: readonly Corrections[]): readonly ChangedRecord[] {
  return [...new Map(pages.flatMap((page) => page.records).map((record) => [record.document, record])).values()];
}

export function CorrectionsPage({ month }: { readonly month: string }): ReactNode {
  const live = usePages(useMemo(() => nextCorrections(month), [month]), corrections);
  const name = `${office.year.name(fiscalYearOf(month))} ${monthName(month)}`;
  useTitle(text.title(name));
  return (
    <>
      <header>
        <Link href="/closings" className="link no-print inline-block py-2 text-[0.9375rem]">{text.back}</Link>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h1 className="text-[1.75rem] leading-130">{text.title(name)}</h1>
          <PrintButton pages={live} />
        </div>
      </header>
      <Loaded live={live}>
        {(pages) => {
          const [page] = pages;
          if (page === undefined || page.closed === null) return <p className="py-6 text-muted">{text.open}</p>;
          const records = recordsOf(pages);
          return (
            <>
              <p className="text-[#4d4d4d]">{text.lead(eraMoment(page.closed.at), page.closed.by.name)}</p>
              <Panel title={text.figures}>{page.corrections.length === 0 ? <p className="text-muted">{text.none}</p> : <CorrectionTable corrections={page.corrections} />}</Panel>
              <Panel title={text.records}>
                {records.length === 0 ? <p className="text-muted">{text.noRecords}</p> : (
                  <div className="flex flex-col gap-3">
                    <ChangedRecords records={records} />
                    <More live={live} shown={office.pages.shown(records.length)} />
                  </div>
                )}
              </Panel>
            </>
          );
        }}
      </Loaded>
    </>
  );
}
