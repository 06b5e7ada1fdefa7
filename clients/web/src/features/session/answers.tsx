// アンケート: answers counted by question, the same questions as in the prefectural poll.

import type { ReactNode } from 'react';
import { ja } from '../../i18n/ja';
import { Counter, CounterGrid } from './counter';

const QUESTIONS = ['knows-acp', 'has-talked', 'intends'] as const;
const ANSWERS = ['yes', 'no', 'no-answer'] as const;

export function Answers(): ReactNode {
  return (
    <>
      <p className="text-muted">{ja.answers.lead}</p>
      {QUESTIONS.map((question) => (
        <section key={question} aria-label={ja.question(question)} className="flex flex-col gap-2">
          <h2 className="mt-2 text-[1.125rem]">{ja.question(question)}</h2>
          <CounterGrid>
            {ANSWERS.map((answer) => (
              <Counter key={answer} label={ja.answer(answer)} name={`${ja.questionShort(question)} ${ja.answer(answer)}`} measure={`answer.${question}.${answer}`} />
            ))}
          </CounterGrid>
        </section>
      ))}
    </>
  );
}
