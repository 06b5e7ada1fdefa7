// What the open record is and how safe it is. Where there is little room the long forms give way, so that the record is seen.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useSnapshot } from '../../core/hooks';
import { fieldText, type RecordView } from '../../core/records';
import { lecturerName } from '../../core/registry';
import { dayName, longDate } from '../../i18n/dates';
import { ja } from '../../i18n/ja';
import { recordPlace, recordTitle, undecided } from '../../ui/record-row';
import { StateText, SyncPill } from '../../ui/save-state';

export function Header({ view, fresh }: { readonly view: RecordView; readonly fresh: boolean }): ReactNode {
  const { registry } = useSnapshot();
  const text = (name: Parameters<typeof fieldText>[1]): string | null => fieldText(view, name);
  const [date, start] = [text('date'), text('start')];
  const time = start === null ? '' : ` ${start}${text('end') === null ? '' : `–${text('end')}`}`;
  const speakers = registry.lecturers.filter((lecturer) => view.links.includes(`lecturer/${lecturer.id}`)).map(lecturerName);
  const record = { activity: text('activity'), title: text('title'), occasion: text('occasion'), venue: text('venue'), municipality: text('municipality') };
  const blank = record.activity === null && record.title === null;
  const place = record.venue === null && record.municipality === null ? null : recordPlace(record, registry);
  const { fields, texts } = undecided(view);
  return (
    <div className="mx-auto flex max-w-5xl flex-wrap items-center justify-between gap-x-4 gap-y-2 slim:gap-x-1 slim:gap-y-0.5">
      <div className="flex min-w-[min(20rem,100%)] flex-1 items-center gap-3 slim:contents">
        <Link href="/" aria-label={ja.back} className="grid size-11 shrink-0 place-items-center rounded-full text-[1.5rem] slim:size-[44px] font-bold text-accent-ink hover:bg-accent-faint">
          <svg aria-hidden="true" viewBox="0 0 24 24" className="size-7 slim:size-[28px] fill-none stroke-current stroke-3"><path d="m15 5-7 7 7 7" /></svg>
        </Link>
        <div className="min-w-0 slim:contents">
          <h1 className="text-[1.25rem] low:text-[1.125rem] slim:line-clamp-2 slim:w-[5rem] slim:grow slim:leading-130">{[blank ? ja.session.untitled : recordTitle(record), place].filter((part) => part !== null).join(ja.separator)}</h1>
          <div className="text-[0.9375rem] text-muted slim:order-1 slim:w-full slim:text-[0.8125rem] slim:leading-130">
            <p className="slim:inline">
              <span className="slim:hidden">{longDate(date)}{time}{speakers.length > 0 && `　${ja.basic.lecturers} ${speakers.join('、')}`}</span>
              {date !== null && <span aria-hidden="true" className="hidden slim:inline">{dayName(date)}　</span>}
            </p>
            <p className="slim:inline">
              {fresh ? <>{ja.session.nothingYet}<span className="slim:hidden">{ja.session.savedByItself}</span></> : <><span className="slim:sr-only">{ja.session.saveLabel}：</span><StateText state={view.save_state} agreedAt={view.agreed_at} /></>}
              {(fields.length > 0 || texts.length > 0) && <b className="inline-block text-wait">{ja.separator}{ja.row.confirm}</b>}
            </p>
          </div>
        </div>
      </div>
      <SyncPill />
    </div>
  );
}
