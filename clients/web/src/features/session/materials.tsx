// 配布: what was handed out, and to whom it was due.

import type { ReactNode } from 'react';
import { useSnapshot } from '../../core/hooks';
import { ja } from '../../i18n/ja';
import { sumByDevice } from './attendance';
import { Counter, CounterGrid } from './counter';
import { useEditor } from './editor';

export function Materials(): ReactNode {
  const { view } = useEditor();
  const { registry } = useSnapshot();
  if (registry.materials.length === 0) return <p className="text-muted">{ja.materials.none}</p>;
  return registry.materials.map((material) => {
    const { total } = sumByDevice(view, `material.${material.id}.`);
    return (
      <section key={material.id} aria-label={material.name} className="flex flex-col gap-2">
        <h2 className="mt-2 flex items-baseline gap-3 text-[1.125rem]">
          {material.name}
          <span className="text-[1rem] text-muted">{total === null ? ja.none : ja.materials.total(`${total}${material.unit}`)}</span>
        </h2>
        <CounterGrid>
          {material.eligibilities.map((eligibility) => (
            <Counter
              key={eligibility.id}
              label={eligibility.name}
              name={`${material.name} ${eligibility.name}`}
              measure={`material.${material.id}.${eligibility.id}`}
            />
          ))}
        </CounterGrid>
      </section>
    );
  });
}
