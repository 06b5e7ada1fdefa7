// What came from tablets and could not be let in: by tablet and record, those that wait first.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import { type NextPath, usePages } from '../api/pages';
import { type Custody, custody } from '../api/proof';
import { eraDate, eraMoment } from '../format';
import { Loaded, PageHead, useTitle } from '../parts/frame';
import { More } from '../parts/more';

const text = office.custody;

interface Bundle {
  readonly first: Custody['entries'][number];
  readonly codes: readonly string[];
  readonly waits: boolean;
}

/** All that one tablet sent for one record is one matter. */
function bundles(entries: Custody['entries']): readonly Bundle[] {
  const found = new Map<string, Bundle>();
  for (const entry of entries) {
    const key = `${entry.document} ${entry.device.id}`;
    const waits = entry.decision === null;
    const before = found.get(key);
    found.set(key, before === undefined
      ? { first: entry, codes: [entry.code], waits }
      : { ...before, codes: before.codes.includes(entry.code) ? before.codes : [...before.codes, entry.code], waits: before.waits || waits });
  }
  return [...found.values()];
}

const nextCustody: NextPath<Custody> = (pages) => {
  const last = pages.at(-1);
  if (last === undefined) return '/v1/custody';
  return last.next === null ? null : `/v1/custody?after=${encodeURIComponent(last.next)}`;
};

export function custodyPath(document: string, device: string): string {
  return `/custody/${encodeURIComponent(document)}/${encodeURIComponent(device)}`;
}

function Row({ bundle }: { readonly bundle: Bundle }): ReactNode {
  const { first } = bundle;
  const place = [first.date === null ? null : eraDate(first.date), first.venue].filter((part) => part !== null).join('　');
  const decision = first.decision;
  return (
    <tr>
      <td className="whole xl:whitespace-nowrap">{eraMoment(first.received_at)}</td>
      <td>
        <Link href={custodyPath(first.document, first.device.id)} className="link">{first.title ?? (place === '' ? text.unknownRecord(office.kind(first.kind)) : office.records.untitled)}</Link>
        {place !== '' && <span className="block text-[0.875rem] text-muted">{place}</span>}
      </td>
      <td>{bundle.codes.map((code) => <span key={code} className="block">{office.custodyReason(code)}</span>)}</td>
      <td className="min-w-24">{first.device.name}</td>
      <td>
        {bundle.waits
          ? <b className="rounded-4 bg-wait-soft px-2 whitespace-nowrap text-wait">{text.waiting}</b>
          : decision !== null && <><span className="xl:whitespace-nowrap">{text.decided(decision.decision)}</span><span className="block text-[0.875rem] text-muted">{decision.by.name}</span></>}
      </td>
    </tr>
  );
}

function List({ matters }: { readonly matters: readonly Bundle[] }): ReactNode {
  return (
    <div className="scroll">
      <table>
        <caption className="sr-only">{text.title}</caption>
        <thead><tr><th scope="col">{text.received}</th><th scope="col" className="w-1/3">{text.what}</th><th scope="col">{text.reason}</th><th scope="col">{text.device}</th><th scope="col">{text.state}</th></tr></thead>
        <tbody>{matters.map((bundle) => <Row key={`${bundle.first.document} ${bundle.first.device.id}`} bundle={bundle} />)}</tbody>
      </table>
    </div>
  );
}

export function CustodyPage(): ReactNode {
  const live = usePages(nextCustody, custody);
  useTitle(text.title);
  return (
    <>
      <PageHead title={text.title} lead={text.lead} pages={live} />
      <Loaded live={live}>
        {(pages) => {
          const matters = bundles(pages.flatMap((page) => page.entries));
          if (matters.length === 0) return <p className="py-6 text-muted">{text.empty}</p>;
          return (
            <>
              <List matters={matters} />
              <More live={live} shown={text.shown(matters.length, matters.filter((one) => one.waits).length)} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}
