// 上映: which medium, how long, how many watched.

import type { ReactNode } from 'react';
import { useSnapshot } from '../../core/hooks';
import { tally } from '../../core/records';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { SelectInput } from '../../ui/field';
import { ValueInput } from '../../ui/value-box';
import { readMinutes } from '../../i18n/values';
import { Conflict } from './conflict';
import { Counter, CounterGrid } from './counter';
import { useEditor, useField } from './editor';

const VIEWERS = 'screening.viewers';
const NOTED = `noted/${VIEWERS}`;

export function Screening(): ReactNode {
  const { view, set, edit } = useEditor();
  const { registry } = useSnapshot();
  const medium = useField('medium');
  const viewers = tally(view, VIEWERS);
  const noted = view.links.includes(NOTED);
  const toggle = (): Promise<boolean> => {
    const [now, before] = noted ? (['unlink', 'link'] as const) : (['link', 'unlink'] as const);
    return edit([{ type: now, link: NOTED }], { label: ja.screening.uncounted, intents: [{ type: before, link: NOTED }] });
  };
  return (
    <>
      <Card className="grid gap-5 p-5 sm:grid-cols-[2fr_1fr]">
        <SelectInput
          label={ja.screening.medium}
          value={medium}
          empty={ja.screening.mediumNone}
          groups={[{ label: null, options: registry.media.map((item) => ({ value: item.name, label: item.name })) }]}
          onKeep={(value) => set('medium', value, ja.screening.medium)}
        />
        <ValueInput
          type="minutes"
          label={ja.screening.minutes}
          stored={useField('minutes')}
          read={readMinutes}
          keep={(minutes) => set('minutes', minutes, ja.screening.minutes)}
          clear={() => set('minutes', '', ja.screening.minutes)}
        />
        <Conflict field="medium" label={ja.screening.medium} />
        <Conflict field="minutes" label={ja.screening.minutes} />
      </Card>
      <CounterGrid>
        <Counter label={ja.screening.viewers} measure={VIEWERS} />
      </CounterGrid>
      <div className="flex flex-wrap gap-3">
        {viewers === null && view.attendance !== null && view.attendance > 0 && (
          <Button
            onPress={() =>
              edit([{ type: 'count', measure: VIEWERS, by: view.attendance ?? 0, reason: null }], {
                label: `${ja.screening.viewers} ${view.attendance}`,
                intents: [{ type: 'count', measure: VIEWERS, by: -(view.attendance ?? 0), reason: 'undo' }],
              })
            }
          >
            {ja.screening.copy(view.attendance)}
          </Button>
        )}
        {viewers === null && (
          <label className="flex min-h-11 cursor-pointer items-center gap-3">
            <input type="checkbox" className="size-6 accent-(--t-accent)" checked={noted} onChange={toggle} />
            {ja.screening.uncounted}
          </label>
        )}
      </div>
    </>
  );
}
