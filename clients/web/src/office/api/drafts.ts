// What was typed and not yet sent, kept in this tab until it is sent: over a reload, a closed sheet and a sign-in that ran out.
//
// Only longer texts (reasons, notes) are kept; passwords and codes never. Another person's sign-in and signing out end all.

import { useState } from 'react';

const PREFIX = 'tsudoi-draft ';

/** The tab's own storage; null where the browser denies it. */
function storage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

function keep(key: string, text: string): void {
  try {
    if (text === '') storage()?.removeItem(PREFIX + key);
    else storage()?.setItem(PREFIX + key, text);
  } catch {
    // full: the text stays on the screen
  }
}

/** Ends all drafts of this tab. */
export function forgetDrafts(): void {
  const kept = storage();
  if (kept === null) return;
  for (const key of Object.keys(kept)) if (key.startsWith(PREFIX)) kept.removeItem(key);
}

/** A text under a key that names what it is for; set to '' when it is sent. */
export function useKept(key: string): readonly [string, (text: string) => void] {
  const [text, setText] = useState(() => storage()?.getItem(PREFIX + key) ?? '');
  return [text, (next) => {
    setText(next);
    keep(key, next);
  }];
}
