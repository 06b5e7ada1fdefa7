// What came from tablets and could not be let in: by tablet and record, those that wait first.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { useLive } from '../api/live';
import { type Custody, custody } from '../api/proof';
import { eraDate, eraMoment } from '../format';
import { Loaded, PageHead, useTitle } from '../parts/frame';

const text = office.custody;

interface Bundle {
  readonly first: Custody['entries'][number];
  readonly codes: readonly string[];
  readonly waiting: number;
  readonly count: number;
}

/** All that one tablet sent for one record is one matter. */
function bundles(entries: Custody['entries']): readonly Bundle[] {
  const found = new Map<string, Bundle>();
  for (const entry of entries) {
    const key = `${entry.document} ${entry.device.id}`;
    const before = found.get(key);
    const waits = entry.decision === null ? 1 : 0;
    found.set(key, before === undefined
      ? { first: entry, codes: [entry.code], waiting: waits, count: 1 }
      : { ...before, codes: before.codes.includes(entry.code) ? before.codes : [...before.codes, entry.code], waiting: before.waiting + waits, count: before.count + 1 });
  }
  return [...found.values()];
}

export function custodyPath(document: string, device: string): string {
  return `/custody/${encodeURIComponent(document)}/${encodeURIComponent(device)}`;
}

function Row({ bundle }: { readonly bundle: Bundle }): ReactNode {
  const { first } = bundle;
  const place = [first.date === null ? null : eraDate(first.date), first.venue].filter((part) => part !== null).join('　');
  const decision = first.decision;
  return (
    <tr>
      <td className="whitespace-nowrap">{eraMoment(first.received_at)}</td>
      <td>
        <Link href={custodyPath(first.document, first.device.id)} className="link">{first.title ?? (place === '' ? text.unknownRecord(office.kind(first.kind)) : office.records.untitled)}</Link>
        {place !== '' && <span className="block text-[0.875rem] text-muted">{place}</span>}
      </td>
      <td>{bundle.codes.map((code) => <span key={code} className="block">{office.custodyReason(code)}</span>)}</td>
      <td>{first.device.name}</td>
      <td>
        {bundle.waiting > 0
          ? <b className="rounded-4 bg-wait-soft px-2 whitespace-nowrap text-wait">{text.waiting}</b>
          : decision !== null && <>{text.decided(decision.decision)}<span className="block text-[0.875rem] text-muted">{decision.by.name}</span></>}
      </td>
    </tr>
  );
}

export function CustodyPage(): ReactNode {
  const live = useLive('/v1/custody', custody);
  useTitle(text.title);
  return (
    <>
      <PageHead title={text.title} lead={text.lead} />
      <Loaded live={live}>
        {(page) => page.entries.length === 0 ? <p className="py-6 text-muted">{text.empty}</p> : (
          <div className="scroll">
            <table>
              <caption className="sr-only">{text.title}</caption>
              <thead><tr><th scope="col">{text.received}</th><th scope="col">{text.what}</th><th scope="col">{text.reason}</th><th scope="col">{text.device}</th><th scope="col">{text.state}</th></tr></thead>
              <tbody>{bundles(page.entries).map((bundle) => <Row key={`${bundle.first.document} ${bundle.first.device.id}`} bundle={bundle} />)}</tbody>
            </table>
          </div>
        )}
      </Loaded>
    </>
  );
}
