// 参加者: how many came: heads only, by age band, or by audience.
//
// Heads only are heads of unknown age, so these two are one way of counting, and its number is that of both. Who switches to a way that lags behind carries
// the missing heads over to it; the core reckons how many, after every tap before.

import { type ReactNode, useState } from 'react';
import { useReady, useSnapshot } from '../../core/hooks';
import type { RecordView } from '../../core/records';
import { ja } from '../../i18n/ja';
import { Card } from '../../ui/card';
import { Chips } from '../../ui/chips';
import { deviceName } from './conflict';
import { Counter, CounterGrid } from './counter';
import { type Undo, useEditor } from './editor';

export const BANDS = ['10-29', '30-39', '40-49', '50-59', '60-69', '70-74', '75-84', '85+', 'unknown'] as const;
export const AUDIENCES = ['resident', 'family', 'welfare-volunteer', 'medical', 'care', 'other', 'unknown'] as const;

const HEADS = 'attendance.band.unknown';

/** Who counted how many over all measures of a group, and what was carried over from another way of counting. */
export function sumByDevice(view: RecordView, prefix: string): { readonly total: number | null; readonly carried: number; readonly devices: ReadonlyMap<string, number> } {
  const counted = view.tallies.filter((tally) => tally.measure.startsWith(prefix));
  const devices = new Map<string, number>();
  for (const tally of counted) {
    for (const [device, count] of Object.entries(tally.by_device)) devices.set(device, (devices.get(device) ?? 0) + count);
  }
  const sum = (part: 'total' | 'carried'): number => counted.reduce((all, tally) => all + tally[part], 0);
  return { total: counted.length === 0 ? null : sum('total'), carried: sum('carried'), devices };
}

function Total({ children }: { readonly children: ReactNode }): ReactNode {
  const { view } = useEditor();
  const { identity } = useReady();
  const { registry } = useSnapshot();
  const total = view.attendance;
  const byBand = sumByDevice(view, 'attendance.band.');
  const byAudience = sumByDevice(view, 'attendance.audience.');
  const counted = (byBand.total ?? 0) < (byAudience.total ?? 0) ? byAudience : byBand;
  const others = [...counted.devices].filter(([device]) => device !== identity.device);
  const sumOfOthers = others.reduce((sum, [, count]) => sum + count, 0);
  const parts = [ja.attendance.mine(counted.devices.get(identity.device) ?? 0)];
  if (others.length > 0) parts.push(ja.attendance.others(sumOfOthers, others.map(([device]) => deviceName(registry, device)).join('、')));
  if (counted.carried > 0) parts.push(ja.attendance.carriedOver(counted.carried));
  return (
    <Card label={ja.attendance.total} className="z-10 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-[min(1.25rem,4vw)] py-2.5 sticky top-2 low:static">
      <div>
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="whitespace-nowrap">{ja.attendance.total}</span>
          {total === null ? (
            <span className="text-[1.5rem] leading-[2.75rem] whitespace-nowrap text-muted">{ja.none}</span>
          ) : (
            <>
              <span className="num text-[2.75rem] leading-100">{total}</span>
              <span>{ja.people}</span>
            </>
          )}
        </p>
        <p className="min-h-[1.4rem] text-[0.875rem] text-muted">{total !== null && parts.join('　')}</p>
      </div>
      {children}
    </Card>
  );
}

/** Heads that were counted by age: whoever counts heads only sees them in the number, and types the whole. */
function ofKnownAge(view: RecordView): number {
  const heads = view.tallies.find((tally) => tally.measure === HEADS)?.total ?? 0;
  return (sumByDevice(view, 'attendance.band.').total ?? 0) - heads;
}

const MODES = ['heads', 'band', 'audience'] as const;
type Mode = (typeof MODES)[number];

function isMode(text: string): text is Mode {
  return MODES.some((known) => known === text);
}

function way(mode: Mode): 'band' | 'audience' {
  return mode === 'audience' ? 'audience' : 'band';
}

/** How the heads of a record were counted so far. */
function modeOf(view: RecordView): Mode {
  const bands = sumByDevice(view, 'attendance.band.').total ?? 0;
  const audiences = sumByDevice(view, 'attendance.audience.').total;
  if (audiences !== null && audiences > bands) return 'audience';
  const headsOnly = view.tallies.some((tally) => tally.measure === HEADS) && !view.tallies.some((tally) => tally.measure.startsWith('attendance.band.') && tally.measure !== HEADS);
  return headsOnly ? 'heads' : 'band';
}

export function Attendance(): ReactNode {
  const { view, undo, begun, edit } = useEditor();
  const bands = sumByDevice(view, 'attendance.band.').total;
  const audiences = sumByDevice(view, 'attendance.audience.').total;
  const [mode, setMode] = useState<Mode>(() => modeOf(view));
  const counted = (way(mode) === 'audience' ? audiences : bands) ?? 0;
  const carried = sumByDevice(view, `attendance.${way(mode)}.`).carried;
  /** Others counted more in the other way, so that the next head counted here does not show in the total. */
  const lags = counted > 0 && counted < (view.attendance ?? 0);
  const apart = view.typed_apart.flatMap((measure) => {
    const [, of, code = ''] = /^attendance\.(band|audience)\.(.+)$/.exec(measure) ?? [];
    return of === undefined ? [] : [of === 'band' ? ja.band(code) : ja.audience(code)];
  });
  const choose = (next: string): void => {
    if (!isMode(next)) return;
    setMode(next);
    if (way(next) === way(mode) || !begun()) return;
    const mark = crypto.randomUUID();
    const back: Undo = { label: ja.attendance.switched(ja.attendance.modes[next]), intents: [{ type: 'unswitch', mark }] };
    void edit([{ type: 'switch', to: way(next), mark }], view.attendance === null && undo === null ? undefined : back);
  };
  return (
    <>
      <Total>
        <Chips label={ja.attendance.mode} hideLabel value={mode} options={MODES.map((value) => ({ value, label: ja.attendance.modes[value] }))} onChange={choose} />
      </Total>
      {view.attendance_differs && !lags && <p className="text-wait">{ja.attendance.unsettled(view.attendance ?? 0)}</p>}
      {apart.length > 0 && <p className="text-wait">{ja.attendance.typedApart(apart)}</p>}
      {lags && <p className="text-[0.875rem] text-muted">{ja.attendance.lags(counted, view.attendance ?? 0)}</p>}
      {mode !== 'heads' && carried > 0 && <p className="text-[0.875rem]">{ja.attendance.carriedHelp(carried, ja.attendance.unknown[way(mode)])}</p>}
      <CounterGrid>
        {mode === 'heads' && <Counter label={ja.attendance.heads} measure={HEADS} beside={ofKnownAge(view)} />}
        {mode === 'band' && BANDS.map((band) => <Counter key={band} label={ja.band(band)} measure={`attendance.band.${band}`} />)}
        {mode === 'audience' && AUDIENCES.map((audience) => <Counter key={audience} label={ja.audience(audience)} measure={`attendance.audience.${audience}`} />)}
      </CounterGrid>
      <p className="text-[0.875rem] text-muted">{mode === 'heads' ? ja.attendance.headsHelp : ja.attendance.help}</p>
    </>
  );
}
