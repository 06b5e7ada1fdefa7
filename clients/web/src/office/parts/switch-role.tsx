// Going on in another of one's roles. Shown to those who have several.

import type { ReactNode } from 'react';
import { office } from '../../i18n/ja-office';
import { useHub, useLive } from '../api/live';
import { nothing } from '../api/proof';
import { roles } from '../api/rights';
import type { Me } from '../api/shapes';

export function SwitchRole({ me }: { readonly me: Me }): ReactNode {
  const { api } = useHub();
  const live = useLive('/v1/me/roles', roles);
  const own = live.value ?? [];
  if (own.length < 2) return null;
  const present = own.findIndex((one) => one.role === me.role && one.organisation.id === me.organisation);
  const choose = async (index: number): Promise<void> => {
    const chosen = own[index];
    if (chosen === undefined) return;
    const answer = await api.post('/v1/me/role', { role: chosen.role, organisation: chosen.organisation.id }, nothing);
    // every screen is another one in another role
    if (answer.ok) window.location.assign('/office');
  };
  return (
    <select
      aria-label={office.nav.role}
      className="min-h-11 max-w-full rounded-8 border border-line-strong bg-surface px-2 text-[0.9375rem] hover:border-ink"
      value={present}
      onChange={(event) => void choose(Number(event.target.value))}
    >
      {own.map((one, index) => <option key={`${one.role} ${one.organisation.id}`} value={index}>{office.role(one.role)} {one.organisation.name}</option>)}
    </select>
  );
}
