// The fiscal year of a dashboard lives in the address, so that a link or a reload keeps it.

import { useSearchParams } from 'wouter';

export function useYear(): readonly [string, (year: number) => void] {
  const [search, setSearch] = useSearchParams();
  const year = search.get('fiscal_year');
  const query = year !== null && /^\d{4}$/.test(year) ? `?fiscal_year=${year}` : '';
  return [query, (next) => setSearch({ fiscal_year: String(next) }, { replace: true })];
}
