/** @file Progress on the terminal: a bar with rate and time left where a person looks, plain lines otherwise. */

/** A running count of work. */
export interface Progress {
  /** Sets how many units are done, with an optional short note shown behind the bar. */
  update(done: number, note?: string): void;
  /** Ends the line with a closing text. */
  finish(note?: string): void;
}

/** What a progress bar counts, and where it is drawn. */
export interface ProgressOptions {
  /** What is being done, for example "record". */
  readonly label: string;
  /** How many units there are. */
  readonly total: number;
  /** The name of a unit, for example "episodes". */
  readonly unit: string;
  /** Units that were done before this process started (they do not count for the rate); default 0. */
  readonly alreadyDone?: number;
  /** Where to write; default standard error. */
  readonly stream?: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  /** Milliseconds between plain lines when the stream is no terminal; default 10,000. */
  readonly lineIntervalMs?: number;
  /** The clock, in milliseconds; default performance.now. */
  readonly now?: () => number;
}

/** Hears of the bars that others start, instead of the terminal: for work that shows one bar of its own for all of them. */
export type ProgressListener = (heard: {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly note: string;
}) => void;

/** The terminal has one line, so there is one listener. */
let listener: ProgressListener | null = null;

/** Does `work`; until it ends, bars without a stream of their own are told to `listen` and not drawn. */
export async function withProgressListener<T>(listen: ProgressListener, work: () => Promise<T>): Promise<T> {
  const before = listener;
  listener = listen;
  try {
    return await work();
  } finally {
    listener = before;
  }
}

/** Starts a progress bar. */
export function startProgress(options: ProgressOptions): Progress {
  if (listener !== null && options.stream === undefined) return heardProgress(options, listener);
  const stream = options.stream ?? process.stderr;
  const now = options.now ?? (() => performance.now());
  const start = now();
  const interval = stream.isTTY ? 100 : (options.lineIntervalMs ?? 10_000);
  let last = -Infinity;
  const before = options.alreadyDone ?? 0;
  let done = before;
  const line = (note: string): string => {
    const seconds = (now() - start) / 1000;
    const rate = (done - before) / Math.max(seconds, 1e-9);
    const left = rate > 0 ? (options.total - done) / rate : Infinity;
    const share = options.total > 0 ? Math.min(1, done / options.total) : 1;
    const head = barHead(options.label, share);
    const counts = `${done}/${options.total} ${options.unit}, ${formatRate(rate)}/s, ${formatSeconds(left)} left`;
    return `${head}  ${counts}${note ? `  ${note}` : ''}`;
  };
  const show = (text: string): void => {
    if (stream.isTTY) stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 120) - 1)}`);
    else stream.write(`${text}\n`);
  };
  return {
    update(count, note = '') {
      // The first unit is always shown: whoever reads a log sees that the work goes on, and how fast.
      const first = done === before && count > before;
      done = count;
      if (!first && now() - last < interval) return;
      last = now();
      show(line(note));
    },
    finish(note = '') {
      const seconds = (now() - start) / 1000;
      show(`${options.label.padEnd(10)} ${note || `${done} ${options.unit}`} in ${formatSeconds(seconds)}`);
      if (stream.isTTY) stream.write('\n');
    },
  };
}

function heardProgress({ label, total, unit, alreadyDone = 0 }: ProgressOptions, listen: ProgressListener): Progress {
  let done = alreadyDone;
  listen({ label, done, total, unit, note: '' });
  return {
    update(count, note = '') {
      done = count;
      listen({ label, done, total, unit, note });
    },
    finish: () => listen({ label, done, total, unit, note: '' }),
  };
}

/** "label      ████████░░░░  42 %": the beginning of a line; `share` is 0 to 1. */
export function barHead(label: string, share: number): string {
  const bar = '█'.repeat(Math.round(share * 24)).padEnd(24, '░');
  return `${label.padEnd(10)} ${bar} ${(share * 100).toFixed(0).padStart(3)} %`;
}

function formatRate(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate >= 1 ? rate.toFixed(1) : rate.toPrecision(2);
}

/** Seconds as "42 s", "3 min 07 s" or "1 h 02 min". */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}
