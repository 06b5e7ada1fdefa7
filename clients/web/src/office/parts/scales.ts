// From numbers to places and shades. Pure.

import { scaleLinear } from 'd3-scale';
import { stack } from 'd3-shape';

/** Round marks from 0 to at least `most`; whole numbers only. */
export function marks(most: number): readonly number[] {
  const top = Math.max(1, most);
  const all = scaleLinear().domain([0, top]).nice(4).ticks(4).filter((value) => Number.isInteger(value));
  const last = all[all.length - 1] ?? 0;
  return last < top ? [...all, Math.ceil(top)] : all;
}

export interface Piece {
  readonly column: number;
  readonly series: number;
  readonly from: number;
  readonly to: number;
}

/** Stacks `values[column][series]`; what is not reported takes no room. */
export function stacked(values: readonly (readonly (number | null)[])[], seriesCount: number): readonly Piece[] {
  const keys = Array.from({ length: seriesCount }, (_, index) => index);
  const layers = stack<readonly (number | null)[], number>().keys(keys).value((column, key) => Math.max(0, column[key] ?? 0))([...values]);
  return layers.flatMap((layer, series) =>
    layer.flatMap((point, column) => (point[1] > point[0] ? [{ column, series, from: point[0], to: point[1] }] : [])),
  );
}

/** Which of five shades a number of dispatches gets. */
export function shade(count: number): 0 | 1 | 2 | 3 | 4 {
  if (count <= 0) return 0;
  if (count === 1) return 1;
  if (count === 2) return 2;
  return count <= 4 ? 3 : 4;
}
