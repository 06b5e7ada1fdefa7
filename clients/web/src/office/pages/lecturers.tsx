// The lecturers that associations keep: those of one's own association first, in the order of their readings.

import { type ReactNode, useState } from 'react';
import { type Lecturer, lecturerName, nameOf, registry } from '../../core/registry';
import { fiscalYearName } from '../../i18n/dates';
import { office } from '../../i18n/ja-office';
import { inOrder } from '../../i18n/order';
import { Button } from '../../ui/button';
import { INPUT, Labelled } from '../../ui/field';
import { useLive } from '../api/live';
import type { Me } from '../api/shapes';
import { EditLecturer } from '../parts/edit-lecturer';
import { Loaded, PageHead, useTitle } from '../parts/frame';

const text = office.roster;

/** 令和3年度～令和5年度; '' where nobody noted since when. */
function period({ registered_in: first, left_in: last }: Lecturer): string {
  const years = [first, last].map((year) => (year === null ? '' : fiscalYearName(year)));
  return first === null && last === null ? '' : years.join(text.between);
}

export function LecturersPage({ me }: { readonly me: Me }): ReactNode {
  const live = useLive('/v1/registry', registry);
  const [search, setSearch] = useState('');
  const [editing, setEditing] = useState<Lecturer | 'new' | null>(null);
  useTitle(text.title);
  return (
    <Loaded live={live}>
      {(all) => {
        const associations = all.associations.filter((one) => !one.hub);
        const own = associations.filter((one) => one.id === me.organisation);
        const places = own.length > 0 ? own : associations;
        const words = search.trim();
        const found = all.lecturers.filter((one) => [lecturerName(one), one.reading, one.affiliation ?? ''].some((part) => part.includes(words)));
        const sorted = inOrder(found, lecturerName, (one) => one.reading);
        const isOwn = (one: Lecturer): boolean => one.association !== null && one.association === me.organisation;
        const mayEdit = (one: Lecturer): boolean => own.length === 0 || isOwn(one);
        return (
          <>
            <PageHead title={text.title} lead={text.lead}>
              <Button look="primary" onPress={() => setEditing('new')}>{text.add}</Button>
            </PageHead>
            <div className="max-w-[26rem]">
              <Labelled label={text.search}>{(id) => <input id={id} type="search" className={INPUT} value={search} onChange={(event) => setSearch(event.target.value)} />}</Labelled>
            </div>
            {words !== '' && <p className="print-only hidden">{office.lecturers.searched(words)}</p>}
            <p aria-live="polite" className="text-muted">{text.count(sorted.length)}</p>
            {sorted.length > 0 && (
              <div className="scroll">
                <table>
                  <caption className="sr-only">{text.title}</caption>
                  <thead><tr><th scope="col">{text.name}</th><th scope="col">{text.box.affiliation}</th><th scope="col">{text.association}</th><th scope="col">{text.kind}</th><th scope="col" className="acts"><span className="sr-only">{text.change}</span></th></tr></thead>
                  <tbody>
                    {[...sorted.filter(isOwn), ...sorted.filter((one) => !isOwn(one))].map((one) => (
                      <tr key={one.id}>
                        <th scope="row">{lecturerName(one)}<span className="block text-[0.875rem] text-muted">{one.reading === '' ? text.noReading : one.reading}</span></th>
                        <td>{one.affiliation}</td>
                        <td>{nameOf(all.associations, one.association)}</td>
                        <td className="whitespace-nowrap">{one.bank ? text.inBank : text.notInBank}<span className="block text-[0.875rem] text-muted">{period(one)}</span></td>
                        <td className="text-right whitespace-nowrap">{mayEdit(one) && <Button aria-label={text.changeOf(lecturerName(one))} onPress={() => setEditing(one)}>{text.change}</Button>}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            {editing !== null && (
              <EditLecturer lecturer={editing === 'new' ? null : editing} places={places} end={(changed) => {
                setEditing(null);
                if (changed) live.again();
              }} />
            )}
          </>
        );
      }}
    </Loaded>
  );
}
