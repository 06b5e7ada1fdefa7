// Why something was not done, where the eye is.

import type { ReactNode } from 'react';
import { useTold } from './once';

const LOOKS = {
  card: 'rounded-8 bg-wait-soft px-4 py-3 font-bold text-wait',
  line: 'font-bold text-danger',
} as const;

export function Failure({ text, look }: { readonly text: string | null; readonly look: keyof typeof LOOKS }): ReactNode {
  useTold(text);
  return text !== null && <p role="alert" className={LOOKS[look]}>{text}</p>;
}
