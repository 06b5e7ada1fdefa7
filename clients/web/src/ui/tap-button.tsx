// A button that counts what fingers do: each pointer presses for itself, also while another is down and while the page is
// busy. A press that slides off, or becomes a scroll, is none. Keys and assistive technology press by a click of their own.

import { type PointerEvent, type MouseEvent, type ReactNode, useRef, useState } from 'react';
import { classesOf, type Look } from './button';

/** The click that a browser makes of a pointer's press comes with it or shortly after. */
const CLICK_MS = 700;

export interface TapButtonProps extends Look {
  readonly onTap: () => void;
  readonly label?: string;
  readonly isDisabled?: boolean;
  readonly children: ReactNode;
}

function isOn(element: Element, { clientX, clientY }: PointerEvent): boolean {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}

export function TapButton({ onTap, label, isDisabled = false, children, ...look }: TapButtonProps): ReactNode {
  const down = useRef(new Set<number>());
  const lifted = useRef(-Infinity);
  const [pressed, setPressed] = useState(false);

  const leave = ({ pointerId }: PointerEvent): boolean => {
    const was = down.current.delete(pointerId);
    setPressed(down.current.size > 0);
    return was;
  };

  return (
    <button
      type="button"
      aria-label={label}
      disabled={isDisabled}
      data-pressed={pressed ? true : undefined}
      className={`touch-pan-y select-none ${classesOf(look)}`}
      onContextMenu={(event) => event.preventDefault()}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        down.current.add(event.pointerId);
        setPressed(true);
      }}
      onPointerUp={(event) => {
        if (!leave(event)) return;
        lifted.current = event.timeStamp;
        if (isOn(event.currentTarget, event)) onTap();
      }}
      onPointerCancel={leave}
      onKeyDown={(event) => {
        // a key that is held is one press
        if (event.repeat) event.preventDefault();
      }}
      onClick={(event: MouseEvent) => {
        if (event.detail === 0 || event.timeStamp - lifted.current > CLICK_MS) onTap();
      }}
    >
      {children}
    </button>
  );
}
