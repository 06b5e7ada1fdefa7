// Numbers as people type them here: half or full width, with or without 人.

/** A count from typed text; null when it is none. */
export function parseCount(text: string): number | null {
  const digits = text.normalize('NFKC').replace(/[\s,、人枚組冊部]/g, '');
  if (!/^\d{1,5}$/.test(digits)) return null;
  return Number(digits);
}
