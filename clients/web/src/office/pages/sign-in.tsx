// Signing in, where nobody is signed in yet.

import { type ReactNode, useEffect, useState } from 'react';
import { office } from '../../i18n/ja-office';
import type { Api } from '../api/client';
import { takeCode } from '../link';
import { SignInForm } from '../parts/sign-in-form';

const text = office.signIn;

export function SignIn({ api, entered }: { readonly api: Api; readonly entered: () => void }): ReactNode {
  const [linked] = useState(takeCode);
  const [byCode, setByCode] = useState(linked !== '');
  const [said] = useState<string | null>(() => {
    const came = new URLSearchParams(window.location.search).get('problem');
    return came === null ? null : text.cameBack(came);
  });
  useEffect(() => {
    document.title = office.title;
    // an old problem does not stay in the address
    if (window.location.search !== '') window.history.replaceState(null, '', window.location.pathname);
  }, []);
  return (
    <main className="mx-auto flex min-h-dvh max-w-[30rem] flex-col justify-center gap-6 px-6 py-12">
      <div>
        <p className="text-[1.25rem] font-bold">{office.app}</p>
        <h1 className="mt-4 text-[1.75rem]">{text.title}</h1>
        <p className="mt-1 text-muted">{byCode ? text.lead : text.leadPassword}</p>
      </div>
      <SignInForm calls={api.bare} entered={entered} linked={linked} said={said} turned={setByCode} />
    </main>
  );
}
