// The registry as screens read it: what the core holds of it, with the names that came with records and those of the tablet itself.

import * as p from '../core/parse';
import { type Named, named } from '../core/registry';

const known = p.object((f) => ({ people: f.get('people', p.list(named)), devices: f.get('devices', p.list(named)) }));

/** All JSON. Who is at this tablet is known without a record of theirs. */
export function withNames(registry: string, names: string, own: { readonly people: readonly Named[]; readonly device: Named }): string {
  const { people, devices } = p.json(known, names);
  return JSON.stringify(Object.assign({}, JSON.parse(registry), { people: [...own.people, ...people], devices: [own.device, ...devices] }));
}
