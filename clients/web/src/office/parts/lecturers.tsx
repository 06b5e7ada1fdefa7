// Dispatches by lecturer. Those reported for several together stay together.

import type { ReactNode } from 'react';
import { office } from '../../i18n/ja-office';
import type { ByLecturer, Groups } from '../api/shapes';
import { recordCount } from '../format';
import { GroupTable, type GroupRow, Panel } from './figures';

function isEmpty(groups: Groups): boolean {
  return Object.values(groups).every((figure) => recordCount(figure) === 0);
}

export function Lecturers({ by }: { readonly by: ByLecturer }): ReactNode {
  const named = by.named.map((row): GroupRow => ({ key: row.lecturer.id, name: row.lecturer.name, label: row.lecturer.name, groups: row.dispatches }));
  const among = by.among.map((row): GroupRow => {
    const name = office.lecturers.among(row.lecturers.map((lecturer) => lecturer.name).join('、'));
    return { key: row.lecturers.map((lecturer) => lecturer.id).join(' '), name, label: name, groups: row.dispatches };
  });
  const unnamed: readonly GroupRow[] = isEmpty(by.unnamed) ? [] : [{ key: '', name: office.lecturers.unnamed, label: office.lecturers.unnamed, groups: by.unnamed }];
  return (
    <Panel title={office.prefecture.lecturers}>
      <GroupTable caption={office.prefecture.lecturers} first={office.lecturers.lecturer} rows={[...named, ...among, ...unnamed]} emptyText={office.lecturers.empty} />
      {among.length > 0 && <p className="mt-2 text-[0.875rem] text-muted">{office.lecturers.amongNote}</p>}
    </Panel>
  );
}
