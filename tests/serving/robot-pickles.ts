/** @file What LeRobot's robot client sends, as Python pickled it, and pickles like that for other observations. */

import fs from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../shared-data.ts';

const golden = JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'tests/golden/lerobot-pickles.json'), 'utf8')) as {
  readonly pickles: readonly { readonly name: string; readonly protocol: number; readonly pickle: string }[];
  readonly refused: readonly { readonly name: string; readonly pickle: string }[];
};

/** All pickles that are well-formed, and those that must be refused. */
export const WELL_FORMED: readonly Uint8Array[] = golden.pickles.map(({ pickle }) => Buffer.from(pickle, 'base64'));
export const FORBIDDEN: readonly Uint8Array[] = golden.refused.map(({ pickle }) => Buffer.from(pickle, 'base64'));

/** One of Python's pickles by name. */
export function pythonPickle(name: string, protocol = 4): Uint8Array {
  const found = golden.pickles.find((one) => one.name === name && one.protocol === protocol);
  if (found === undefined) throw new Error(`no golden pickle ${name} of protocol ${protocol}`);
  return Buffer.from(found.pickle, 'base64');
}

/** `tests/golden`'s observation is of this moment, with this picture's first byte. */
export const PICKLED = { timestamp: 1_700_000_000.25, timestep: 7, state: [-1, -0.75] } as const;

/** The golden observation with another timestep (below 256), `must_go` and instruction. */
export function observationPickle(changes: { timestep?: number; mustGo?: boolean; task?: string }): Uint8Array {
  let bytes = Buffer.from(pythonPickle('observation'));
  // Python's frame is dropped: its length changes.
  if (bytes[2] === 0x95) bytes = Buffer.concat([bytes.subarray(0, 2), bytes.subarray(11)]);
  const replace = (after: string, from: Buffer, to: Buffer): void => {
    const at = bytes.indexOf(from, bytes.indexOf(after));
    if (at < 0) throw new Error(`nothing to change behind ${after}`);
    bytes = Buffer.concat([bytes.subarray(0, at), to, bytes.subarray(at + from.length)]);
  };
  const shortText = (text: string): Buffer => Buffer.concat([Buffer.from([0x8c, text.length]), Buffer.from(text)]);
  replace('timestep', Buffer.from([0x4b, PICKLED.timestep]), Buffer.from([0x4b, changes.timestep ?? PICKLED.timestep]));
  replace('task', shortText('pick the cube'), shortText(changes.task ?? 'pick the cube'));
  replace('must_go', Buffer.from([0x89]), Buffer.from([changes.mustGo === true ? 0x88 : 0x89]));
  return bytes;
}
