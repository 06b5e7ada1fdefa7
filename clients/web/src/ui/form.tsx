// A form that is sent once.

import type { FormEvent, ReactNode } from 'react';
import { useOnce } from './once';

export interface FormProps {
  /** Its promise is open for as long as the act goes on. */
  readonly act: (event: FormEvent) => unknown;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Form({ act, className, children }: FormProps): ReactNode {
  const { run, goesOn } = useOnce(act);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(event);
  };
  return <form className={className} aria-busy={goesOn} onSubmit={submit}>{children}</form>;
}
