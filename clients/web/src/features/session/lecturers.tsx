// Who speaks: chosen from the registry. A lecturer of the bank brings the association that sends them.

import { type ReactNode, Suspense, useState } from 'react';
import { useSnapshot } from '../../core/hooks';
import type { Intent, StepState } from '../../core/records';
import { type Lecturer, lecturerName, senderOf } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { later } from '../../ui/fault';
import { SelectInput } from '../../ui/field';
import { Conflict } from './conflict';
import { useEditor, useField } from './editor';

const STEPS = ['requested', 'offered', 'confirmed'] as const;

function isStep(text: string): text is Extract<StepState, (typeof STEPS)[number]> {
  return STEPS.some((known) => known === text);
}

// comes when it is opened: a sheet is more than a first screen has to carry
const ChooseLecturer = later(async () => (await import('./choose-lecturer')).ChooseLecturer);

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
      {open && <Suspense><ChooseLecturer onClose={() => setOpen(false)} onChoose={choose} /></Suspense>}
    </>
  );
}
