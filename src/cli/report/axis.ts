/** @file Axes of charts: round tick values, linear and logarithmic scales, short numbers. */

/** Maps data to pixels. */
export interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Round values (1, 2 or 5 × 10ⁿ apart) from at most `low` to at least `high`, about `count` of them. */
export function niceTicks(low: number, high: number, count: number): number[] {
  const span = high > low ? high - low : Math.abs(high) || 1;
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * (1 - 1e-9))!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil((high > low ? high : low + span) / step - 1e-9);
  // Multiplying, not adding, keeps 0.3 from becoming 0.30000000000000004 steps away.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A linear scale whose ticks enclose the data; `from` and `to` are pixels. */
export function linearScale(low: number, high: number, from: number, to: number, count: number): Scale {
  const ticks = niceTicks(low, high, count);
  const [first, last] = [ticks[0]!, ticks.at(-1)!];
  return { ticks, at: (value) => from + ((value - first) / (last - first)) * (to - from) };
}

/** A linear scale from 0 to exactly `high`, with the round ticks that lie inside. */
export function insideScale(high: number, from: number, to: number, count: number): Scale {
  return {
    ticks: niceTicks(0, high, count).filter((tick) => tick <= high),
    at: (value) => from + (value / high) * (to - from),
  };
}

/** A logarithmic scale with ticks at powers of ten (and their halves when there are few); all values must be positive. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(high) - 1e-9));
  const every = Math.ceil((last - first) / 5);
  const ticks: number[] = [];
  for (let power = first; power <= last; power += every) ticks.push(10 ** power);
  return { ticks, at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from) };
}

/** 12345 → "12,345"; 0.00012 → "1.2e-4"; 0.30000004 → "0.3". */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e7) return value.toExponential(1).replace('.0e', 'e').replace('e+', 'e');
  if (size >= 1000) return Math.round(value).toLocaleString('en-GB');
  return String(Number(value.toPrecision(3)));
}
