// What came from tablets and could not be let in. Reading only.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { useLive } from '../api/live';
import { custody } from '../api/shapes';
import { eraDate, eraMoment } from '../format';
import { Loaded, useTitle } from '../parts/frame';

const text = office.custody;

export function CustodyPage(): ReactNode {
  const live = useLive('/v1/custody', custody);
  useTitle(text.title);
  return (
    <>
      <header>
        <h1 className="text-[1.75rem] leading-130">{text.title}</h1>
        <p className="mt-1 text-[#4d4d4d]">{text.lead}</p>
      </header>
      <Loaded live={live}>
        {(page) => page.entries.length === 0 ? <p className="py-6 text-muted">{text.empty}</p> : (
          <div className="scroll">
            <table>
              <caption className="sr-only">{text.title}</caption>
              <thead><tr><th scope="col">{text.received}</th><th scope="col">{text.what}</th><th scope="col">{text.reason}</th><th scope="col">{text.device}</th><th scope="col" className="fig">{text.size}</th></tr></thead>
              <tbody>
                {page.entries.map((entry) => (
                  <tr key={`${entry.device.id}-${entry.hash}-${entry.document}`}>
                    <td className="whitespace-nowrap">{eraMoment(entry.received_at)}</td>
                    <td>
                      {entry.title === null && entry.venue === null && entry.date === null
                        ? text.unknownRecord(office.kind(entry.kind))
                        : <Link href={`/records/${entry.document}`} className="link">{entry.title ?? office.records.untitled}</Link>}
                      {(entry.date !== null || entry.venue !== null) && <span className="block text-[0.875rem] text-muted">{[entry.date === null ? null : eraDate(entry.date), entry.venue].filter((part) => part !== null).join('　')}</span>}
                    </td>
                    <td>{office.custodyReason(entry.code)}</td>
                    <td>{entry.device.name}</td>
                    <td className="fig">{text.bytes(entry.byte_count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </>
  );
}
