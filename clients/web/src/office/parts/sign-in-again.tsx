// Signing in over the screen when the sign-in has run out: what was being done goes on, and what was typed stays.
//
// Invariants: only the same person in the same role goes on; while somebody else is signed in, in this tab or by another
// one, no request of this screen is made (api/client.ts waits for the answer given here), and the screen starts anew.

import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Sheet } from '../../ui/dialog';
import { forgetDrafts } from '../api/drafts';
import { useHub } from '../api/live';
import { nothing } from '../api/proof';
import { type Me, me as parseMe } from '../api/shapes';
import { SignInForm } from './sign-in-form';

const text = office.signIn.again;
const CHANNEL = 'tsudoi-office-sign-in';

/** Nothing; the sheet; the sheet was closed; somebody else is signed in. */
type Shown = 'nothing' | 'form' | 'put off' | Me;

const isSame = (one: Me, other: Me): boolean =>
  one.person.id === other.person.id && one.tenant.code === other.tenant.code && one.role === other.role && one.organisation === other.organisation;

export function SignInAgain({ me, startAnew }: { readonly me: Me; readonly startAnew: (me: Me) => void }): ReactNode {
  const { api, refresh } = useHub();
  const [shown, setShown] = useState<Shown>('nothing');
  const isPutOff = useRef(false);
  const waiting = useRef<((signedIn: boolean) => void) | null>(null);
  const channel = useRef<BroadcastChannel | null>(null);

  const whoIs = useCallback(async (): Promise<Me | null> => {
    const answer = await api.bare.get('/v1/me', parseMe);
    return answer.ok ? answer.value : null;
  }, [api]);
  const finish = useCallback((signedIn: boolean): void => {
    isPutOff.current = !signedIn;
    setShown(signedIn ? 'nothing' : 'put off');
    waiting.current?.(signedIn);
    waiting.current = null;
    if (signedIn) refresh();
  }, [refresh]);
  /** Somebody is signed in: goes on when it is the same person, else says so. */
  const settle = useCallback((found: Me): void => {
    if (isSame(found, me)) finish(true);
    else setShown(found);
  }, [me, finish]);

  useEffect(() => {
    api.signInWith(async (urgent) => {
      const found = await whoIs();
      if (found !== null && isSame(found, me)) {
        finish(true);
        return true;
      }
      if (found === null && isPutOff.current && !urgent) return false;
      return new Promise((done) => {
        waiting.current = done;
        setShown(found ?? 'form');
      });
    });
    return () => {
      api.signInWith(null);
      waiting.current?.(false);
      waiting.current = null;
    };
  }, [api, me, whoIs, finish]);

  useEffect(() => {
    const others = new BroadcastChannel(CHANNEL);
    channel.current = others;
    others.postMessage('signed in');
    const look = async (): Promise<void> => {
      const found = await whoIs();
      if (found === null) return;
      if (waiting.current !== null) settle(found);
      else if (isPutOff.current || !isSame(found, me)) void api.signIn();
    };
    const heard = (): void => void look();
    const seen = (): void => {
      if (document.visibilityState === 'visible') void look();
    };
    others.addEventListener('message', heard);
    document.addEventListener('visibilitychange', seen);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      others.close();
      channel.current = null;
    };
  }, [api, me, whoIs, settle]);

  /** Back to the role of the screen. */
  const takeRole = async (): Promise<void> => {
    await api.bare.post('/v1/me/role', { role: me.role, organisation: me.organisation }, nothing);
    const found = await whoIs();
    if (found === null) setShown('form');
    else settle(found);
  };
  const entered = async (): Promise<void> => {
    channel.current?.postMessage('signed in');
    const found = await whoIs();
    if (found === null) return;
    if (found.person.id === me.person.id && !isSame(found, me)) await takeRole();
    else settle(found);
  };
  const begin = (found: Me): void => {
    if (found.person.id !== me.person.id || found.tenant.code !== me.tenant.code) forgetDrafts();
    startAnew(found);
  };

  if (shown === 'nothing') return null;
  if (shown === 'put off') {
    return (
      <div role="status" className="no-print fixed inset-x-0 bottom-0 z-40 flex flex-wrap items-center justify-center gap-x-4 gap-y-1 border-t border-wait-line bg-wait-soft px-5 py-2 text-wait">
        <p>{text.over}</p>
        <Button onPress={() => api.signIn()}>{office.signIn.submit}</Button>
      </div>
    );
  }
  if (shown === 'form') {
    return (
      <Sheet title={text.title} open onClose={() => finish(false)}>
        <div className="flex min-h-0 flex-col gap-5 overflow-y-auto p-1">
          <p>{text.lead(me.person.name)}</p>
          <SignInForm calls={api.bare} entered={() => void entered()} over />
        </div>
      </Sheet>
    );
  }
  const isOther = shown.person.id !== me.person.id || shown.tenant.code !== me.tenant.code;
  return (
    <Sheet title={isOther ? text.otherTitle(shown.person.name) : text.roleTitle} open onClose={null}>
      <p>{isOther ? text.other(me.person.name, shown.person.name) : text.role(office.role(shown.role))}</p>
      <div className="flex flex-wrap justify-end gap-3">
        <Button onPress={() => (isOther ? setShown('form') : void takeRole())}>{isOther ? text.asBefore(me.person.name) : text.roleBefore(office.role(me.role))}</Button>
        <Button look="primary" onPress={() => begin(shown)}>{text.anew(isOther ? shown.person.name : office.role(shown.role))}</Button>
      </div>
    </Sheet>
  );
}
