/** @file Dead-man switches of `vlakit control`: the space bar held in the terminal, or held in a page, or a gamepad's button there. */

import process from 'node:process';
import { systemClock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import { HumanInput } from '../teleoperation/human-input.ts';
import { servePage } from '../teleoperation/page-server.ts';
import { keysOf } from '../teleoperation/terminal.ts';

/** A switch that is being read; `close` lets go. */
export interface OpenSwitch {
  close(): Promise<void>;
}

/** Opens a switch that calls `enable` again and again while it is held. */
export type DeadManSwitch = (enable: () => void) => Promise<OpenSwitch>;

/** Where switches may be. */
export const SWITCHES = ['key', 'page'] as const;
/** One of them. */
export type SwitchKind = (typeof SWITCHES)[number];

/** Seconds after the last sign of a held switch in which the robot may still move. Keys repeat every 25 to 100 ms. */
export const ENABLED_SECONDS = 0.3;

const KEY = ' ';
const CTRL_C = '\u0003';
/** Two presses closer than this are a key that is held: it has begun to repeat. A single press lets nothing move. */
const REPEAT_SECONDS = 0.25;
/** Milliseconds between looks at the page's input, which comes twenty times a second. */
const LOOK_MS = 50;
/** Button A, or the lower one. */
const BUTTON = 0;

/** What is read of a terminal; `process.stdin` is one. */
export interface KeyStream {
  on(event: 'data', listener: (data: Buffer) => void): unknown;
  off(event: 'data', listener: (data: Buffer) => void): unknown;
  setRawMode?(raw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
}

/**
 * The space bar of a terminal, which tells of presses only: it is held while it repeats. In raw mode Ctrl-C is a key, too, and calls
 * `interrupt`. `now` in seconds.
 */
export function heldKey(stream: KeyStream, now: () => number, interrupt: () => void): DeadManSwitch {
  return async (enable) => {
    let last = -Infinity;
    const hear = (data: Buffer): void => {
      const text = data.toString('utf8');
      if (text.includes(CTRL_C)) interrupt();
      // Several at once waited for this process, and may be old: they count as one.
      if (!keysOf(text).includes(KEY)) return;
      const time = now();
      if (time - last < REPEAT_SECONDS) enable();
      last = time;
    };
    stream.setRawMode?.(true);
    stream.on('data', hear);
    stream.resume();
    return {
      async close() {
        stream.off('data', hear);
        stream.setRawMode?.(false);
        stream.pause();
      },
    };
  };
}

/** The page for driving, of which only the space bar and the gamepad's button A count. `say` is told its address. */
export function heldInPage(port: number, say: (text: string) => void): DeadManSwitch {
  return async (enable) => {
    const input = new HumanInput();
    const now = (): number => systemClock.now();
    const help = ['hold the space bar, or button A of a gamepad, to let the robot move; let go to hold it'];
    const page = await servePage(input, { port, help, now });
    say(page.address);
    const timer = setInterval(() => {
      if (input.keys(now()).has(KEY) || input.button(BUTTON, now())) enable();
    }, LOOK_MS);
    return {
      async close() {
        clearInterval(timer);
        await page.close();
      },
    };
  };
}

/** The switch of a kind for this process; `bad-argument` where there is no terminal to read keys from. */
export function openSwitch(kind: SwitchKind, say: (text: string) => void): DeadManSwitch {
  if (kind === 'page') return heldInPage(0, say);
  if (!process.stdin.isTTY) {
    throw new VlaError('bad-argument', '--dead-man key: expected a terminal to read keys from, got none.', {
      hint: 'Run it in a terminal, or with --dead-man page.',
    });
  }
  say('hold the space bar to let the robot move; let go to hold it');
  return heldKey(
    process.stdin,
    () => systemClock.now(),
    () => process.kill(process.pid, 'SIGINT'),
  );
}
