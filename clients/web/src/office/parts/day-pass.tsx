// A day pass for one session: which lecturer, then the picture that their phone scans.

import { type ReactNode, useState } from 'react';
import { lecturerName, registry } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { type DayPassCode, dayPassCode } from '../api/devices';
import { useHub, useLive } from '../api/live';
import { eraLastDay, eraMoment } from '../format';
import { problemText } from './frame';
import { Qr } from './qr';

const text = office.pass;

interface Choice {
  readonly id: string;
  readonly name: string;
}

function Options({ label, choices }: { readonly label: string; readonly choices: readonly Choice[] }): ReactNode {
  return choices.length > 0 && <optgroup label={label}>{choices.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</optgroup>;
}

function Give({ document, here, end }: { readonly document: string; readonly here: readonly Choice[]; readonly end: () => void }): ReactNode {
  const { api } = useHub();
  const { value } = useLive('/v1/registry', registry);
  const [chosen, setChosen] = useState(here.length === 1 ? (here[0]?.id ?? '') : '');
  const [code, setCode] = useState<DayPassCode | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const bank = (value?.lecturers ?? []).filter((one) => one.bank && !here.some((known) => known.id === one.id)).map((one) => ({ id: one.id, name: lecturerName(one) }));
  const name = [...here, ...bank].find((one) => one.id === chosen)?.name ?? '';
  const issue = async (): Promise<void> => {
    if (chosen === '') return setProblem(text.choose);
    setProblem(null);
    const answer = await api.post(`/v1/records/${encodeURIComponent(document)}/pass`, { lecturer: chosen, address: window.location.origin }, dayPassCode);
    if (answer.ok) setCode(answer.value);
    else setProblem(problemText(answer.problem));
  };
  return (
    <Sheet title={text.title} open onClose={end}>
      {code === null ? (
        <>
          <p>{text.lead}</p>
          <label className="flex flex-col gap-1">
            <span className="font-bold">{text.lecturer}</span>
            <select className="min-h-11 rounded-8 border border-line-strong bg-surface px-3 hover:border-ink" value={chosen} onChange={(event) => setChosen(event.target.value)}>
              <option value="">{text.choose}</option>
              <Options label={text.here} choices={here} />
              <Options label={text.bank} choices={bank} />
            </select>
          </label>
          {problem !== null && <p role="alert" className="font-bold text-danger">{problem}</p>}
          <div className="flex flex-wrap justify-end gap-3">
            <Button onPress={end}>{ja.cancel}</Button>
            <Button look="primary" onPress={() => void issue()}>{text.issue}</Button>
          </div>
        </>
      ) : (
        <div className="flex min-h-0 flex-col gap-3 overflow-y-auto">
          <p>{text.scan}</p>
          <Qr shown={code} label={text.picture} until={text.until(eraMoment(code.expires_at))} />
          <p className="text-center font-bold">{text.ends(name, eraLastDay(code.ends_at))}</p>
          <p className="text-center text-muted">{text.started}</p>
        </div>
      )}
    </Sheet>
  );
}

export function DayPass({ document, here }: { readonly document: string; readonly here: readonly Choice[] }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button className="no-print" onPress={() => setOpen(true)}>{text.open}</Button>
      {open && <Give document={document} here={here} end={() => setOpen(false)} />}
    </>
  );
}
