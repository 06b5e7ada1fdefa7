// 完了: it took place, or it did not and why; what is still blank; who did what.

import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useReady, useSnapshot } from '../../core/hooks';
import { REASONS, type Author, type Reason, type Step, type StepState } from '../../core/records';
import { clock } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Card, SectionTitle } from '../../ui/card';
import { Chips } from '../../ui/chips';
import { sumByDevice } from './attendance';
import { Choice, deviceName, personName } from './conflict';
import { useEditor } from './editor';

function isReason(text: string): text is Reason {
  return REASONS.some((known) => known === text);
}

function Check(): ReactNode {
  const { view } = useEditor();
  const reported = (prefix: string): boolean => sumByDevice(view, prefix).total !== null || view.links.some((link) => link.startsWith(`noted/${prefix}`));
  const lines: readonly (readonly [string, boolean])[] = [
    [ja.session.tabs.attendance, view.attendance !== null],
    [ja.session.tabs.screening, reported('screening.')],
    [ja.session.tabs.materials, reported('material.')],
    [ja.session.tabs.answers, reported('answer.')],
    [ja.notes.outcome, view.texts.outcome !== ''],
    [ja.notes.issue, view.texts.issue !== ''],
  ];
  return (
    <ul className="grid gap-x-8 sm:grid-cols-2">
      {lines.map(([label, filled]) => (
        <li key={label} className="flex justify-between border-b border-line py-2.5">
          <span>{label}</span>
          <span className={filled ? 'font-bold text-ok' : 'text-muted'}>{filled ? `${ja.finish.filled} ✓` : ja.finish.empty}</span>
        </li>
      ))}
    </ul>
  );
}

/** Neighbouring changes by the same person on the same tablet within ten minutes read as one. */
function condense(history: readonly Author[]): readonly Author[] {
  const lines: Author[] = [];
  for (const item of history) {
    const last = lines.at(-1);
    const same = last !== undefined && last.by === item.by && last.device === item.device && (item.at ?? 0) - (last.at ?? 0) < 600_000;
    if (!same) lines.push(item);
  }
  return lines.reverse();
}

interface ContradictionProps {
  readonly steps: readonly Step[];
  readonly text: (step: Step) => string;
  readonly line: (step: Step) => string;
  readonly settle: (step: Step) => unknown;
}

/** Steps that say different things, each once, for a person to choose from. */
function Contradiction({ steps, text, line, settle }: ContradictionProps): ReactNode {
  const different = [...new Map(steps.map((step) => [text(step), step])).values()];
  return (
    <div className="rounded-12 border border-wait-line bg-wait-soft p-4">
      <p className="font-bold text-wait">{ja.finish.conflict}</p>
      <ul className="mt-3 grid gap-3 sm:grid-cols-2">
        {different.map((step) => <Choice key={step.id} text={text(step)} by={line(step)} choose={() => settle(step)} />)}
      </ul>
    </div>
  );
}

/** It does not take place, and why. */
function CallOff({ step }: { readonly step: (state: StepState, why: Reason | null) => Promise<boolean> }): ReactNode {
  const [reason, setReason] = useState<Reason | null>(null);
  return (
    <>
      <Chips
        label={ja.finish.offReason}
        value={reason}
        options={REASONS.map((code) => ({ value: code, label: ja.reason(code) }))}
        onChange={(value) => (isReason(value) ? setReason(value) : undefined)}
      />
      <div className="flex flex-wrap gap-3">
        <Button isDisabled={reason === null} onPress={() => step('cancelled', reason)}>{ja.finish.cancel}</Button>
        <Button isDisabled={reason === null} onPress={() => step('postponed', reason)}>{ja.finish.postpone}</Button>
      </div>
    </>
  );
}

export function Finish(): ReactNode {
  const { view, edit } = useEditor();
  const { identity } = useReady();
  const { registry } = useSnapshot();
  const step = (state: StepState, why: Reason | null = null): Promise<boolean> => edit([{ type: 'step', state, reason: why }]);
  const device = (id: string | null): string => (id === identity.device || id === null ? ja.thisTablet : deviceName(registry, id));
  const present = view.steps.filter((item) => item.present);
  const settle = ({ state, reason: why }: Step): unknown => state !== 'none' && step(state, why !== null && isReason(why) ? why : null);
  const takeBack = (): Promise<boolean> => edit([{ type: 'take_back', steps: present.map((item) => item.id) }]);
  const stepText = (item: Step): string => `${ja.state(item.state)}${item.reason === null ? '' : `（${ja.reason(item.reason)}）`}`;
  const named = (ids: readonly string[]): string => view.steps.filter((item) => ids.includes(item.id)).map(stepText).join('、');
  const conflict = view.group === 'conflict';
  const off = view.group === 'cancelled' || view.group === 'postponed';
  const line = (author: Author): string =>
    ja.finish.historyLine(author.at === null ? '' : clock(author.at, new Date()), personName(registry, author.by), device(author.device));

  const shown = useRef<HTMLParagraphElement>(null);
  const [was] = useState(view.state);
  useEffect(() => {
    // what was pressed further down shows up here
    if (view.state !== was) shown.current?.scrollIntoView({ block: 'nearest' });
  }, [view.state, was]);

  return (
    <>
      <Card className="flex flex-col gap-4 p-5">
        <p ref={shown}>
          <span className="text-muted">{ja.finish.state}　</span>
          <b className="text-[1.25rem]">{conflict ? ja.finish.undecided : ja.state(view.state)}</b>
          {off && view.reason !== null && <span>（{ja.reason(view.reason)}）</span>}
        </p>
        {conflict && <Contradiction steps={present} text={stepText} line={line} settle={settle} />}
        {(view.group === 'planned' || off) && (
          <div>
            <Button look="primary" size="large" className="w-full sm:w-auto sm:min-w-64" onPress={() => step('held')}>{ja.finish.held}</Button>
            <p className="mt-1.5 text-[0.875rem] text-muted">{ja.finish.heldHelp}</p>
          </div>
        )}
        {view.group === 'held' && view.state === 'held' && (
          <div>
            <p className="mb-3">{ja.finish.done}</p>
            <Button look="primary" size="large" className="w-full sm:w-auto sm:min-w-64" onPress={() => step('reported')}>{ja.finish.reported}</Button>
            <p className="mt-1.5 text-[0.875rem] text-muted">{ja.finish.reportedHelp}</p>
          </div>
        )}
        {view.group === 'held' && view.state !== 'held' && <p>{ja.finish.allDone}</p>}
        {present.length > 0 && !conflict && (
          <div>
            <Button onPress={takeBack}>{ja.finish.takeBack(ja.state(view.state))}</Button>
            <p className="mt-1.5 text-[0.875rem] text-muted">{ja.finish.takeBackHelp}</p>
          </div>
        )}
      </Card>

      <SectionTitle>{ja.finish.check}</SectionTitle>
      <Card className="px-5 py-2"><Check /></Card>

      <SectionTitle>{ja.finish.off}</SectionTitle>
      <Card className="flex flex-col gap-4 p-5">
        {view.group === 'held' ? <p>{ja.finish.offHeld(ja.state(view.state))}</p> : <CallOff step={step} />}
      </Card>

      {view.steps.length > 0 && (
        <>
          <SectionTitle>{ja.finish.steps}</SectionTitle>
          <Card className="px-5 py-2">
            <ol>
              {[...view.steps].sort((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity)).map((item) => (
                <li key={item.id} className="flex flex-wrap justify-between gap-x-6 border-b border-line py-2.5 last:border-0">
                  {item.undoes.length > 0 ? <b>{ja.finish.tookBack(named(item.undoes))}</b> : item.taken_back ? <s className="text-muted">{stepText(item)}</s> : <b>{stepText(item)}</b>}
                  <span className="text-[0.875rem] text-muted">{line(item)}</span>
                </li>
              ))}
            </ol>
          </Card>
        </>
      )}

      <details className="rounded-12 border border-line bg-surface px-5 py-2">
        <summary className="min-h-11 cursor-pointer py-2 font-bold">{ja.finish.history}</summary>
        <ol className="pb-2 text-[0.9375rem]">
          {condense(view.history).map((item, index) => <li key={`${index} ${item.at}`} className="border-t border-line py-2">{line(item)}</li>)}
        </ol>
      </details>
    </>
  );
}
