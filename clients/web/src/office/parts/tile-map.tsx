// The municipalities as squares in rough geographic order: small towns stay as easy to hit as large cities.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { office } from '../../i18n/ja-office';
import type { Prefecture } from '../api/shapes';
import { shade } from './scales';
import { COLUMNS, ROW_COUNT, TILES } from './tiles';

const FILL = ['#ffffff', '#d9e6ff', '#9db7f9', '#4979f5', '#0017c1'] as const;
/** Text that keeps a contrast of 4.5 on each fill. */
const INK = ['#1a1a1a', '#1a1a1a', '#1a1a1a', '#000000', '#ffffff'] as const;
const SIDE = 54;
const GAP = 4;

export function TileMap({ data }: { readonly data: Prefecture }): ReactNode {
  const held = new Map(data.by_municipality.map((one) => [one.municipality?.id ?? '', { name: one.municipality?.name ?? '', count: one.dispatches.held.total ?? 0 }]));
  return (
    <>
      <svg viewBox={`-2 -2 ${COLUMNS * (SIDE + GAP)} ${ROW_COUNT * (SIDE + GAP)}`} role="group" aria-label={office.prefecture.mapLabel} className="block w-full max-w-[44rem]">
        {TILES.map((tile) => {
          const one = held.get(tile.code);
          const level = shade(one?.count ?? 0);
          const [x, y] = [tile.column * (SIDE + GAP), tile.row * (SIDE + GAP)];
          const long = tile.short.length > 3;
          return (
            <Link key={tile.code} href={`/municipality/${tile.code}?fiscal_year=${data.fiscal_year}`}>
              <g className="cursor-pointer">
                <rect x={x} y={y} width={SIDE} height={SIDE} rx={6} fill={FILL[level]} stroke={level === 0 ? '#949494' : '#4d4d4d'} strokeWidth={level === 0 ? 1 : 0.5} strokeDasharray={level === 0 ? '3 2' : undefined} />
                <text x={x + SIDE / 2} y={y + 22} textAnchor="middle" style={{ fill: INK[level], fontSize: long ? 11.5 : 13 }}>{tile.short}</text>
                <text x={x + SIDE / 2} y={y + 42} textAnchor="middle" style={{ fill: INK[level], fontSize: level === 0 ? 12 : 15, fontWeight: level === 0 ? 400 : 700 }}>{one === undefined || one.count === 0 ? office.prefecture.legend[0] : one.count}</text>
              </g>
            </Link>
          );
        })}
      </svg>
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-[0.875rem]">
        {office.prefecture.legend.map((name, index) => (
          <li key={name} className="flex items-center gap-1.5">
            <svg aria-hidden="true" width="16" height="16"><rect x="0.5" y="0.5" width="15" height="15" rx="3" fill={FILL[index]} stroke="#949494" /></svg>
            {name}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Whether every municipality listed has a square; the grid is that of one prefecture. */
export function hasTiles(municipalities: Prefecture['by_municipality']): boolean {
  const known = new Set(TILES.map((tile) => tile.code));
  const listed = municipalities.flatMap((one) => (one.municipality === null ? [] : [one.municipality.id]));
  return listed.length === TILES.length && listed.every((code) => known.has(code));
}
