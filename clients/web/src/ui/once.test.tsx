// A button acts once, however often it is pressed; but who is told that it failed may press again at once.

import { act, type ReactNode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Button } from './button';
import { Failure } from './failure';

let end = (): void => undefined;
let tries = 0;

function Desk({ answers }: { readonly answers: readonly (string | null)[] }): ReactNode {
  const [problem, setProblem] = useState<string | null>(null);
  const send = async (): Promise<void> => {
    const answer = answers[tries] ?? null;
    tries += 1;
    setProblem(await Promise.resolve(answer));
  };
  return <><Failure look="line" text={problem} /><Button onPress={send}>送る</Button></>;
}

async function desk(answers: readonly (string | null)[]): Promise<() => Promise<void>> {
  const place = document.body.appendChild(document.createElement('div'));
  const root = createRoot(place);
  end = () => {
    act(() => root.unmount());
    place.remove();
  };
  await act(async () => root.render(<Desk answers={answers} />));
  return () => act(async () => place.querySelector('button')?.click());
}

beforeEach(() => {
  tries = 0;
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  end();
  vi.useRealTimers();
});

describe('a press shortly after another', () => {
  it('belongs to it while nothing was told', async () => {
    const press = await desk([null, null]);
    await press();
    vi.advanceTimersByTime(200);
    await press();
    expect(tries).toBe(1);

    vi.advanceTimersByTime(600);
    await press();
    expect(tries).toBe(2);
  });

  it('is a press of its own once a failure is shown', async () => {
    const press = await desk(['つながりません', null]);
    await press();
    expect(document.querySelector('[role=alert]')?.textContent).toBe('つながりません');

    vi.advanceTimersByTime(100);
    await press();
    expect(tries).toBe(2);
    expect(document.querySelector('[role=alert]')).toBeNull();
  });
});
