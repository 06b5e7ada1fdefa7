// Who speaks: chosen from the registry. A lecturer of the bank brings the association that sends them.

import { type ReactNode, useMemo, useState } from 'react';
import { useReady, useSnapshot } from '../../core/hooks';
import type { Intent, StepState } from '../../core/records';
import { byName, type Lecturer, lecturerName, nameOf, ownAssociations, senderOf } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { SelectInput } from '../../ui/field';
import { INPUT } from '../../ui/field';
import { Sheet } from '../../ui/dialog';
import { Conflict } from './conflict';
import { useEditor, useField } from './editor';

const STEPS = ['requested', 'offered', 'confirmed'] as const;

function isStep(text: string): text is Extract<StepState, (typeof STEPS)[number]> {
  return STEPS.some((known) => known === text);
}

function Choose({ open, onClose, onChoose }: { readonly open: boolean; readonly onClose: () => void; readonly onChoose: (lecturer: Lecturer) => void }): ReactNode {
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
    <Sheet title={ja.basic.addLecturer} open={open} onClose={onClose}>
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

export function Lecturers(): ReactNode {
  const { view, edit, set } = useEditor();
  const { registry } = useSnapshot();
  const [open, setOpen] = useState(false);
  const dispatchedBy = useField('dispatched_by');
  const linked = view.links.filter((link) => link.startsWith('lecturer/')).map((link) => link.slice('lecturer/'.length));
  const nameFor = (id: string): string => {
    const lecturer = registry.lecturers.find((known) => known.id === id);
    return lecturer === undefined ? id : lecturerName(lecturer);
  };

  const choose = (lecturer: Lecturer): void => {
    const intents: Intent[] = [{ type: 'link', link: `lecturer/${lecturer.id}` }];
    const undo: Intent[] = [{ type: 'unlink', link: `lecturer/${lecturer.id}` }];
    const sender = senderOf(lecturer);
    if (sender !== null && dispatchedBy !== sender) {
      intents.push({ type: 'set', field: 'dispatched_by', value: sender });
      undo.push({ type: 'set', field: 'dispatched_by', value: dispatchedBy === '' ? null : dispatchedBy });
    }
    void edit(intents, { label: `${ja.basic.lecturers} ${lecturerName(lecturer)}`, intents: undo });
    setOpen(false);
  };

  return (
    <>
      <div className="col-span-full flex flex-col gap-2">
        <span className="font-bold">{ja.basic.lecturers}</span>
        <div className="flex flex-wrap items-center gap-2">
          {linked.length === 0 && <span className="mr-2 text-muted">{ja.basic.noLecturer}</span>}
          {linked.map((id) => (
            <span key={id} className="inline-flex min-h-11 items-center gap-1 rounded-full bg-accent-soft pl-4 font-bold text-accent-ink">
              {nameFor(id)}
              <Button
                look="quiet"
                className="size-11 !rounded-full !p-0"
                aria-label={ja.basic.removeLecturer(nameFor(id))}
                onPress={() =>
                  edit([{ type: 'unlink', link: `lecturer/${id}` }], {
                    label: ja.basic.removeLecturer(nameFor(id)),
                    intents: [{ type: 'link', link: `lecturer/${id}` }],
                  })
                }
              >
                ×
              </Button>
            </span>
          ))}
          <Button onPress={() => setOpen(true)}>{ja.basic.addLecturer}</Button>
        </div>
      </div>
      <SelectInput
        label={ja.basic.dispatch}
        value={dispatchedBy}
        empty={ja.basic.dispatchNone}
        groups={[{ label: null, options: registry.associations.filter((item) => !item.hub).map((item) => ({ value: item.id, label: item.name })) }]}
        onKeep={(value) => set('dispatched_by', value, ja.basic.dispatch)}
      />
      {dispatchedBy !== '' && view.group === 'planned' && (
        <SelectInput
          label={ja.basic.dispatchState}
          value={view.state === 'none' ? '' : view.state}
          empty={ja.basic.unset}
          groups={[{ label: null, options: STEPS.map((state) => ({ value: state, label: ja.state(state) })) }]}
          onKeep={(value) => (isStep(value) ? void edit([{ type: 'step', state: value, reason: null }]) : undefined)}
        />
      )}
      <Conflict field="dispatched_by" label={ja.basic.dispatch} />
      <Choose open={open} onClose={() => setOpen(false)} onChoose={choose} />
    </>
  );
}
