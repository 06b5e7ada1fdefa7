// Stacked bars by month, with a table of the same numbers.
//
// Shades differ in lightness and carry a pattern, so that they can be told apart on a black and white print.

import { type ReactNode, useId, useState } from 'react';
import { Button } from 'react-aria-components';
import { scaleBand, scaleLinear } from 'd3-scale';
import { office } from '../../i18n/ja-office';
import type { Figure, Named } from '../api/shapes';
import { monthName, monthsOf, plain } from '../format';
import { Cell, Panel } from './figures';
import { marks, stacked } from './scales';

export const SERIES = ['#0017c1', '#4979f5', '#9db7f9', '#dfe8fd', '#7f7f7f', '#c4c4c4'] as const;

export interface MonthCell {
  readonly month: string | null;
  readonly series: string;
  readonly figure: Figure;
}

export interface MonthChartProps {
  readonly title: string;
  readonly label: string;
  readonly unit: string;
  readonly fiscalYear: number;
  readonly series: readonly Named[];
  readonly cells: readonly MonthCell[];
}

const WIDTH = 640;
const HEIGHT = 250;
const LEFT = 46;
const TOP = 22;
const BASE = 214;

export function MonthChart({ title, label, unit, fiscalYear, series, cells }: MonthChartProps): ReactNode {
  const [asTable, setAsTable] = useState(false);
  const tableId = useId();
  const months = monthsOf(fiscalYear);
  const find = (month: string | null, id: string): Figure | null => cells.find((cell) => cell.month === month && cell.series === id)?.figure ?? null;
  const used = series.filter((one) => cells.some((cell) => cell.series === one.id));
  const values = months.map((month) => used.map((one) => find(month, one.id)?.total ?? null));
  const sums = values.map((column) => column.reduce<number | null>((sum, value) => (value === null ? sum : (sum ?? 0) + value), null));
  const most = Math.max(0, ...sums.map((sum) => sum ?? 0));
  const hasChart = sums.some((sum) => sum !== null);
  const unplaced = cells.filter((cell) => cell.month === null);
  const side = cells.length > 0 && (
    <Button className="no-print -my-2 min-h-11 cursor-pointer px-1 text-[0.875rem] text-accent-ink underline underline-offset-4 hover:bg-accent-faint" aria-expanded={asTable} aria-controls={tableId} onPress={() => setAsTable(!asTable)}>
      {asTable ? office.table.hide : office.table.show}
    </Button>
  );
  const nameOf = (id: string): string => series.find((one) => one.id === id)?.name ?? id;
  return (
    <Panel title={title} side={side}>
      {hasChart ? <Bars label={label} months={months} values={values} sums={sums} most={most} used={used} /> : <p className="py-6 text-muted">{office.municipality.chartEmpty}</p>}
      {unplaced.length > 0 && (
        <p className="mt-2 text-[0.875rem] text-muted">
          {office.municipality.chartUnplaced(unplaced.map((cell) => `${nameOf(cell.series)} ${plain(cell.figure, unit)}`).join('、'))}
        </p>
      )}
      <div id={tableId} className={`print-only scroll mt-3 ${asTable ? '' : 'hidden'}`}>
        {cells.length > 0 && (
          <table>
            <caption className="sr-only">{title}</caption>
            <thead><tr><th scope="col">{office.association.month}</th>{used.map((one) => <th key={one.id} scope="col" className="fig">{one.name}</th>)}</tr></thead>
            <tbody>
              {[...months, ...(unplaced.length > 0 ? [null] : [])].map((month) => (
                <tr key={month ?? ''}>
                  <th scope="row">{monthName(month)}</th>
                  {used.map((one) => {
                    const figure = find(month, one.id);
                    return <td key={one.id} className="fig">{figure === null ? <span className="text-[0.875rem] text-muted">{office.none}</span> : <Cell figure={figure} unit={unit} label={`${monthName(month)} ${one.name}`} />}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </Panel>
  );
}

interface BarsProps {
  readonly label: string;
  readonly months: readonly string[];
  readonly values: readonly (readonly (number | null)[])[];
  readonly sums: readonly (number | null)[];
  readonly most: number;
  readonly used: readonly Named[];
}

function Bars({ label, months, values, sums, most, used }: BarsProps): ReactNode {
  const lines = marks(most);
  const y = scaleLinear().domain([0, lines[lines.length - 1] ?? 1]).range([BASE, TOP]);
  const x = scaleBand<number>().domain(months.map((_, index) => index)).range([LEFT, WIDTH - 6]).padding(0.36);
  const left = (column: number): number => x(column) ?? LEFT;
  return (
    <>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label} className="block w-full">
        {lines.map((value) => (
          <g key={value}>
            <line x1={LEFT - 4} x2={WIDTH} y1={y(value)} y2={y(value)} stroke={value === 0 ? '#949494' : '#d9d9d9'} />
            <text x={LEFT - 10} y={y(value) + 4.5} textAnchor="end">{office.number(value)}</text>
          </g>
        ))}
        {stacked(values, used.length).map((piece) => (
          <rect
            key={`${piece.column}-${piece.series}`}
            x={left(piece.column)}
            width={x.bandwidth()}
            y={y(piece.to)}
            height={Math.max(1, y(piece.from) - y(piece.to) - 1)}
            fill={SERIES[piece.series % SERIES.length]}
            stroke="#4d4d4d"
            strokeWidth={0.5}
          />
        ))}
        {months.map((month, column) => {
          const sum = sums[column] ?? null;
          return (
            <g key={month}>
              <text x={left(column) + x.bandwidth() / 2} y={BASE + 22} textAnchor="middle">{monthName(month)}</text>
              {sum !== null && <text x={left(column) + x.bandwidth() / 2} y={y(Math.max(0, sum)) - 6} textAnchor="middle" fontWeight={700}>{office.number(sum)}</text>}
            </g>
          );
        })}
      </svg>
      <ul className="mt-1 flex flex-wrap gap-x-5 gap-y-1 text-[0.875rem]">
        {used.map((one, index) => (
          <li key={one.id} className="flex items-center gap-1.5">
            <svg aria-hidden="true" width="14" height="14"><rect width="14" height="14" rx="3" fill={SERIES[index % SERIES.length]} stroke="#4d4d4d" strokeWidth="0.5" /></svg>
            {one.name}
          </li>
        ))}
      </ul>
    </>
  );
}
