// What a person sets going once goes once, however often the button is pressed meanwhile.

import { useEffect, useRef, useState } from 'react';

/** A press so soon after the last one belongs to it, unless something was typed, chosen or told in between. */
const SAME_PRESS_MS = 500;

let answered = -Infinity;
/** What is pressed from now on is pressed on purpose. */
export function anew(): void {
  answered = performance.now();
}
for (const name of ['input', 'change']) document.addEventListener(name, anew, { capture: true });

/** A failure that the person is told: who presses then means to try again. */
export function useTold(failure: string | null): void {
  useEffect(() => {
    if (failure !== null) anew();
  }, [failure]);
}

export interface Once<A extends readonly unknown[]> {
  readonly run: (...given: A) => void;
  /** What was begun is not over. */
  readonly goesOn: boolean;
}

/** Runs an act that answers with a promise unless its last run still goes on or is just over; any other act each time. */
export function useOnce<A extends readonly unknown[]>(act: (...given: A) => unknown): Once<A> {
  const running = useRef(false);
  const last = useRef(-Infinity);
  const [goesOn, setGoesOn] = useState(false);
  const run = (...given: A): void => {
    const now = performance.now();
    const isSame = now - last.current < SAME_PRESS_MS && answered < last.current;
    if (running.current || isSame) {
      last.current = now;
      return;
    }
    const ended = act(...given);
    if (!(ended instanceof Promise)) return;
    last.current = now;
    running.current = true;
    setGoesOn(true);
    void ended.finally(() => {
      running.current = false;
      setGoesOn(false);
    });
  };
  return { run, goesOn };
}
