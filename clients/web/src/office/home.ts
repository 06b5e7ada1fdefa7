// Which dashboard a role opens with.

import type { Me } from './api/shapes';

export function homeOf(me: Me): string {
  const municipality = `/municipality/${encodeURIComponent(me.organisation)}`;
  const association = `/association/${encodeURIComponent(me.organisation)}`;
  switch (me.role) {
    case 'municipal':
      return municipality;
    case 'staff':
      // of a municipality, named by digits, or of a hub
      return /^\d+$/.test(me.organisation) ? municipality : association;
    case 'coordinator':
    case 'lecturer':
      return association;
    default:
      return '/prefecture';
  }
}
