// How safe a record is, in words; and the pill that is always in sight: what is not on the server yet, when it last agreed.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useCertain, useReady } from '../core/hooks';
import type { Entry, SaveState } from '../core/records';
import { clock } from '../i18n/dates';
import { ja } from '../i18n/ja';

const TONE: Record<SaveState, string> = { saved: 'text-wait', sent: 'text-accent-ink', agreed: 'text-ok', held: 'text-wait', declined: 'text-wait' };

export function RecordState({ entry }: { readonly entry: Entry }): ReactNode {
  const certain = useCertain();
  const [first, second] = ja.saveState(entry.save_state);
  if (!certain) return <p className="ml-auto text-right text-[0.875rem] leading-150 font-bold text-wait">{ja.pill.unknown}</p>;
  const agreed = entry.save_state === 'agreed' && entry.agreed_at !== null ? clock(entry.agreed_at, new Date()) : second;
  return (
    <p className={`ml-auto text-right text-[0.875rem] leading-150 font-bold ${TONE[entry.save_state]}`}>
      {first}
      <br />
      {entry.conflict_count > 0 ? ja.row.confirm : agreed}
    </p>
  );
}

/** 「端末に保存 ・ 未送信」 in one line. */
export function stateLine(state: SaveState, agreedAt: number | null): string {
  const [first, second] = ja.saveState(state);
  if (state === 'agreed') return agreedAt === null ? first : `${first} ${clock(agreedAt, new Date())}`;
  return `${first}${ja.separator}${second}`;
}

export function StateText({ state, agreedAt }: { readonly state: SaveState; readonly agreedAt: number | null }): ReactNode {
  const certain = useCertain();
  return <span className={`font-bold ${certain ? TONE[state] : 'text-wait'}`}>{certain ? stateLine(state, agreedAt) : ja.pill.unknown}</span>;
}

/** Offline as far as this tablet can tell: no network, or the last try did not get through. */
export function isOffline(ready: ReturnType<typeof useReady>): boolean {
  return !ready.online || ready.status.last_fault === 'unreachable';
}

export function SyncPill(): ReactNode {
  const ready = useReady();
  const { status } = ready;
  const offline = isOffline(ready);
  const waiting = status.unsent_records > 0;
  const agreedAt = status.last_agreed_at === null ? null : clock(status.last_agreed_at, new Date());
  const certain = useCertain();
  const parts: string[] = [];
  if (!certain) parts.push(ja.pill.unknown);
  if (offline) parts.push(ja.pill.offline);
  const refused = status.last_fault === 'unauthorised' || status.last_fault === 'refused' || status.last_fault === 'address_mismatch';
  if (refused) parts.push(ja.pill.refused);
  if (waiting) parts.push(ja.pill.unsent(status.unsent_records));
  const everyAgreed = status.scopes.length > 0 && status.scopes.every((scope) => scope.agreed);
  if (agreedAt === null) parts.push(ja.pill.never);
  else if (certain && !waiting && !offline && everyAgreed) parts.push(ja.pill.agreed(agreedAt));
  const last = agreedAt !== null && (!certain || waiting || offline || !everyAgreed) ? ja.pill.lastAgreed(agreedAt) : null;
  const tone = !certain || waiting || offline || refused || agreedAt === null ? 'bg-wait-soft text-wait' : 'bg-ok-soft text-ok';
  return (
    <div role="status" aria-live="off" aria-label={ja.pill.label}>
      <Link href="/device" className={`inline-flex min-h-13 low:min-h-[44px] items-center gap-2 rounded-24 px-4 py-1.5 text-[0.875rem] leading-130 font-bold slim:gap-1 slim:px-2.5 slim:text-[0.8125rem] ${tone}`}>
        <span aria-hidden="true" className="size-2.5 shrink-0 rounded-full bg-current" />
        <span>
          {parts.join(ja.separator)}
          {last !== null && <span className={parts.length === 0 ? '' : 'block text-[0.8125rem] font-normal slim:sr-only'}>{last}</span>}
        </span>
      </Link>
    </div>
  );
}
