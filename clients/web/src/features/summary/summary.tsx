// This tablet's own counts of the present fiscal year, with what is missing said beside each.

import { type ReactNode, useMemo } from 'react';
import { useSnapshot } from '../../core/hooks';
import { fiscalYear, fiscalYearName, todayIso } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { Card, SectionTitle } from '../../ui/card';
import type { FrameProps } from '../../ui/frame';
import { type Figure, summarise } from './summarise';

const NONE: Figure = { total: null, unreported: 0 };

function figureText(figure: Figure, unit: string): string {
  if (figure.total === null) return ja.none;
  return `${figure.total.toLocaleString('ja-JP')}${unit}${figure.unreported > 0 ? ` ${ja.summary.atLeast}` : ''}`;
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

export function Summary({ frame: Frame }: FrameProps): ReactNode {
  const { entries, registry } = useSnapshot();
  const year = fiscalYear(todayIso(new Date()));
  const sums = useMemo(() => summarise(entries.values(), year), [entries, year]);
  const line = (key: string, label: string, figure: Figure, unit: string): Line => ({ key, label, text: figureText(figure, unit), gap: figure.unreported });
  const count = (total: number): Figure => ({ total, unreported: 0 });

  const materials = registry.materials.flatMap((material) =>
    material.eligibilities.flatMap((eligibility) => {
      const figure = sums.measures.get(`material.${material.id}.${eligibility.id}`);
      return figure === undefined ? [] : [line(`${material.id}.${eligibility.id}`, `${material.name}　${eligibility.name}`, figure, material.unit)];
    }),
  );
  const answers = [...sums.measures].flatMap(([measure, figure]) => {
    const [group, question, answer] = measure.split('.');
    if (group !== 'answer' || question === undefined || answer === undefined) return [];
    return [line(measure, `${ja.questionShort(question)}　${ja.answer(answer)}`, figure, ja.people)];
  });
  const kinds = [...sums.kinds].map(([activity, total]) => line(activity ?? '', ja.activity(activity), count(total), ja.summary.times));
  const empty = sums.held + sums.planned + sums.off + sums.measures.size === 0;

  return (
    <Frame title={`${ja.summary.title}　${fiscalYearName(year)}`}>
      <p className="text-muted">{ja.summary.lead(fiscalYearName(year))}</p>
      {empty ? (
        <Card className="px-5 py-6"><p>{ja.summary.empty}</p></Card>
      ) : (
        <>
          <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
            <Big label={ja.summary.held} figure={count(sums.held)} unit={ja.summary.times} />
            <Big label={ja.summary.planned} figure={count(sums.planned)} unit={ja.summary.times} />
            <Big label={ja.summary.attendance} figure={sums.held === 0 ? NONE : sums.attendance} unit={ja.people} />
            <Big label={ja.summary.viewers} figure={sums.viewers} unit={ja.people} />
          </div>
          {sums.off > 0 && <p className="text-muted">{ja.summary.off}　{sums.off}{ja.summary.times}</p>}
          <Table title={ja.summary.materials} lines={materials} />
          <Table title={ja.summary.kinds} lines={kinds} />
          <Table title={ja.summary.answers} lines={answers} />
        </>
      )}
    </Frame>
  );
}
