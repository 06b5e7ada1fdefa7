// A sheet over the screen for one choice.

import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { ja } from '../i18n/ja';
import { Button } from './button';

export interface SheetProps {
  readonly title: string;
  readonly open: boolean;
  /** null: it ends only by what stands in it. */
  readonly onClose: (() => void) | null;
  readonly children: ReactNode;
}

export function Sheet({ title, open, onClose, children }: SheetProps): ReactNode {
  return (
    <ModalOverlay
      isOpen={open}
      onOpenChange={(next) => (next ? undefined : onClose?.())}
      isDismissable={onClose !== null}
      isKeyboardDismissDisabled={onClose === null}
      className="fixed inset-0 z-50 flex items-end justify-center bg-black/50 sm:items-center sm:p-6"
    >
      <Modal className="flex max-h-[85dvh] w-full max-w-2xl flex-col rounded-t-16 bg-surface text-ink sm:rounded-16">
        <Dialog className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-5 outline-none">
          <div className="flex flex-wrap items-center justify-between gap-x-4">
            <Heading slot="title" className="text-[1.25rem]">{title}</Heading>
            {onClose !== null && <Button look="quiet" className="-mr-4 shrink-0 whitespace-nowrap" onPress={onClose}>{ja.close}</Button>}
          </div>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
