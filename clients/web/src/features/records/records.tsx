// Every record on this tablet, to search and narrow down.

import { type ReactNode, useDeferredValue, useMemo, useState } from 'react';
import { useSnapshot } from '../../core/hooks';
import { type Entry, whenOf } from '../../core/records';
import { municipalityName, type Registry } from '../../core/registry';
import { ja } from '../../i18n/ja';
import { Button } from '../../ui/button';
import { Chips } from '../../ui/chips';
import { INPUT } from '../../ui/field';
import type { FrameProps } from '../../ui/frame';
import { isDateOdd, RecordRow, recordTitle } from '../../ui/record-row';

const PAGE = 60;

const FILTERS = {
  all: () => true,
  unsent: (entry: Entry) => entry.save_state === 'saved',
  conflict: (entry: Entry) => entry.conflict_count > 0 || entry.save_state === 'held' || entry.save_state === 'declined' || isDateOdd(entry),
  planned: (entry: Entry) => entry.group === 'planned',
  held: (entry: Entry) => entry.group === 'held',
  off: (entry: Entry) => entry.group === 'cancelled' || entry.group === 'postponed',
} as const;

type Filter = keyof typeof FILTERS;

function isFilter(text: string): text is Filter {
  return text in FILTERS;
}

/** Folds width and case, so that ＡＣＰ finds ACP. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

export function searchText(entry: Entry, registry: Registry): string {
  return fold([recordTitle(entry), ja.activity(entry.activity), entry.venue, municipalityName(registry, entry.municipality), entry.date].join(' '));
}

export function Records({ frame: Frame }: FrameProps): ReactNode {
  const { entries, registry } = useSnapshot();
  const [typed, setTyped] = useState('');
  const [filter, setFilter] = useState<Filter>('all');
  const [shown, setShown] = useState(PAGE);
  const words = useDeferredValue(typed);

  const indexed = useMemo(
    () =>
      [...entries.values()]
        .sort((a, b) => (whenOf(a) < whenOf(b) ? 1 : -1))
        .map((entry) => ({ entry, text: searchText(entry, registry) })),
    [entries, registry],
  );
  const found = useMemo(() => {
    const wanted = fold(words).split(/\s+/).filter((word) => word !== '');
    return indexed.filter(({ entry, text }) => FILTERS[filter](entry) && wanted.every((word) => text.includes(word)));
  }, [indexed, words, filter]);

  return (
    <Frame title={ja.records.title}>
      <input
        type="search"
        aria-label={ja.records.search}
        placeholder={ja.records.search}
        className={INPUT}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setShown(PAGE);
        }}
      />
      <Chips
        label={ja.records.filter}
        hideLabel
        value={filter}
        options={Object.entries(ja.records.filters).map(([value, label]) => ({ value, label }))}
        onChange={(value) => {
          if (isFilter(value)) setFilter(value);
          setShown(PAGE);
        }}
      />
      <p className="text-[0.875rem] text-muted" role="status">{ja.records.found(found.length)}</p>
      {found.slice(0, shown).map(({ entry }) => <RecordRow key={entry.document} entry={entry} registry={registry} />)}
      {found.length === 0 && <p className="py-6 text-muted">{ja.records.nothing}</p>}
      {found.length > shown && <Button onPress={() => setShown(shown + PAGE)}>{ja.records.more}</Button>}
    </Frame>
  );
}
