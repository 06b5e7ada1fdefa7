// A second tap of the same finger, when the first has already brought something else to its place, was not meant for it.
//
// Between two taps on one spot the page may change under the finger. Until what is new has been in sight for a moment, a
// tap there is swallowed, and the next ones too until the finger rests. Taps elsewhere, keys and assistive technology are never touched.

const PRESSED = 'button, a, label, input, select, textarea, summary, [role]';
const REACH_PX = 48;
/** How long what is new must have been in sight. */
const SEEN_MS = 400;
/** A page that takes longer to change than this is no longer answering to the first tap. */
const WATCH_MS = 3_000;

interface Tap {
  readonly x: number;
  readonly y: number;
  readonly on: Element;
  /** When it came, or the last one that was swallowed for it. */
  at: number;
  /** When something else was seen in its place, or tapped. */
  changed: number | null;
}

/** Watches over a page. */
export function guardSameFinger(page: Window): void {
  let last: Tap | null = null;
  let swallowing = false;

  const isElsewhere = (tap: Tap): boolean => {
    const there = page.document.elementFromPoint(tap.x, tap.y);
    return there === null || !(tap.on.contains(there) || there.contains(tap.on));
  };

  const watch = (tap: Tap): void => {
    if (last !== tap || tap.changed !== null || page.performance.now() - tap.at > WATCH_MS) return;
    if (isElsewhere(tap)) tap.changed = page.performance.now();
    else page.requestAnimationFrame(() => watch(tap));
  };

  const isStray = (event: PointerEvent): boolean => {
    if (last === null || Math.hypot(event.clientX - last.x, event.clientY - last.y) > REACH_PX) return false;
    if (last.changed === null && !isElsewhere(last)) return false;
    return event.timeStamp < (last.changed ?? Infinity) + SEEN_MS && event.timeStamp < last.at + WATCH_MS;
  };

  const stop = (event: Event): void => {
    event.stopImmediatePropagation();
    if (event.cancelable) event.preventDefault();
  };

  page.addEventListener('pointerdown', (event) => {
    swallowing = isStray(event);
    if (swallowing) {
      if (last !== null) [last.changed, last.at] = [event.timeStamp, event.timeStamp];
      return stop(event);
    }
    if (!(event.target instanceof Element)) return;
    const tap: Tap = { x: event.clientX, y: event.clientY, on: event.target.closest(PRESSED) ?? event.target, at: event.timeStamp, changed: null };
    last = tap;
    page.requestAnimationFrame(() => watch(tap));
  }, { capture: true });

  for (const name of ['pointerup', 'mousedown', 'mouseup', 'click', 'dblclick'] as const) {
    page.addEventListener(name, (event) => {
      const byKey = event.type === 'click' && event.detail === 0;
      if (swallowing && !byKey) stop(event);
    }, { capture: true });
  }
}
