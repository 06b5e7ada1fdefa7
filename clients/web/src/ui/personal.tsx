// Says below a field that what was typed looks like personal data. It never keeps anyone from saving.
//
// The rules are loaded when the first text is there: nothing waits for them, and the first screen does not carry them.

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { personalData } from '../core/personal';
import { ja } from '../i18n/ja';

/** Names that may stand in texts: registered lecturers. */
export const KnownNames = createContext<readonly string[]>([]);

/** The names by which a text may call the lecturers of the registry. */
export function lecturerNames(lecturers: readonly { readonly surname: string; readonly given_name: string | null }[]): readonly string[] {
  return lecturers.flatMap((one) => (one.given_name === null ? [one.surname] : [one.surname, one.surname + one.given_name]));
}

/** `say` puts it in other words where the text is read and not typed. */
export function PersonalWarning({ text, say = ja.personal.found }: { readonly text: string; readonly say?: (place: string, what: string) => string }): ReactNode {
  const known = useContext(KnownNames);
  const [rules, setRules] = useState<{ readonly find: typeof personalData } | null>(null);
  const wanted = rules === null && text !== '';
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    // without the rules there is no warning, and everything else works
    import('../core/personal').then(({ personalData: find }) => (gone ? undefined : setRules({ find })), () => undefined);
    return () => {
      gone = true;
    };
  }, [wanted]);
  const found = useMemo(() => rules?.find(text, known) ?? [], [rules, text, known]);
  return (
    <div role="status">
      {found.map(({ kind, text: place }) => (
        <p key={kind} className="mt-1 rounded-8 bg-wait-soft px-3 py-2 text-[0.9375rem] font-bold text-wait">{say(place, ja.personal.kinds[kind])}</p>
      ))}
    </div>
  );
}
