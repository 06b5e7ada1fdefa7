// What has changed in a month since it was closed: as reported, as now, and the records behind.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { useLive } from '../api/live';
import { corrections } from '../api/proof';
import { eraDate, eraMoment, monthName } from '../format';
import { CorrectionTable } from '../parts/corrections';
import { Panel } from '../parts/figures';
import { Loaded, useTitle } from '../parts/frame';
import { recordTitle } from '../parts/record-parts';

const text = office.corrections;

function fiscalYearOf(month: string): number {
  const [year = '', number = ''] = month.split('-');
  return Number(number) < 4 ? Number(year) - 1 : Number(year);
}

export function CorrectionsPage({ month }: { readonly month: string }): ReactNode {
  const live = useLive(`/v1/corrections?month=${encodeURIComponent(month)}`, corrections);
  const name = `${office.year.name(fiscalYearOf(month))} ${monthName(month)}`;
  useTitle(text.title(name));
  return (
    <>
      <header>
        <Link href="/closings" className="link no-print inline-block py-2 text-[0.9375rem]">{text.back}</Link>
        <h1 className="text-[1.75rem] leading-130">{text.title(name)}</h1>
      </header>
      <Loaded live={live}>
        {(page) => page.closed === null ? <p className="py-6 text-muted">{text.open}</p> : (
          <>
            <p className="text-[#4d4d4d]">{text.lead(eraMoment(page.closed.at), page.closed.by.name)}</p>
            <Panel title={text.figures}>{page.corrections.length === 0 ? <p className="text-muted">{text.none}</p> : <CorrectionTable corrections={page.corrections} />}</Panel>
            <Panel title={text.records}>
              {page.records.length === 0 ? <p className="text-muted">{text.noRecords}</p> : (
                <ul className="flex flex-col gap-1 text-[0.9375rem]">
                  {page.records.map((record) => (
                    <li key={record.document}>
                      <Link href={`/records/${record.document}`} className="link">{recordTitle({ ...record, occasion: null, kind: 'session' })}</Link>
                      <span className="text-muted">　{[record.date === null ? null : eraDate(record.date), record.municipality?.name ?? null, record.venue].filter((part) => part !== null).join('　')}</span>
                    </li>
                  ))}
                </ul>
              )}
            </Panel>
          </>
        )}
      </Loaded>
    </>
  );
}
