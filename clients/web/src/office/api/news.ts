// Hears that something is new: one event stream for all tabs of the browser.
//
// A visible tab that holds the Web Lock leads: it alone has the stream and tells the others over a BroadcastChannel. A tab
// out of sight neither leads nor listens; it is read again when it is seen (live.tsx). Invariants: what may have been missed
// before a stream opened is told when it opens; a stream that has brought nothing, not even a comment, for SILENCE_MS counts
// as dead, and until one lives everybody reads anew at that pace; a leader that does not answer is replaced, and lets go of
// the stream when it wakes. Which scope has news does not matter: what is on the screen is read as a whole. Without locks
// (a page that did not come over TLS) each visible tab leads itself.

const NAME = 'tsudoi-office-news';
/** Comments come every 20 s. */
const SILENCE_MS = 45_000;
const LOOK_MS = 10_000;
const ANSWER_MS = 3_000;

type Word = 'news' | 'who leads' | 'I lead';

/** Reads the stream until it ends: `alive` at each piece, `news` at each notice. */
async function readStream(signal: AbortSignal, alive: () => void, news: () => void): Promise<void> {
  const response = await fetch('/v1/events', { headers: { accept: 'text/event-stream' }, cache: 'no-store', credentials: 'same-origin', signal });
  if (!response.ok || response.body === null) return;
  news();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const lines = (rest + value).split(/\r\n|\r|\n/);
    rest = lines.pop() ?? '';
    if (lines.includes('event: changed')) news();
  }
}

/** Calls `heard` when there may be something new; returns how to stop. */
export function listenForNews(heard: () => void): () => void {
  const locks: LockManager | null = window.isSecureContext ? navigator.locks : null;
  const channel = new BroadcastChannel(NAME);
  const tell = (word: Word): void => channel.postMessage(word);
  /** Ends what this tab does as a leader or while it waits to lead; null: it is out of sight. */
  let turn: AbortController | null = null;
  let stream: AbortController | null = null;
  let leads = false;
  let aliveAt = 0;
  let answeredAt = 0;

  const news = (): void => {
    heard();
    tell('news');
  };
  const open = (): void => {
    const own = new AbortController();
    stream = own;
    aliveAt = Date.now();
    const alive = (): void => {
      aliveAt = Date.now();
    };
    void readStream(own.signal, alive, news).catch(() => undefined).finally(() => {
      if (stream === own) stream = null;
    });
  };
  const close = (): void => {
    stream?.abort();
    stream = null;
  };

  /** Leads until the turn ends or the lock is taken away. */
  const lead = (ending: AbortSignal) => (): Promise<void> => new Promise((done) => {
    if (ending.aborted) return done();
    ending.addEventListener('abort', () => done(), { once: true });
    leads = true;
    open();
  });
  const begin = (steal: boolean): void => {
    turn?.abort();
    const own = new AbortController();
    turn = own;
    if (locks === null) return void lead(own.signal)();
    // a request to steal cannot be taken back, nor need it be
    const options: LockOptions = steal ? { steal: true } : { signal: own.signal };
    void locks.request(NAME, options, lead(own.signal)).catch(() => undefined).finally(() => {
      if (turn !== own) return;
      leads = false;
      close();
      // another tab took the lock away: wait for the next turn
      if (!own.signal.aborted) begin(false);
    });
  };
  const end = (): void => {
    turn?.abort();
    turn = null;
    leads = false;
    close();
  };

  let waiting = 0;
  const look = (): void => {
    if (turn === null) return;
    if (leads) {
      const silent = Date.now() - aliveAt >= SILENCE_MS;
      if (silent) close();
      if (stream === null) open();
      if (silent) news();
      return;
    }
    const asked = Date.now();
    tell('who leads');
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      if (turn === null || leads || answeredAt >= asked) return;
      begin(true);
      heard();
    }, ANSWER_MS);
  };

  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (turn === null) return;
    if (data === 'news') heard();
    if (data === 'who leads' && leads) tell('I lead');
    if (data === 'I lead') answeredAt = Date.now();
  });
  const seen = (): void => {
    if (document.visibilityState !== 'visible') end();
    else if (turn === null) begin(false);
  };
  seen();
  const timer = window.setInterval(look, LOOK_MS);
  document.addEventListener('visibilitychange', seen);
  // a browser keeps a page that was left
  window.addEventListener('pagehide', end);
  window.addEventListener('pageshow', seen);
  return () => {
    window.clearInterval(timer);
    window.clearTimeout(waiting);
    document.removeEventListener('visibilitychange', seen);
    window.removeEventListener('pagehide', end);
    window.removeEventListener('pageshow', seen);
    end();
    channel.close();
  };
}
