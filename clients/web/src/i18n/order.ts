// The order in which names stand: as a Japanese reader expects it, and numbers by their size.

const collator = new Intl.Collator('ja', { numeric: true });

/** The same in the order of their readings, and where one has none, of its name. */
export function inOrder<T>(all: readonly T[], nameOf: (one: T) => string, readingOf: (one: T) => string = () => ''): readonly T[] {
  const key = (one: T): string => readingOf(one) || nameOf(one);
  return [...all].sort((one, other) => collator.compare(key(one), key(other)) || collator.compare(nameOf(one), nameOf(other)));
}
