/**
 * @file The codec's golden numbers played again with nothing but what browsers have too: the caller brings the files,
 * from disk or over the network.
 */

import { walkChunk } from './fast-chunks.ts';
import { PATTERNS } from './image-patterns.ts';
import { NO_AUGMENTATION } from '../src/codec/augment.ts';
import { createFastTokenizer } from '../src/codec/action-tokens/fast.ts';
import { createImagePipeline, type ImageStep } from '../src/codec/images.ts';
import { createPatchWriter, patchCount, patchSize } from '../src/codec/patches.ts';
import { smartResize, type SmartResizeLimits } from '../src/codec/smart-resize.ts';
import { tokenizerFromSlowFiles } from '../src/codec/text-tokens/slow-files.ts';
import { createTextTokenizer } from '../src/codec/text-tokens/text-tokenizer.ts';

/** The files under tests/golden that `replayCodec` needs, as text. */
export const CODEC_GOLDEN_FILES = [
  'image-pipelines.json',
  'fast/ids.json',
  'fast/processor_config.json',
  'fast/tokenizer.json',
  'qwen-tokenizer/ids.json',
  'qwen-tokenizer/vocab.json',
  'qwen-tokenizer/merges.txt',
  'qwen-tokenizer/tokenizer_config.json',
] as const;

/** File name → its text. */
export type CodecGolden = Readonly<Record<(typeof CODEC_GOLDEN_FILES)[number], string>>;

/** What was compared, and what differed (nothing, when all is well). */
export interface CodecReplay {
  readonly compared: number;
  readonly differences: readonly string[];
}

type Size = readonly [width: number, height: number];

interface Images {
  readonly images: readonly {
    readonly pattern: keyof typeof PATTERNS;
    readonly from: Size;
    readonly steps: readonly ImageStep[];
    readonly to: Size;
    readonly sha256: string;
    readonly first: readonly number[];
  }[];
  readonly qwen: Readonly<
    Record<string, { patch: number; sizes: readonly Size[]; step: ImageStep; grid: number[][]; sha256: string }>
  >;
  readonly sides: readonly number[];
  readonly smartResize: readonly { readonly limits: SmartResizeLimits; readonly sizes: readonly number[] }[];
}

/** Plays images, patches, sizes, action tokens and text tokens. */
export async function replayCodec(golden: CodecGolden): Promise<CodecReplay> {
  const differences: string[] = [];
  let compared = 0;
  const check = (what: string, got: unknown, expected: unknown): void => {
    compared++;
    if (JSON.stringify(got) !== JSON.stringify(expected)) differences.push(what);
  };
  const json = <T>(file: (typeof CODEC_GOLDEN_FILES)[number]): T => JSON.parse(golden[file]) as T;
  const images = json<Images>('image-pipelines.json');
  for (const { pattern, from, steps, to, sha256, first } of images.images) {
    const pipeline = createImagePipeline(steps, ...from);
    const out = pipeline.apply(PATTERNS[pattern](...from));
    const where = `${pattern} ${from.join('×')} ${steps.map(({ kind }) => kind).join(', ')}`;
    check(where, [pipeline.width, pipeline.height, ...out.subarray(0, first.length)], [...to, ...first]);
    check(`${where}: hash`, await hashOf(out), sha256);
  }
  for (const [name, { grid, sha256 }] of Object.entries(images.qwen)) {
    const made = qwenBatch(images.qwen[name]!);
    check(`${name} grid`, made.grid, grid);
    const bytes = Uint8Array.from(made.pixels, (value) => Math.round((value + 1) * 127.5));
    check(`${name} patches`, await hashOf(bytes), sha256);
  }
  checkSizes(images, check);
  await checkActions(json, check);
  checkText(json, golden['qwen-tokenizer/merges.txt'], check);
  return { compared, differences };
}

type Check = (what: string, got: unknown, expected: unknown) => void;
type Json = <T>(file: (typeof CODEC_GOLDEN_FILES)[number]) => T;

/** `pixel_values` and `image_grid_thw` of a batch of noise images, as Qwen's processor makes them. */
export function qwenBatch({ patch, sizes, step }: Images['qwen'][string]): { pixels: Float32Array; grid: number[][] } {
  const parts = sizes.map((size) => {
    const pipeline = createImagePipeline([step], ...size);
    const layout = { width: pipeline.width, height: pipeline.height, patch, merge: 2, temporal: 2 };
    const pixels = new Float32Array(patchCount(layout) * patchSize(layout));
    createPatchWriter(layout, 'image')(pipeline.apply(PATTERNS.noise(...size)), NO_AUGMENTATION, pixels, 0);
    return { pixels, grid: [1, layout.height / patch, layout.width / patch] };
  });
  const pixels = new Float32Array(parts.reduce((sum, part) => sum + part.pixels.length, 0));
  let at = 0;
  for (const part of parts) {
    pixels.set(part.pixels, at);
    at += part.pixels.length;
  }
  return { pixels, grid: parts.map(({ grid }) => grid) };
}

function checkSizes({ sides, smartResize: tables }: Images, check: Check): void {
  for (const { limits, sizes } of tables) {
    let at = 0;
    for (const width of sides) {
      for (const height of sides) {
        const expected = [sizes[at++], sizes[at++]];
        check(
          `smart-resize ${width}×${height} to at most ${limits.maxPixels}`,
          sizeOf(width, height, limits),
          expected,
        );
      }
    }
  }
}

/** The resized size, or zeros where the aspect ratio is refused. */
function sizeOf(width: number, height: number, limits: SmartResizeLimits): number[] {
  try {
    const size = smartResize(width, height, limits);
    return [size.width, size.height];
  } catch {
    return [0, 0];
  }
}

async function checkActions(json: Json, check: Check): Promise<void> {
  const files = { processorConfig: json('fast/processor_config.json'), tokenizer: json('fast/tokenizer.json') };
  const fast = createFastTokenizer(files, 'fast');
  const { shapes, first, count, sha256 } = json<{
    readonly shapes: readonly (readonly [number, number])[];
    readonly first: number;
    readonly count: number;
    readonly sha256: string;
  }>('fast/ids.json');
  const all: number[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const { values, horizon, dim } = walkChunk(seed, shapes);
    const ids = fast.encode(values, horizon, dim);
    all.push(ids.length, ...ids);
  }
  check('FAST ids', await hashOf(new Uint8Array(Uint32Array.from(all).buffer)), sha256);
}

function checkText(json: Json, merges: string, check: Check): void {
  const made = tokenizerFromSlowFiles(
    { vocab: json('qwen-tokenizer/vocab.json'), merges, config: json('qwen-tokenizer/tokenizer_config.json') },
    'qwen-tokenizer',
  );
  const tokenizer = createTextTokenizer(made.tokenizer, made.config, 'qwen-tokenizer');
  const { cases } = json<{ cases: readonly [text: string, ids: readonly number[]][] }>('qwen-tokenizer/ids.json');
  for (const [text, ids] of cases) check(`text ${JSON.stringify(text)}`, tokenizer.encode(text), ids);
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
