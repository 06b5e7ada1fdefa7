// 参加者: how many came, by age band or by audience.

import { type ReactNode, useState } from 'react';
import { useReady, useSnapshot } from '../../core/hooks';
import type { RecordView } from '../../core/records';
import { ja } from '../../i18n/ja';
import { Card } from '../../ui/card';
import { Chips } from '../../ui/chips';
import { deviceName } from './conflict';
import { Counter, CounterGrid } from './counter';
import { useEditor } from './editor';

export const BANDS = ['10-29', '30-39', '40-49', '50-59', '60-69', '70-74', '75-84', '85+', 'unknown'] as const;
export const AUDIENCES = ['resident', 'family', 'welfare-volunteer', 'medical', 'care', 'other'] as const;

/** Who counted how many over all measures of a group. */
export function sumByDevice(view: RecordView, prefix: string): { readonly total: number | null; readonly devices: ReadonlyMap<string, number> } {
  const counted = view.tallies.filter((tally) => tally.measure.startsWith(prefix));
  const devices = new Map<string, number>();
  for (const tally of counted) {
    for (const [device, count] of Object.entries(tally.by_device)) devices.set(device, (devices.get(device) ?? 0) + count);
  }
  return { total: counted.length === 0 ? null : counted.reduce((sum, tally) => sum + tally.total, 0), devices };
}

function Total({ prefix, children }: { readonly prefix: string; readonly children: ReactNode }): ReactNode {
  const { view } = useEditor();
  const { identity } = useReady();
  const { registry } = useSnapshot();
  const { total, devices } = sumByDevice(view, prefix);
  const others = [...devices].filter(([device]) => device !== identity.device);
  const sumOfOthers = others.reduce((sum, [, count]) => sum + count, 0);
  const parts = [ja.attendance.mine(devices.get(identity.device) ?? 0)];
  if (others.length > 0) parts.push(ja.attendance.others(sumOfOthers, others.map(([device]) => deviceName(registry, device)).join('、')));
  return (
    <Card label={ja.attendance.total} className="z-10 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-5 py-2.5 sticky top-2 low:static">
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

export function Attendance(): ReactNode {
  const { view } = useEditor();
  const bands = sumByDevice(view, 'attendance.band.').total;
  const audiences = sumByDevice(view, 'attendance.audience.').total;
  const [mode, setMode] = useState(bands === null && audiences !== null ? 'audience' : 'band');
  return (
    <>
      <Total prefix={mode === 'band' ? 'attendance.band.' : 'attendance.audience.'}>
        <Chips
          label={ja.attendance.mode}
          hideLabel
          value={mode}
          options={[{ value: 'band', label: ja.attendance.byBand }, { value: 'audience', label: ja.attendance.byAudience }]}
          onChange={setMode}
        />
      </Total>
      {bands !== null && audiences !== null && bands !== audiences && <p className="text-wait">{ja.attendance.differs(bands, audiences, view.attendance ?? 0)}</p>}
      <CounterGrid>
        {mode === 'band'
          ? BANDS.map((band) => <Counter key={band} label={ja.band(band)} measure={`attendance.band.${band}`} />)
          : AUDIENCES.map((audience) => <Counter key={audience} label={ja.audience(audience)} measure={`attendance.audience.${audience}`} />)}
      </CounterGrid>
      <p className="text-[0.875rem] text-muted">{ja.attendance.help}</p>
    </>
  );
}
