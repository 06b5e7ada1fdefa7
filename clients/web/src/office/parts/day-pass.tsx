// A day pass for one session: which lecturer, then the picture that their phone scans.

import { type ReactNode, useState } from 'react';
import { type Lecturer, lecturerName, registry } from '../../core/registry';
import { office } from '../../i18n/ja-office';
import { inOrder } from '../../i18n/order';
import { Button } from '../../ui/button';
import { dayPassCode } from '../api/devices';
import { useHub, useLive } from '../api/live';
import { eraLastDay, eraMoment } from '../format';
import { GiveCode } from './give-code';
import { Qr } from './qr';

const text = office.pass;

interface Choice {
  readonly id: string;
  readonly name: string;
}

interface DayPassProps {
  readonly document: string;
  /** Whose lecturers stand before the others. */
  readonly association: string | null;
  /** The lecturers of the record. */
  readonly here: readonly Choice[];
}

function Options({ label, choices }: { readonly label: string; readonly choices: readonly Choice[] }): ReactNode {
  return choices.length > 0 && <optgroup label={label}>{choices.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</optgroup>;
}

function Give({ document, association, here, end }: DayPassProps & { readonly end: () => void }): ReactNode {
  const { api } = useHub();
  const { value } = useLive('/v1/registry', registry);
  const bank = (value?.lecturers ?? []).filter((one) => one.bank && !here.some((known) => known.id === one.id));
  const choices = (all: readonly Lecturer[]): readonly Choice[] => inOrder(all, lecturerName, (one) => one.reading).map((one) => ({ id: one.id, name: lecturerName(one) }));
  const own = choices(bank.filter((one) => one.association !== null && one.association === association));
  const others = choices(bank.filter((one) => one.association === null || one.association !== association));
  const nameOf = (chosen: string): string => [...here, ...own, ...others].find((one) => one.id === chosen)?.name ?? '';
  const give = (lecturer: string) => lecturer === '' ? text.choose
    : api.post(`/v1/records/${encodeURIComponent(document)}/pass`, { lecturer, address: window.location.origin }, dayPassCode);
  return (
    <GiveCode
      text={text}
      lead={text.lead}
      first={here.length === 1 ? (here[0]?.id ?? '') : ''}
      options={<><Options label={text.here} choices={here} /><Options label={text.own} choices={own} /><Options label={text.bank} choices={others} /></>}
      give={give}
      shown={(code, chosen) => (
        <>
          <p>{text.scan}</p>
          <Qr shown={code} label={text.picture} until={text.until(eraMoment(code.expires_at))} />
          <p className="text-center font-bold">{text.ends(nameOf(chosen), eraLastDay(code.ends_at))}</p>
          <p className="text-center text-muted">{text.started}</p>
        </>
      )}
      end={end}
    />
  );
}

export function DayPass({ document, association, here }: DayPassProps): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button className="no-print" onPress={() => setOpen(true)}>{text.open}</Button>
      {open && <Give document={document} association={association} here={here} end={() => setOpen(false)} />}
    </>
  );
}
