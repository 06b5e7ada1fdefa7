// What tablets brought back after the server had lost it, and what is still waited for.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { useLive } from '../api/live';
import { healing } from '../api/proof';
import { eraMoment } from '../format';
import { Panel } from '../parts/figures';
import { Loaded, PageHead, useTitle } from '../parts/frame';

const text = office.healing;

export function HealingPage(): ReactNode {
  const live = useLive('/v1/healing', healing);
  useTitle(text.title);
  return (
    <>
      <PageHead title={text.title} lead={text.lead} />
      <Loaded live={live}>
        {(page) => (
          <>
            {page.damaged.length > 0 && (
              <section className="rounded-12 border border-wait-line bg-wait-soft px-5 py-4">
                <h2 className="text-[1.125rem] text-wait">{text.damaged(page.damaged.length)}</h2>
                <p className="mt-1 text-[0.9375rem]">{text.damagedNote}</p>
                <ul className="mt-2 text-[0.9375rem]">
                  {page.damaged.map((one) => (
                    <li key={one.document}><Link href={`/records/${one.document}`} className="link">{one.title ?? office.records.untitled}</Link>　{text.foundAt(eraMoment(one.found_at))}</li>
                  ))}
                </ul>
              </section>
            )}
            <Panel title={text.back} side={<span className="text-[0.875rem] text-muted">{text.sum(page.changes)}</span>}>
              {page.entries.length === 0 ? <p className="text-muted">{text.empty}</p> : (
                <div className="scroll">
                  <table>
                    <caption className="sr-only">{text.back}</caption>
                    <thead><tr><th scope="col">{text.at}</th><th scope="col">{text.device}</th><th scope="col" className="fig">{text.documents}</th><th scope="col" className="fig">{text.changes}</th></tr></thead>
                    <tbody>
                      {page.entries.map((entry) => (
                        <tr key={`${entry.device.id} ${entry.at}`}>
                          <td className="whitespace-nowrap">{eraMoment(entry.at)}</td>
                          <td>{entry.device.name}</td>
                          <td className="fig">{text.documentCount(entry.documents)}</td>
                          <td className="fig">{text.changeCount(entry.changes)}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
            </Panel>
          </>
        )}
      </Loaded>
    </>
  );
}
