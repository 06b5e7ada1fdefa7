// The core as the worker host drives it. The WASM binding has exactly this shape.

/** One row of the core's store: the host keeps it and never reads into it. */
export interface Row {
  readonly table: string;
  readonly key: string;
  readonly value: Uint8Array;
}

export interface Write {
  readonly table: string;
  readonly key: string;
  /** null deletes. */
  readonly value: Uint8Array | null;
}

export type Effect =
  | { readonly type: 'persist'; readonly task: number; readonly writes: readonly Write[] }
  | { readonly type: 'exchange'; readonly task: number; readonly path: string; readonly body: Uint8Array }
  | { readonly type: 'shown'; readonly documents: readonly string[] };

/** One open tablet. Times are ms since the Unix epoch and never go back. */
export interface Core {
  /** Takes one input as JSON; throws a text when the input makes no sense. */
  handle(now: number, input: string): void;
  /** The answer to an exchange; kept apart so that its body is not turned into JSON. */
  answered(now: number, task: number, body: Uint8Array): void;
  poll_effect(): Effect | undefined;
  next_wakeup(): number | undefined;
  status(): string;
  list(): string;
  figures(year: number, scope: string): string;
  summary(document: string): string | undefined;
  view(document: string): string | undefined;
  registry(): string | undefined;
  /** Names of people and tablets that wrote in the records here. */
  names(): string;
  free(): void;
}

/** `seed` is random bytes, fresh at every opening. */
export type OpenCore = (device: string, seed: Uint8Array, rows: readonly Row[], now: number) => Core;
