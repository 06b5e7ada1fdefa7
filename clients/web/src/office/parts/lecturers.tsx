// Dispatches by lecturer. Those reported for several together stay together.

import { type ReactNode, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { inOrder } from '../../i18n/order';
import { INPUT, Labelled } from '../../ui/field';
import type { ByLecturer, Groups } from '../api/shapes';
import { recordCount } from '../format';
import { useNames } from './names';
import { GroupTable, type GroupRow, Panel } from './figures';

/** From here on a list is searched. */
const MANY = 12;

function isEmpty(groups: Groups): boolean {
  return Object.values(groups).every((figure) => recordCount(figure) === 0);
}

export function Lecturers({ by }: { readonly by: ByLecturer }): ReactNode {
  const names = useNames();
  const [search, setSearch] = useState('');
  const named = inOrder(by.named, (row) => row.lecturer.name, (row) => names.lecturerReading(row.lecturer.id)).map((row): GroupRow => ({ key: row.lecturer.id, name: row.lecturer.name, label: row.lecturer.name, groups: row.dispatches }));
  const among = by.among.map((row): GroupRow => {
    const name = office.lecturers.among(row.lecturers.map((lecturer) => lecturer.name).join('、'));
    return { key: row.lecturers.map((lecturer) => lecturer.id).join(' '), name, label: name, groups: row.dispatches };
  });
  const unnamed: readonly GroupRow[] = isEmpty(by.unnamed) ? [] : [{ key: '', name: office.lecturers.unnamed, label: office.lecturers.unnamed, groups: by.unnamed }];
  const all = [...named, ...among, ...unnamed];
  const words = search.trim();
  const rows = all.filter((row) => row.label.includes(words) || (words !== '' && names.lecturerReading(row.key).includes(words)));
  return (
    <Panel title={office.prefecture.lecturers}>
      {all.length > MANY && <Labelled label={office.lecturers.search}>{(id) => <input id={id} type="search" className={INPUT} value={search} onChange={(event) => setSearch(event.target.value)} />}</Labelled>}
      {words !== '' && <p className="print-only hidden">{office.lecturers.searched(words)}</p>}
      <GroupTable caption={office.prefecture.lecturers} first={office.lecturers.lecturer} rows={rows} emptyText={words === '' ? office.lecturers.empty : office.lecturers.notFound} />
      {among.length > 0 && <p className="mt-2 text-[0.875rem] text-muted">{office.lecturers.amongNote}</p>}
    </Panel>
  );
}
