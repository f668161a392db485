/** @file A pseudo-terminal that takes the place of a serial device, by the program `script` of util-linux. */

import { spawn, spawnSync } from 'node:child_process';

const COMMAND = 'stty raw -echo; tty; exec sleep 600';

/** Why there is none here, or false. */
export const pseudoTerminalMissing: string | false = missing();

function missing(): string | false {
  if (process.platform !== 'linux') return `no pseudo-terminal here: ${process.platform} has another "script"`;
  const { error, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return error === undefined && stdout.includes('util-linux')
    ? false
    : 'no pseudo-terminal here: no "script" of util-linux';
}

/** One end is a device for whoever opens its path, the other one is here. */
export interface PseudoTerminal {
  readonly path: string;
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Makes one; `hear` gets what is written to the device. */
export function openPseudoTerminal(hear: (bytes: Uint8Array) => void): Promise<PseudoTerminal> {
  const child = spawn('script', ['-qfec', COMMAND, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.stdout.once('data', (first: Buffer) => {
      child.stdout.on('data', (bytes: Buffer) => hear(bytes));
      resolve({
        path: first.toString('utf8').trim(),
        write: (bytes) => void child.stdin.write(bytes),
        close: () => void child.kill(),
      });
    });
  });
}

/** Runs `use` with a pseudo-terminal whose far end answers with `reply`, in real time. */
export async function withDevice(
  reply: (bytes: Uint8Array) => readonly Uint8Array[],
  use: (path: string) => Promise<void>,
): Promise<void> {
  const terminal = await openPseudoTerminal((bytes) => {
    for (const answer of reply(bytes)) terminal.write(answer);
  });
  try {
    await use(terminal.path);
  } finally {
    terminal.close();
  }
}
