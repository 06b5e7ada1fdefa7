// Tablets: which there are, codes that register them, the end of one that was lost, and a lost PIN.

import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { isClockWrong } from '../../core/clock';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { Failure } from '../../ui/failure';
import { type Holder, type Tablet, type TabletPage, tabletDetail, tabletPage } from '../api/devices';
import { useHub, useLive } from '../api/live';
import { nothing } from '../api/proof';
import { eraDate, eraLastDay, eraMoment } from '../format';
import { Panel } from '../parts/figures';
import { Loaded, PageHead, problemText, useTitle } from '../parts/frame';
import { PinReset } from '../parts/pin-code';
import { PrintButton } from '../parts/print';
import { TabletCode } from '../parts/tablet-code';
import { WaysOut } from '../parts/ways-out';

const text = office.devices;

type Pass = NonNullable<Tablet['pass']>;

const titleOf = (pass: Pass): string => pass.title ?? office.records.untitled;

/** Said of a clock that is wrong. */
function wrongClock(tablet: Tablet): string | null {
  const offset = tablet.clock_offset_ms ?? 0;
  return isClockWrong(offset) ? text.clock(ja.clock.span(offset)) : null;
}

/** Registered by somebody who may no longer have it. */
const isOrphan = (tablet: Tablet): boolean => tablet.holder_gone && tablet.pass === null && tablet.revoked_at === null;

/** Two devices go on under one name. */
const isCopied = (tablet: Tablet): boolean => tablet.copied_at !== null && tablet.revoked_at === null;

/** In use, ended by a person, without its person, or over. */
function stateOf(tablet: Tablet, now: number): ReactNode {
  if (tablet.revoked_at !== null) return <b className="text-danger">{tablet.pass === null ? text.revoked : text.passEnded}</b>;
  if (isOrphan(tablet)) return <b className="text-wait">{text.holderGone}</b>;
  if (isCopied(tablet)) return <b className="text-wait">{text.copied}</b>;
  return tablet.pass !== null && tablet.pass.ends_at <= now ? text.passEnded : text.inUse;
}

function Warning({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className="rounded-12 border border-wait-line bg-wait-soft px-5 py-4 text-wait">{children}</div>;
}

function Orphaned(): ReactNode {
  return (
    <Warning>
      <p className="font-bold">{text.holderGone}</p>
      <p>{text.holderGoneNote}</p>
    </Warning>
  );
}

function Copied({ since }: { readonly since: string | null }): ReactNode {
  return (
    <Warning>
      <p className="font-bold">{since === null ? text.copiedSome : text.copiedSince(since)}</p>
      <p>{text.copiedNote}</p>
    </Warning>
  );
}

function Rows({ page, tablets, caption }: { readonly page: TabletPage; readonly tablets: readonly Tablet[]; readonly caption: string }): ReactNode {
  return (
    <div className="scroll">
      <table>
        <caption className="sr-only">{caption}</caption>
        <thead><tr><th scope="col">{text.name}</th><th scope="col">{text.person}</th><th scope="col">{text.seen}</th><th scope="col">{text.state}</th><th scope="col" className="fig">{text.held}</th></tr></thead>
        <tbody>
          {tablets.map((one) => (
            <tr key={one.device}>
              <th scope="row"><Link href={`/devices/${one.device}`} className="link">{one.name}</Link>{one.pass !== null && <span className="block text-[0.875rem] font-normal text-muted">{text.passOf(titleOf(one.pass), eraLastDay(one.pass.ends_at))}</span>}</th>
              <td>{one.person.name}<span className="block text-[0.875rem] text-muted">{office.role(one.role)}</span></td>
              <td className="whitespace-nowrap">{one.last_seen_at === null ? text.never : eraMoment(one.last_seen_at)}{wrongClock(one) !== null && <b className="block text-[0.875rem] text-wait">{wrongClock(one)}</b>}</td>
              <td>{stateOf(one, page.as_of)}</td>
              <td className="fig">{one.held > 0 ? <Link href="/custody" className="link">{text.count(one.held)}</Link> : text.none}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function DevicesPage(): ReactNode {
  const live = useLive('/v1/devices', tabletPage);
  const [adding, setAdding] = useState(false);
  useTitle(text.title);
  return (
    <Loaded live={live}>
      {(page) => {
        const [own, passes] = [page.tablets.filter((one) => one.pass === null), page.tablets.filter((one) => one.pass !== null)];
        return (
          <>
            <PageHead title={text.title} lead={text.lead}>
              {page.holders.length > 0 && <Button look="primary" onPress={() => setAdding(true)}>{text.add}</Button>}
            </PageHead>
            {own.some(isOrphan) && <Orphaned />}
            {page.tablets.some(isCopied) && <Copied since={null} />}
            {own.length === 0 ? <p className="text-muted">{text.empty}</p> : <Rows page={page} tablets={own} caption={text.title} />}
            {passes.length > 0 && (
              <section className="flex flex-col gap-3">
                <h2 className="text-[1.25rem]">{text.passes}</h2>
                <p className="text-[#4d4d4d]">{text.passesLead}</p>
                <Rows page={page} tablets={passes} caption={text.passes} />
              </section>
            )}
            {adding && <TabletCode holders={page.holders} tablet={null} end={() => { setAdding(false); live.again(); }} />}
          </>
        );
      }}
    </Loaded>
  );
}

function Acts({ tablet, holders, done }: { readonly tablet: Tablet; readonly holders: readonly Holder[]; readonly done: () => void }): ReactNode {
  const { device, name } = tablet;
  const isPass = tablet.pass !== null;
  const { api } = useHub();
  const [asking, setAsking] = useState(false);
  const [giving, setGiving] = useState<'again' | 'pin' | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const revoke = async (): Promise<void> => {
    const answer = await api.post(`/v1/devices/${device}/${isPass ? 'pass-end' : 'revocation'}`, {}, nothing);
    setAsking(false);
    if (answer.ok) done();
    else setProblem(problemText(answer.problem));
  };
  return (
    <>
      <div className="flex flex-wrap gap-3">
        {!isPass && holders.length > 0 && <Button onPress={() => setGiving('again')}>{text.again.open}</Button>}
        {tablet.recoverable && <Button onPress={() => setGiving('pin')}>{text.pin.open}</Button>}
        {tablet.may_revoke && <Button onPress={() => setAsking(true)}>{isPass ? text.passEnd : text.revoke}</Button>}
      </div>
      <Failure look="line" text={problem} />
      {asking && (
        <Sheet title={isPass ? text.passEndTitle(name) : text.revokeTitle(name)} open onClose={() => setAsking(false)}>
          <p>{isPass ? text.passEndNote : text.revokeNote}</p>
          <WaysOut problem={null} leave={() => setAsking(false)}>
            <Button look="primary" onPress={() => revoke()}>{isPass ? text.passEnd : text.revoke}</Button>
          </WaysOut>
        </Sheet>
      )}
      {giving === 'again' && <TabletCode holders={holders} tablet={tablet} end={() => { setGiving(null); done(); }} />}
      {giving === 'pin' && <PinReset holders={holders} tablet={tablet} end={() => setGiving(null)} />}
    </>
  );
}

function passText(tablet: Tablet, pass: Pass, now: number): string {
  if (tablet.revoked_at !== null) return text.passRevoked(eraMoment(tablet.revoked_at));
  return pass.ends_at <= now ? text.passOver(eraLastDay(pass.ends_at)) : text.passLeft(eraLastDay(pass.ends_at));
}

export function DevicePage({ device }: { readonly device: string }): ReactNode {
  const live = useLive(`/v1/devices/${device}`, tabletDetail);
  useTitle(text.title);
  return (
    <Loaded live={live}>
      {({ tablet, own_records: own, holders, as_of: now }) => (
        <>
          <header>
            <Link href="/devices" className="link no-print inline-block py-2 text-[0.9375rem]">{text.back}</Link>
            <div className="flex flex-wrap items-center justify-between gap-3">
              <h1 className="text-[1.75rem] leading-130">{tablet.name}</h1>
              <PrintButton />
            </div>
            <p className="mt-1 text-[#4d4d4d]">{tablet.person.name}（{office.role(tablet.role)}）　{text.enrolled(eraMoment(tablet.enrolled_at))}</p>
          </header>
          {tablet.revoked_at !== null && tablet.pass === null && <Warning><p className="font-bold">{text.revokedAt(eraMoment(tablet.revoked_at))}</p></Warning>}
          {isOrphan(tablet) && <Orphaned />}
          {isCopied(tablet) && <Copied since={eraMoment(tablet.copied_at ?? 0)} />}
          {tablet.pass !== null && (
            <Panel title={text.passSession}>
              <p><Link href={`/records/${tablet.pass.document}`} className="link">{titleOf(tablet.pass)}</Link>　{tablet.pass.date === null ? '' : eraDate(tablet.pass.date)}</p>
              <p className="mt-1">{passText(tablet, tablet.pass, now)}</p>
            </Panel>
          )}
          <Acts tablet={tablet} holders={holders} done={live.again} />
          <Panel title={text.unsent}>
            <p>{tablet.last_seen_at === null ? text.never : text.lastSeen(eraMoment(tablet.last_seen_at))}</p>
            {wrongClock(tablet) !== null && <p className="font-bold text-wait">{wrongClock(tablet)}。{text.clockNote}</p>}
            {tablet.held > 0 && <p><Link href="/custody" className="link">{text.heldNote(tablet.held)}</Link></p>}
          </Panel>
          <Panel title={text.own} side={<span className="text-[0.875rem] text-muted">{text.count(own.length)}</span>}>
            <p className="text-muted">{text.ownNote}</p>
            {own.length > 0 && (
              <ul>
                {own.map((one) => <li key={one.document}><Link href={`/records/${one.document}`} className="link">{one.title ?? office.records.untitled}</Link>{one.date !== null && <span className="text-muted">　{eraDate(one.date)}</span>}</li>)}
              </ul>
            )}
          </Panel>
        </>
      )}
    </Loaded>
  );
}
