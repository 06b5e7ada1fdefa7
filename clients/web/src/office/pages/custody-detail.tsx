// One matter in custody: what it would do, in words, and a person's decision with a reason.

import { type FormEvent, type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { ja } from '../../i18n/ja';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';
import { INPUT, Labelled } from '../../ui/field';
import { PersonalWarning } from '../../ui/personal';
import { useKept } from '../api/drafts';
import { useHub, useLive } from '../api/live';
import { type CustodyDetail, custodyDetail, decided } from '../api/proof';
import { eraMoment } from '../format';
import { EffectLine } from '../parts/effect';
import { Panel } from '../parts/figures';
import { Loaded, problemText, useTitle } from '../parts/frame';
import { useNames } from '../parts/names';
import { PrintButton } from '../parts/print';

const text = office.custody;

function Decide({ data, done }: { readonly data: CustodyDetail; readonly done: () => void }): ReactNode {
  const { api } = useHub();
  const [reason, setReason] = useKept(`custody ${data.document} ${data.device.id}`);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  // nothing is decided on that came while the reason was typed
  const waiting = data.waiting.join();
  const [seen, setSeen] = useState(waiting);
  const decide = async (decision: 'admitted' | 'declined'): Promise<void> => {
    if (reason.trim() === '') return setProblem(text.reasonNeeded);
    if (seen !== waiting) {
      setSeen(waiting);
      return setProblem(text.moreArrived);
    }
    setBusy(true);
    const answer = await api.post('/v1/custody/decisions', { document: data.document, device: data.device.id, hashes: data.waiting, decision, reason: reason.trim() }, decided);
    setBusy(false);
    if (answer.ok) {
      setReason('');
      done();
    } else setProblem(problemText(answer.problem));
  };
  return (
    <Panel title={text.decide}>
      <form className="flex max-w-[44rem] flex-col gap-4" onSubmit={(event: FormEvent) => event.preventDefault()}>
        <Labelled label={text.yourReason} help={text.reasonHelp}>
          {(id, helpId) => (
            <textarea id={id} className={`${INPUT} min-h-24`} maxLength={500} value={reason} required
              aria-invalid={problem !== null} aria-describedby={problem === null ? helpId : `${id}-problem ${helpId ?? ''}`}
              onChange={(event) => {
                setReason(event.target.value);
                setProblem(null);
              }} />
          )}
        </Labelled>
        <PersonalWarning text={reason} />
        <Failure look="line" text={problem} />
        <div className="flex flex-wrap gap-3">
          <Button look="primary" isDisabled={busy} onPress={() => decide('admitted')}>{text.admit}</Button>
          <Button isDisabled={busy} onPress={() => decide('declined')}>{text.decline}</Button>
        </div>
        <p className="text-[0.875rem] text-muted">{text.decideNote}</p>
      </form>
    </Panel>
  );
}

function Screen({ data, again }: { readonly data: CustodyDetail; readonly again: () => void }): ReactNode {
  const names = useNames();
  const title = data.title ?? text.unknownRecord(office.kind(data.kind));
  useTitle(`${text.title} ${title}`);
  const last = data.authors.at(-1);
  const isDecided = data.waiting.length === 0;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [text.what, data.record_visible ? <Link href={`/records/${data.document}`} className="link">{title}</Link> : title],
    [data.brought_from.length === 0 ? text.device : text.broughtBy, data.device.name],
    ...(data.brought_from.length === 0 ? [] : [[text.broughtFrom, data.brought_from.map((device) => device.name).join(ja.separator)] as const]),
    ...(isDecided && last === undefined ? [] : [[text.author, last === undefined ? office.record.someone : `${last.person?.name ?? office.record.someone}（${eraMoment(last.at)}）`] as const]),
    [text.received, eraMoment(data.received_at)],
    [text.reason, data.codes.map((code) => <span key={code} className="block">{office.custodyReason(code)}</span>)],
  ];
  return (
    <>
      <header>
        <Link href="/custody" className="link no-print inline-block py-2 text-[0.9375rem]">{text.back}</Link>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h1 className="text-[1.75rem] leading-130">{title}</h1>
          <PrintButton />
        </div>
      </header>
      <Panel title={text.about}>
        <dl className="grid grid-cols-[8.5rem_minmax(0,1fr)] text-[0.9375rem]">
          {facts.map(([name, value]) => (
            <div key={name} className="col-span-2 grid grid-cols-subgrid border-b border-[#e6e6e6] py-1.5 last:border-b-0">
              <dt className="text-muted">{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Panel>
      {data.brought_from.length > 0 && data.waiting.length > 0 && <p className="rounded-8 bg-wait-soft px-4 py-2 text-wait">{text.broughtNote}</p>}
      <Panel title={text.effects}>
        {data.cut && <p className="mb-2 rounded-8 bg-wait-soft px-4 py-2 text-wait">{text.cut}</p>}
        {!data.fits && !data.cut && data.record_visible && <p className="mb-2 rounded-8 bg-wait-soft px-4 py-2 text-wait">{text.doesNotFit}</p>}
        {data.effects.length === 0 ? <p className="text-muted">{isDecided ? text.afterDecision : text.noEffects}</p> : (
          <ul className="flex flex-col">
            {data.effects.map((effect, index) => (
              <li key={`${effect.kind}-${effect.name}-${index}`} className="grid grid-cols-[minmax(8rem,14rem)_minmax(0,1fr)] gap-x-4 border-b border-[#e6e6e6] py-1.5 last:border-b-0">
                <EffectLine effect={effect} names={names} tense={data.fits ? 'would' : 'holds'} />
              </li>
            ))}
          </ul>
        )}
      </Panel>
      {data.decisions.map((decision) => (
        <Panel key={`${decision.at}-${decision.decision}`} title={text.decided(decision.decision)}>
          <p className="whitespace-pre-wrap">{decision.reason}</p>
          <p className="mt-1 text-[0.875rem] text-muted">{decision.by.name}{ja.separator}{eraMoment(decision.at)}</p>
        </Panel>
      ))}
      {data.may_decide && <Decide data={data} done={again} />}
      {!data.may_decide && data.waiting.length > 0 && <p className="text-muted">{text.othersDecide}</p>}
    </>
  );
}

export function CustodyDetailPage({ document, device }: { readonly document: string; readonly device: string }): ReactNode {
  const live = useLive(`/v1/custody/${encodeURIComponent(document)}/${encodeURIComponent(device)}`, custodyDetail);
  return <Loaded live={live}>{(data) => <Screen data={data} again={live.again} />}</Loaded>;
}
