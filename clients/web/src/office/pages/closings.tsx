// The months of a year: which are closed, what is missing before closing one, and what has changed since.

import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { useHub, useLive } from '../api/live';
import { type ClosingMonth, closings, nothing } from '../api/proof';
import { eraMoment, monthName } from '../format';
import { Loaded, problemText, useTitle } from '../parts/frame';
import { PrintButton } from '../parts/print';
import { useYear } from '../parts/year';
import { WaysOut } from '../parts/ways-out';

const text = office.closings;

function Close({ month, end }: { readonly month: ClosingMonth; readonly end: (closed: boolean) => void }): ReactNode {
  const { api } = useHub();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const close = async (): Promise<void> => {
    setBusy(true);
    const answer = await api.post('/v1/closings', { month: month.month }, nothing);
    setBusy(false);
    if (answer.ok) end(true);
    else setProblem(problemText(answer.problem));
  };
  return (
    <Sheet title={text.closeTitle(monthName(month.month))} open onClose={() => end(false)}>
      <p>{text.closeNote}</p>
      {month.reports_missing > 0 && <p className="rounded-8 bg-wait-soft px-4 py-2 font-bold text-wait">{text.missingWarning(month.reports_missing)}</p>}
      <WaysOut problem={problem} leave={() => end(false)}>
        <Button look="primary" isDisabled={busy} onPress={() => close()}>{text.closeNow}</Button>
      </WaysOut>
    </Sheet>
  );
}

function Row({ month, mayClose, choose }: { readonly month: ClosingMonth; readonly mayClose: boolean; readonly choose: () => void }): ReactNode {
  return (
    <tr>
      <th scope="row" className="whitespace-nowrap">{monthName(month.month)}</th>
      <td>
        {month.closed === null
          ? <span className="text-muted">{month.ended ? text.open : text.running}</span>
          : <>{text.closed}<span className="block text-[0.875rem] text-muted">{eraMoment(month.closed.at)}　{month.closed.by.name}</span></>}
      </td>
      <td className="fig">{month.reports_missing > 0 ? <Link href={`/records?${month.reports_missing_records}`} className="link">{text.count(month.reports_missing)}</Link> : <span className="text-muted">{text.noneMissing}</span>}</td>
      <td className="fig">
        {month.closed !== null && (month.corrections > 0 ? <Link href={`/closings/${month.month}`} className="link">{text.count(month.corrections)}</Link> : <span className="text-muted">{text.noCorrections}</span>)}
      </td>
      {mayClose && <td className="whitespace-nowrap">{month.closed === null && month.ended && <Button onPress={choose}>{text.close}</Button>}</td>}
    </tr>
  );
}

export function ClosingsPage(): ReactNode {
  const [query, chooseYear] = useYear();
  const live = useLive(`/v1/closings${query}`, closings);
  const [chosen, setChosen] = useState<ClosingMonth | null>(null);
  useTitle(text.title);
  return (
    <Loaded live={live}>
      {(page) => (
        <>
          <header>
            <div className="flex flex-wrap items-center justify-between gap-3">
            <h1 className="flex flex-wrap items-center gap-x-4 gap-y-1 text-[1.75rem] leading-130">
              {text.title}
              <select aria-label={office.year.label} className="min-h-11 rounded-8 border border-line-strong bg-surface px-3 text-[1.125rem] font-bold hover:border-ink" value={page.fiscal_year} onChange={(event) => chooseYear(Number(event.target.value))}>
                {page.fiscal_years.map((one) => <option key={one} value={one}>{office.year.name(one)}</option>)}
              </select>
              <span aria-hidden="true" className="print-only hidden">{office.year.name(page.fiscal_year)}</span>
            </h1>
            <PrintButton />
            </div>
            <p className="mt-1 text-[#4d4d4d]">{text.lead}</p>
          </header>
          <div className="scroll">
            <table>
              <caption className="sr-only">{text.title}</caption>
              <thead><tr><th scope="col">{text.month}</th><th scope="col">{text.state}</th><th scope="col" className="fig">{text.missing}</th><th scope="col" className="fig">{text.corrections}</th>{page.may_close && <th scope="col" className="acts"><span className="sr-only">{text.close}</span></th>}</tr></thead>
              <tbody>{page.months.map((month) => <Row key={month.month} month={month} mayClose={page.may_close} choose={() => setChosen(month)} />)}</tbody>
            </table>
          </div>
          {chosen !== null && (
            <Close month={chosen} end={(closed) => {
              setChosen(null);
              if (closed) live.again();
            }} />
          )}
        </>
      )}
    </Loaded>
  );
}
