// Which dashboard a role opens with.

import type { Me } from './api/shapes';

export function homeOf(me: Me): string {
  switch (me.role) {
    case 'municipal':
    case 'staff':
      return `/municipality/${encodeURIComponent(me.organisation)}`;
    case 'coordinator':
    case 'lecturer':
      return `/association/${encodeURIComponent(me.organisation)}`;
    default:
      return '/prefecture';
  }
}
