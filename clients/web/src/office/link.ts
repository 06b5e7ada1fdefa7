// The code in a one-time sign-in link: it stands behind the #, which no server and no log gets to see.

/** Takes the code out of the address, so that it stays in no history. */
export function takeCode(): string {
  const code = new URLSearchParams(window.location.hash.slice(1)).get('code') ?? '';
  if (code !== '') window.history.replaceState(null, '', window.location.pathname + window.location.search);
  return code;
}
