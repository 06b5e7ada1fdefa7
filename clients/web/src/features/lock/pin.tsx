// PINs, and a new one entered twice.

import { type ReactNode, useState } from 'react';
import { ja } from '../../i18n/ja';
import { SecretInput } from './code';

const DIGITS = 6;

export interface NewPin {
  /** The PIN, or what is wrong with it. */
  readonly read: () => { readonly ok: true; readonly pin: string } | { readonly ok: false; readonly problem: string };
  readonly fields: ReactNode;
}

export function PinInput({ label, help = '', value, change }: { readonly label: string; readonly help?: string; readonly value: string; readonly change: (text: string) => void }): ReactNode {
  return <SecretInput label={label} help={help} value={value} change={change} type="password" inputMode="numeric" />;
}

export function useNewPin(): NewPin {
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  return {
    read: () => {
      const pin = first.normalize('NFKC');
      if (!/^\d+$/.test(pin) || pin.length < DIGITS) return { ok: false, problem: ja.pin.tooShort };
      if (/^(\d)\1*$/.test(pin) || '01234567890'.includes(pin) || '09876543210'.includes(pin)) return { ok: false, problem: ja.pin.tooSimple };
      return pin === second.normalize('NFKC') ? { ok: true, pin } : { ok: false, problem: ja.pin.differs };
    },
    fields: (
      <>
        <PinInput label={ja.pin.new} help={ja.pin.help} value={first} change={setFirst} />
        <PinInput label={ja.pin.again} value={second} change={setSecond} />
      </>
    ),
  };
}
