// A disk nobody listens to.

import type { StoreWatch } from './store';

export const QUIET: StoreWatch = { after: () => () => undefined, closed: () => undefined, slow: () => undefined };
