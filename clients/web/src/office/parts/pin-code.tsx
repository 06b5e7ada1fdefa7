// A code for a lost PIN of one person on one tablet.

import type { ReactNode } from 'react';
import { office } from '../../i18n/ja-office';
import { type Holder, pinCode, type Tablet } from '../api/devices';
import { useHub } from '../api/live';
import { eraMoment } from '../format';
import { GiveCode } from './give-code';
import { peopleOf } from './holders';
import { Letters } from './qr';

const text = office.devices.pin;

export function PinReset({ holders, tablet, end }: { readonly holders: readonly Holder[]; readonly tablet: Tablet; readonly end: () => void }): ReactNode {
  const { api } = useHub();
  const people = peopleOf(holders, tablet);
  const nameOf = (chosen: string): string => people.find((one) => one.id === chosen)?.name ?? '';
  return (
    <GiveCode
      text={text}
      lead={text.lead}
      first={people.some((one) => one.id === tablet.person.id) ? tablet.person.id : ''}
      options={people.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
      give={(person) => (person === '' ? text.choose : api.post(`/v1/devices/${tablet.device}/pin-code`, { person }, pinCode))}
      shown={(code, chosen) => (
        <>
          <p>{text.note(nameOf(chosen))}</p>
          <Letters code={code.code} until={text.until(eraMoment(code.expires_at))} />
        </>
      )}
      end={end}
    />
  );
}
