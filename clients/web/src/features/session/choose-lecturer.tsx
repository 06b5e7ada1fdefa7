// Choosing who speaks, from the registry: those of the tablet's own area first, by name, with a search.

import { type ReactNode, useMemo, useState } from 'react';
import { useReady, useSnapshot } from '../../core/hooks';
import { byName, type Lecturer, lecturerName, nameOf, ownAssociations } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { INPUT } from '../../ui/field';
import { useEditor } from './editor';

export function ChooseLecturer({ onClose, onChoose }: { readonly onClose: () => void; readonly onChoose: (lecturer: Lecturer) => void }): ReactNode {
  const { registry } = useSnapshot();
  const { identity } = useReady();
  const { view } = useEditor();
  const [words, setWords] = useState('');
  const wanted = words.normalize('NFKC').trim();
  const found = byName(registry.lecturers).filter(
    (lecturer) =>
      !view.links.includes(`lecturer/${lecturer.id}`) &&
      `${lecturerName(lecturer)} ${lecturer.affiliation ?? ''} ${nameOf(registry.associations, lecturer.association) ?? ''}`.normalize('NFKC').includes(wanted),
  );
  const own = useMemo(() => ownAssociations(registry, identity.scopes), [registry, identity]);
  const isOwn = (lecturer: Lecturer): boolean => lecturer.association !== null && own.has(lecturer.association);
  const groups = [[ja.basic.ownLecturers, found.filter(isOwn)], [ja.basic.otherLecturers, found.filter((one) => !isOwn(one))]] as const;
  return (
    <Sheet title={ja.basic.addLecturer} open onClose={onClose}>
      <input type="search" aria-label={ja.basic.searchLecturer} placeholder={ja.basic.searchLecturer} className={INPUT} value={words} onChange={(event) => setWords(event.target.value)} />
      <div className="min-h-0 overflow-y-auto">
        {groups.map(([title, lecturers]) => lecturers.length > 0 && (
          <section key={title} aria-label={title}>
            <h3 className="sticky top-0 bg-surface py-1 text-[0.9375rem] text-muted">{title}</h3>
            <ul>
              {lecturers.map((lecturer) => (
                <li key={lecturer.id} className="border-t border-line">
                  <Button look="quiet" size="large" className="w-full !justify-start !px-2 text-left !text-ink" aria-label={ja.basic.chooseLecturer(lecturerName(lecturer))} onPress={() => onChoose(lecturer)}>
                    <span>
                      {lecturerName(lecturer)}
                      <span className="block text-[0.875rem] font-normal text-muted">
                        {[nameOf(registry.associations, lecturer.association), lecturer.affiliation, lecturer.bank ? ja.basic.bank : null].filter((part) => part !== null).join(ja.separator)}
                      </span>
                    </span>
                  </Button>
                </li>
              ))}
            </ul>
          </section>
        ))}
        {found.length === 0 && <p className="py-4 text-muted">{registry.lecturers.length === 0 ? ja.basic.noLecturers : ja.basic.noMatch}</p>}
      </div>
    </Sheet>
  );
}
