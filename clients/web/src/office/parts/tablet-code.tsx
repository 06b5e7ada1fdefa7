// A code that registers a tablet: a new one, or one that is known anew. A lecturer's tablet is for one lecturer of the registry.

import { type ReactNode, useState } from 'react';
import { lecturerName, registry } from '../../core/registry';
import { office } from '../../i18n/ja-office';
import { inOrder } from '../../i18n/order';
import { type Holder, scanCode, type Tablet } from '../api/devices';
import { useHub, useLive } from '../api/live';
import { eraMoment } from '../format';
import { GiveCode, Select } from './give-code';
import { firstHolder, HolderOptions, keyOf, lecturerOf } from './holders';
import { Letters, Qr } from './qr';

const text = office.devices;

interface TabletCodeProps {
  readonly holders: readonly Holder[];
  /** The known tablet that it registers anew; null: a new one. */
  readonly tablet: Tablet | null;
  readonly end: () => void;
}

export function TabletCode({ holders, tablet, end }: TabletCodeProps): ReactNode {
  const { api } = useHub();
  const { value } = useLive('/v1/registry', registry);
  const [picked, setPicked] = useState<{ readonly of: string; readonly lecturer: string } | null>(null);
  const holderOf = (chosen: string): Holder | undefined => holders.find((one) => keyOf(one) === chosen);
  const lecturersOf = (holder: Holder) => inOrder((value?.lecturers ?? []).filter((one) => one.association === holder.organisation), lecturerName, (one) => one.reading);
  const lecturerFor = (holder: Holder): string => (picked?.of === keyOf(holder) ? picked.lecturer : lecturerOf(holder.person.name, lecturersOf(holder)));

  const give = (chosen: string) => {
    const holder = holderOf(chosen);
    if (holder === undefined) return text.code.choose;
    const { person, role, organisation } = holder;
    const lecturer = role === 'lecturer' ? lecturerFor(holder) : null;
    if (lecturer === '') return text.lecturer.choose;
    return api.post('/v1/devices/codes', {
      person: person.id, role, organisation, address: window.location.origin,
      ...(tablet === null ? {} : { device: tablet.device }),
      ...(lecturer === null ? {} : { lecturer }),
    }, scanCode);
  };
  const more = (chosen: string): ReactNode => {
    const holder = holderOf(chosen);
    if (holder?.role !== 'lecturer') return null;
    const lecturers = lecturersOf(holder);
    return (
      <>
        <Select label={text.lecturer.which} empty={text.lecturer.choose} value={lecturerFor(holder)} choose={(lecturer) => setPicked({ of: chosen, lecturer })}>
          {lecturers.map((one) => <option key={one.id} value={one.id}>{lecturerName(one)}</option>)}
        </Select>
        <p className="text-muted">{value !== null && lecturers.length === 0 ? text.lecturer.nobody : text.lecturer.note}</p>
      </>
    );
  };
  return (
    <GiveCode
      text={tablet === null ? text.code : { ...text.code, title: text.again.title(tablet.name) }}
      {...(tablet === null ? {} : { lead: text.again.lead, first: firstHolder(holders, tablet) })}
      options={<HolderOptions holders={holders} />}
      more={more}
      give={give}
      shown={(code) => {
        const until = text.code.until(eraMoment(code.expires_at));
        return tablet === null
          ? <><p>{text.code.scan}</p><Qr shown={code} label={text.code.picture} until={until} /></>
          : <><p>{text.again.note}</p><Letters code={code.code} until={until} /></>;
      }}
      end={end}
    />
  );
}
