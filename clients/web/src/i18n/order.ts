// The order in which names stand: as a Japanese reader expects it, and numbers by their size.

const collator = new Intl.Collator('ja', { numeric: true });

/** The same in the order of their names. */
export function inOrder<T>(all: readonly T[], nameOf: (one: T) => string): readonly T[] {
  return [...all].sort((one, other) => collator.compare(nameOf(one), nameOf(other)));
}
