// Destroying a record for good.

import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { office } from '../../i18n/ja-office';
import { Button } from '../../ui/button';
import { useHub } from '../api/live';
import { nothing } from '../api/proof';
import { BehindWord } from './behind-word';

const text = office.destroy;

export function Destroy({ document, title }: { readonly document: string; readonly title: string }): ReactNode {
  const { api } = useHub();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState(false);
  return (
    <section className="no-print border-t border-line pt-4">
      <Button look="quiet" className="text-danger" onPress={() => setOpen(true)}>{text.open}</Button>
      {open && (
        <BehindWord
          title={text.title}
          draft={`destroy ${document}`}
          text={text}
          act={(reason) => api.remove(`/v1/records/${encodeURIComponent(document)}`, { reason }, nothing)}
          done={() => navigate('/records', { replace: true })}
          leave={() => setOpen(false)}
        >
          <p className="font-bold">{title}</p>
          <p>{text.note}</p>
        </BehindWord>
      )}
    </section>
  );
}
