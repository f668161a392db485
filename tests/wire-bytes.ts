/** @file Golden bytes of serving protocols, made by the projects' own Python code (tools/golden/wire-protocols.py). */

import fs from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from './shared-data.ts';

type Coded = Readonly<Record<string, string>>;
type Form = { readonly type: string; readonly body: string };

interface WireBytes {
  readonly npy: Coded;
  readonly refused: Coded;
  readonly lebedov_refused: Coded;
  readonly lebedov_scalar: string;
  readonly harness: Coded;
  readonly hello_keys: readonly string[];
  readonly starvla: Coded;
  readonly gr00t_16: Coded;
  readonly gr00t_17: Coded;
  readonly zmtp: { readonly REQ: string; readonly REP: string };
  readonly form: { readonly plain: Form; readonly full: Form };
  readonly jpeg_rgb: string;
}

/** All of them, in base64. */
export const WIRE_BYTES = JSON.parse(
  fs.readFileSync(path.join(repositoryRoot, 'tests/golden/wire-protocols.json'), 'utf8'),
) as WireBytes;

/** The bytes that base64 stands for. */
export const bytesOf = (coded: string): Uint8Array => new Uint8Array(Buffer.from(coded, 'base64'));

/** The picture in the golden messages: height × width × 3 bytes, (7 i) mod 256. */
export const goldenPicture = (height = 4, width = 5): Uint8Array =>
  Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 7) % 256);
