// The figures of the present fiscal year as the core sums them over the records of this tablet, with what is missing said
// beside each. What counts, and as what, is the core's to say.

import { type ReactNode, useEffect, useState } from 'react';
import { useClient, useReady, useSnapshot } from '../../core/hooks';
import type { Identity } from '../../core/protocol';
import type { Entry, Sum, Sums } from '../../core/records';
import { fiscalYear, fiscalYearName, todayIso } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { Card, SectionTitle } from '../../ui/card';
import type { FrameProps } from '../../ui/frame';

interface Figure {
  /** null: nobody reported any. */
  readonly total: number | null;
  readonly unreported: number;
}

const NONE: Figure = { total: null, unreported: 0 };

function figureOf(sum: Sum | undefined): Figure {
  return sum === undefined ? NONE : { total: sum.reported > 0 ? sum.total : null, unreported: sum.unreported };
}

function figureText(figure: Figure, unit: string): string {
  if (figure.total === null) return ja.none;
  return `${figure.total.toLocaleString('ja-JP')}${unit}${figure.unreported > 0 ? ` ${ja.summary.atLeast}` : ''}`;
}

/** The scope of the organisation this tablet works for; empty when it has none. */
function scopeOf(identity: Identity): string {
  return identity.scopes.find((scope) => scope === `municipality:${identity.organisation}` || scope === `association:${identity.organisation}`) ?? '';
}

function Big({ label, figure, unit }: { readonly label: string; readonly figure: Figure; readonly unit: string }): ReactNode {
  return (
    <Card className="flex flex-col px-5 py-4" label={label}>
      <span className="text-muted">{label}</span>
      {figure.total === null ? (
        <span className="py-2 text-[1.25rem] text-muted">{ja.none}</span>
      ) : (
        <span>
          <span className="num text-[2.5rem] leading-120">{figure.total.toLocaleString('ja-JP')}</span> {unit}
          {figure.unreported > 0 && <b> {ja.summary.atLeast}</b>}
        </span>
      )}
      {figure.unreported > 0 && <span className="text-[0.875rem] text-wait">{ja.summary.missing(figure.unreported)}</span>}
    </Card>
  );
}

interface Line {
  readonly key: string;
  readonly label: string;
  readonly text: string;
  readonly gap: number;
}

function Table({ title, lines }: { readonly title: string; readonly lines: readonly Line[] }): ReactNode {
  if (lines.length === 0) return null;
  return (
    <>
      <SectionTitle>{title}</SectionTitle>
      <Card className="px-5 py-2">
        <table className="w-full">
          <thead className="sr-only"><tr><th scope="col">{ja.summary.item}</th><th scope="col">{ja.summary.count}</th></tr></thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.key} className="border-b border-line last:border-0">
                <th scope="row" className="py-2.5 text-left font-normal">{line.label}</th>
                <td className="num py-2.5 text-right">
                  {line.text}
                  {line.gap > 0 && <span className="ml-3 text-[0.875rem] font-normal text-wait">{ja.summary.missing(line.gap)}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
    </>
  );
}

/** Records of a group, over all activities. */
function records(sums: Sums, group: string): Figure {
  const of = Object.entries(sums).filter(([id]) => id.startsWith('record.') && id.endsWith(`.${group}`));
  return { total: of.reduce((sum, [, { total }]) => sum + total, 0), unreported: 0 };
}

export function Summary({ frame: Frame }: FrameProps): ReactNode {
  const client = useClient();
  const { identity } = useReady();
  const { entries, registry } = useSnapshot();
  const [sums, setSums] = useState<Sums | null>(null);
  const year = fiscalYear(todayIso(new Date()));
  const scope = scopeOf(identity);
  useEffect(() => {
    let current = true;
    void client.figures(year, scope).then((found) => {
      if (current && found !== undefined) setSums(found);
    });
    return () => {
      current = false;
    };
  }, [client, entries, year, scope]);
  if (sums === null) return <Frame title={ja.summary.title}><p className="text-muted">{ja.starting}</p></Frame>;

  const [kind, code] = scope.split(':');
  const organisations = kind === 'municipality' ? registry.municipalities.map((one) => ({ id: one.code, name: one.name })) : registry.associations;
  const organisation = organisations.find((one) => one.id === code)?.name ?? null;
  const line = (id: string, label: string, unit: string): readonly Line[] => {
    const sum = sums[id];
    if (sum === undefined || sum.reported + sum.unreported === 0) return [];
    const figure = figureOf(sum);
    return [{ key: id, label, text: figureText(figure, unit), gap: figure.unreported }];
  };
  const under = (prefix: string): readonly string[] => Object.keys(sums).filter((id) => id.startsWith(prefix));
  const last = (id: string): string => id.split('.').at(-1) ?? '';

  const materials = registry.materials.flatMap((material) =>
    material.eligibilities.flatMap((eligibility) => line(`material.${material.id}.${eligibility.id}`, `${material.name}　${eligibility.name}`, material.unit)));
  const answers = under('answer.').flatMap((id) => line(id, `${ja.questionShort(id.split('.')[1] ?? '')}　${ja.answer(last(id))}`, ja.people));
  const consultations = under('consultation.').flatMap((id) => line(id, ja.consultationWay(last(id)), ja.summary.times));
  const bands = under('attendance.band.').flatMap((id) => line(id, ja.band(last(id)), ja.people));
  const audiences = under('attendance.audience.').flatMap((id) => line(id, ja.audience(last(id)), ja.people));
  const kinds = under('record.').filter((id) => id.endsWith('.held')).flatMap((id) => {
    const activity = id.split('.')[1] ?? 'none';
    return line(id, ja.activity(activity === 'none' ? null : activity), ja.summary.times);
  });
  const off = (records(sums, 'cancelled').total ?? 0) + (records(sums, 'postponed').total ?? 0);

  const conflict = records(sums, 'conflict').total ?? 0;
  const all = [...entries.values()];
  const isCounted = (entry: Entry): boolean => Object.values(entry.tallies).some((count) => count !== null && count !== 0);
  const withoutYear = all.filter((entry) => entry.fiscal_year === null && isCounted(entry)).length;
  const notHeld = all.filter((entry) => ['planned', 'cancelled', 'postponed'].includes(entry.group) && entry.fiscal_year === year && isCounted(entry)).length;
  const left = [...(withoutYear > 0 ? [ja.summary.withoutYear(withoutYear)] : []), ...(notHeld > 0 ? [ja.summary.notHeld(notHeld)] : [])];

  return (
    <Frame title={`${ja.summary.title}　${fiscalYearName(year)}`}>
      <p className="text-muted">{ja.summary.lead(fiscalYearName(year), organisation)}</p>
      {Object.keys(sums).length === 0 && withoutYear === 0 ? (
        <Card className="px-5 py-6"><p>{ja.summary.empty}</p></Card>
      ) : (
        <>
          <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
            <Big label={ja.summary.held} figure={records(sums, 'held')} unit={ja.summary.times} />
            <Big label={ja.summary.planned} figure={records(sums, 'planned')} unit={ja.summary.times} />
            <Big label={ja.summary.attendance} figure={figureOf(sums['attendance'])} unit={ja.people} />
            <Big label={ja.summary.viewers} figure={figureOf(sums['screening.viewers'])} unit={ja.people} />
          </div>
          {off > 0 && <p className="text-muted">{ja.summary.off}　{off}{ja.summary.times}</p>}
          {left.map((text) => <p key={text} className="text-wait">{text}</p>)}
          {conflict > 0 && <p className="text-wait"><b>{ja.summary.conflict}　{conflict}{ja.summary.times}</b>　{ja.summary.conflictHelp}</p>}
          <Table title={ja.summary.materials} lines={materials} />
          <Table title={ja.summary.kinds} lines={kinds} />
          <Table title={ja.summary.heads(ja.attendance.modes.band)} lines={bands} />
          <Table title={ja.summary.heads(ja.attendance.modes.audience)} lines={audiences} />
          <Table title={ja.summary.answers} lines={answers} />
          <Table title={ja.summary.consultations} lines={consultations} />
        </>
      )}
    </Frame>
  );
}
