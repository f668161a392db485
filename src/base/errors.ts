/** @file The one error class for people, the one assertion for us, and nearest-name suggestions. */

const CODES = [
  'bad-argument', // a value, option or configuration that cannot work
  'bad-data', // a file or message that does not say what it promised
  'bad-shape', // a tensor of another shape or element type
  'not-finite', // NaN or infinity where a number is needed
  'not-found', // a file, episode, task, tensor or name that is not there
  'mismatch', // two sides that do not fit: conventions, checkpoints, embodiments
  'missing-package', // an optional npm package that is not installed
  'unsupported', // what this build, device or format cannot do
  'io', // disk full, read-only folder, broken pipe
  'interrupted', // the user or a deadline stopped it
] as const;

/** What went wrong, as a stable machine-readable word. */
export type ErrorCode = (typeof CODES)[number];

/** Whether a word, for example of a message from elsewhere, is one of these. */
export function isErrorCode(word: string): word is ErrorCode {
  return (CODES as readonly string[]).includes(word);
}

/**
 * An error that a person reads: "Where: expected X, got Y." and what to do about it.
 * `hint` is one sentence with the next step.
 */
export class VlaError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VlaError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** A mistake of ours, not of the user. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** A mistake of ours, not of the user: throws with a request to report it. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(`vlakit invariant broken: ${message}. This is a bug in vlakit.`);
}

/** The candidate closest to `name` by edit distance, or undefined when none is close (distance > half the length). */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Looks `name` up; a miss is a VlaError that lists the choices and suggests the nearest. */
export function lookUp<T>(what: string, name: string, table: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(table);
  const near = nearestName(name, names);
  throw new VlaError('not-found', `${what}: expected one of ${names.join(', ')}, got "${name}".`, {
    hint: near === undefined ? `Choose one of: ${names.join(', ')}.` : `Did you mean "${near}"?`,
  });
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
