// Who can be given a tablet, and what of them is looked at.

import type { ReactNode } from 'react';
import type { Lecturer } from '../../core/registry';
import { office } from '../../i18n/ja-office';
import { inOrder } from '../../i18n/order';
import type { Holder, Tablet } from '../api/devices';

export const keyOf = (holder: Holder): string => `${holder.person.id} ${holder.role} ${holder.organisation}`;

export function HolderOptions({ holders }: { readonly holders: readonly Holder[] }): ReactNode {
  return inOrder(holders, (one) => one.person.name).map((one) => <option key={keyOf(one)} value={keyOf(one)}>{one.person.name}（{office.role(one.role)}）</option>);
}

/** Who is chosen at first for this tablet: who registered it, in the same role before any other; '' when they are gone. */
export function firstHolder(holders: readonly Holder[], { person, role }: Tablet): string {
  const own = holders.filter((one) => one.person.id === person.id);
  const found = own.find((one) => one.role === role) ?? own[0];
  return found === undefined ? '' : keyOf(found);
}

/** Whose PIN can be replaced on this tablet: each person once. */
export function peopleOf(holders: readonly Holder[], tablet: Tablet): readonly Holder['person'][] {
  const all = [...(tablet.holder_gone ? [] : [tablet.person]), ...holders.map((one) => one.person)];
  return inOrder([...new Map(all.map((one) => [one.id, one])).values()], (one) => one.name);
}

const plain = (name: string): string => name.normalize('NFKC').replace(/\s/g, '');

/** The lecturer with whose name a person's begins, when there is only one; else ''. */
export function lecturerOf(person: string, lecturers: readonly Lecturer[]): string {
  const [found, other] = lecturers.filter((one) => plain(person).startsWith(plain(`${one.surname}${one.given_name ?? ''}`)));
  return found === undefined || other !== undefined ? '' : found.id;
}
