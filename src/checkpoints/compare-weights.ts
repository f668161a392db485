/** @file What a published folder holds beside what a model needs: found, tied, transposed, missing, extra, misshaped, dead. */

import { VlaError, nearestName } from '../base/errors.ts';
import type { DType } from '../base/tensor.ts';
import type { PublishedLayout } from '../models/published-layout.ts';
import { flatten, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import type { StoredTensor, WeightFiles } from './weight-files.ts';

/** A parameter of ours and the stored tensor that fills it. */
export interface Placed {
  readonly published: string;
  readonly stored: StoredTensor;
  /** The last two axes change places at load. */
  readonly swapped: boolean;
}

/** A tensor that is there and does not fit. */
export interface Misfit {
  readonly name: string;
  readonly published: string;
  readonly file: string;
  readonly expected: string;
  readonly got: string;
}

/** The outcome, by kind; names are ours in `placed`, `missing` and `misshaped`, published elsewhere. */
export interface Comparison {
  readonly placed: Readonly<Record<string, Placed>>;
  readonly missing: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly misshaped: readonly Misfit[];
  /** Not a part of the model, and not known as dead. */
  readonly extra: readonly string[];
  readonly dead: readonly string[];
  /** One weight under two names; `stored` says whether the files hold it twice. */
  readonly tied: readonly { readonly name: string; readonly same: string; readonly stored: 'once' | 'twice' }[];
  /** Stored [.., in, out]. */
  readonly transposed: readonly string[];
  readonly problems: readonly VlaError[];
}

const FLOATS: ReadonlySet<DType> = new Set(['f32', 'f16', 'bf16']);

/** Compares the tensors of `weights` with `parameters`; reads no numbers. */
export function compareWeights(
  parameters: Tree<ParameterSpec>,
  layout: PublishedLayout,
  weights: Pick<WeightFiles, 'folder' | 'tensors'>,
): Comparison {
  const { tensors } = weights;
  const expected = new Map(flatten<ParameterSpec>(parameters));
  const sources = new Map<string, string>();
  const [extra, dead, transposed]: [string[], string[], string[]] = [[], [], []];
  const tiedNames = new Map(layout.tied.map(({ name, same }) => [name, same]));
  for (const published of Object.keys(tensors)) {
    const ours = layout.rename(published);
    if (layout.dead.some((pattern) => pattern.test(published))) dead.push(published);
    else if (ours !== null && expected.has(ours)) sources.set(ours, published);
    else if (!tiedNames.has(published)) extra.push(published);
    if (layout.transposed.some(({ pattern }) => pattern.test(published))) transposed.push(published);
  }
  for (const [name, same] of tiedNames) {
    const ours = layout.rename(name);
    if (ours !== null && expected.has(ours) && !sources.has(ours) && same in tensors) sources.set(ours, same);
  }
  const placed: Record<string, Placed> = {};
  const missing: { name: string; shape: readonly number[] }[] = [];
  const misshaped: Misfit[] = [];
  for (const [name, { shape }] of expected) {
    const published = sources.get(name);
    if (published === undefined) {
      missing.push({ name, shape });
      continue;
    }
    const stored = tensors[published]!;
    const swapped = layout.transposed.some(({ pattern, ours }) => ours === 'swapped' && pattern.test(published));
    const read = swapped ? swapLast(stored.shape) : stored.shape;
    if (read.join() === shape.join() && FLOATS.has(stored.dtype)) {
      placed[name] = { published, stored, swapped };
    } else {
      const want = `float [${(swapped ? swapLast(shape) : shape).join(', ')}]`;
      const got = `${stored.dtype} [${stored.shape.join(', ')}]`;
      misshaped.push({ name, published, file: stored.file, expected: want, got });
    }
  }
  const tied = [...tiedNames].flatMap(([name, same]) =>
    same in tensors ? [{ name, same, stored: name in tensors ? ('twice' as const) : ('once' as const) }] : [],
  );
  const found = { placed, missing, misshaped, extra, dead, tied, transposed };
  return { ...found, problems: problemsOf(found, weights) };
}

/** A shape with its last two axes in each other's place. */
export function swapLast(shape: readonly number[]): number[] {
  return [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
}

function problemsOf(
  { missing, misshaped, extra }: Omit<Comparison, 'problems'>,
  { folder, tensors }: Pick<WeightFiles, 'folder' | 'tensors'>,
): VlaError[] {
  const hint = 'The weights are of another family, size or version: see `vlakit models inspect`.';
  return [
    ...missing.map(({ name, shape }, i) => {
      // The nearest name helps with the first; for hundreds it would take seconds.
      const near = i === 0 ? nearestName(name, extra) : undefined;
      const got = near === undefined ? 'none' : `"${near}"`;
      return new VlaError('mismatch', `${folder}: expected tensor "${name}" [${shape.join(', ')}], got ${got}.`, {
        hint,
      });
    }),
    ...misshaped.map(
      ({ published, file, expected, got }) =>
        new VlaError('bad-shape', `${folder}/${file}: tensor "${published}": expected ${expected}, got ${got}.`, {
          hint,
        }),
    ),
    ...extra.map(
      (name) =>
        new VlaError('mismatch', `${folder}/${tensors[name]!.file}: tensor "${name}" is not part of the model.`, {
          hint,
        }),
    ),
  ];
}
