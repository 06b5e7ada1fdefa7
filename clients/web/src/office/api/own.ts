// Answers on signing in, parsed at the door.

import * as p from '../../core/parse';

export const ways = p.object((f) => ({ passkeys: f.get('passkeys', p.boolean), provider: f.get('provider', p.nullable(p.string)) }));
export type Ways = ReturnType<typeof ways>;

export const own = p.object((f) => ({
  name: f.get('name', p.nullable(p.string)),
  password_set_at: f.get('password_set_at', p.nullable(p.integer)),
  passkeys: f.get('passkeys', p.array(p.object((k) => ({
    id: k.get('id', p.string), name: k.get('name', p.string), added_at: k.get('added_at', p.integer), used_at: k.get('used_at', p.nullable(p.integer)),
  })))),
  passkeys_possible: f.get('passkeys_possible', p.boolean),
  provider: f.get('provider', p.nullable(p.string)),
  linked: f.get('linked', p.boolean),
  logins: f.get('logins', p.array(p.object((l) => ({
    id: l.get('id', p.string), method: l.get('method', p.string), peer: l.get('peer', p.string), agent: l.get('agent', p.string),
    began_at: l.get('began_at', p.integer), seen_at: l.get('seen_at', p.integer), current: l.get('current', p.boolean),
  })))),
  proved_until: f.get('proved_until', p.integer),
}));
export type Own = ReturnType<typeof own>;

export const accepted: p.Parse<true> = p.object(() => true as const);
