/** @file Teleoperation in a terminal: keys in raw mode, and the cameras' pictures in coloured half blocks. */

import process from 'node:process';
import type { Image } from '../../interfaces/observation.ts';
import type { HumanInput } from './human-input.ts';
import type { ShownTick } from './session.ts';

/** What a terminal sends for keys that have names. */
const NAMES: Readonly<Record<string, string>> = {
  '\u001B': 'Escape',
  '\u0003': 'Escape',
  '\u0004': 'Escape',
  '\u007F': 'Backspace',
  '\b': 'Backspace',
};
/** Pictures a second. */
const DRAW_SECONDS = 0.1;
/** The most columns of all pictures together. */
const MOST_COLUMNS = 160;

/** The keys in what a terminal sent: single characters, and no part of longer sequences (arrows and the like). */
export function keysOf(text: string): string[] {
  if (text.length > 1 && text.startsWith('\u001B')) return [];
  return text.split('').map((key) => NAMES[key] ?? key.toLowerCase());
}

/** Reads keys until `close`; rejects nothing. The terminal must be one: `process.stdin.isTTY`. */
export function listenToTerminal(input: HumanInput, now: () => number): { close(): void } {
  const { stdin } = process;
  const hear = (data: Buffer): void => {
    for (const key of keysOf(data.toString('utf8'))) input.press(key, now());
  };
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on('data', hear);
  return {
    close() {
      stdin.off('data', hear);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}

/** Draws ticks over each other, ten a second. */
export function terminalView(help: readonly string[], now: () => number): (shown: ShownTick) => void {
  let drawn = -Infinity;
  let rows = 0;
  return (shown) => {
    if (shown.outcome === 'running' && now() < drawn + DRAW_SECONDS) return;
    drawn = now();
    const images = Object.values(shown.observation.images);
    const columns = Math.min(MOST_COLUMNS, process.stdout.columns);
    const height = Math.max(8, 2 * Math.floor((process.stdout.rows - 6) / 2));
    const pictures = halfBlocks(images, columns, height);
    const lines = [...pictures, describe(shown), help.join('; '), 'Backspace begins anew, Escape quits'];
    const up = rows === 0 ? '' : `\u001B[${rows}A`;
    process.stdout.write(up + lines.map((line) => `${line}\u001B[K\n`).join(''));
    rows = lines.length;
  };
}

/** A tick in a line. */
export function describe({ observation, task, tick, outcome, kept, interventions }: ShownTick): string {
  const gate = interventions.length === 0 ? '' : `, gate: ${interventions.join(', ')}`;
  return `${task}: ${observation.instruction} [${outcome}, tick ${tick}, ${kept} kept${gate}]`;
}

/** Pictures side by side, two rows of pixels per line; nearest pixels, so that it costs little. */
export function halfBlocks(images: readonly Image[], columns: number, height: number): string[] {
  const width = Math.floor(columns / Math.max(1, images.length));
  const side = images.map((image) => {
    const scale = Math.max(image.width / width, image.height / height);
    return { image, scale, columns: Math.floor(image.width / scale), rows: Math.floor(image.height / scale) };
  });
  const rows = Math.max(0, ...side.map((one) => one.rows));
  return Array.from({ length: Math.floor(rows / 2) }, (_, line) =>
    side
      .map(({ image, scale, columns }) =>
        Array.from({ length: columns }, (__, column) => {
          const colour = (row: number): string => {
            const x = Math.min(image.width - 1, Math.floor(column * scale));
            const y = Math.min(image.height - 1, Math.floor(row * scale));
            return image.data.subarray(3 * (y * image.width + x), 3 * (y * image.width + x) + 3).join(';');
          };
          return `\u001B[38;2;${colour(2 * line)}m\u001B[48;2;${colour(2 * line + 1)}m▀`;
        }).join(''),
      )
      .join('\u001B[0m ')
      .concat('\u001B[0m'),
  );
}
