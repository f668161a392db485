/** @file Sessions whose large matrices are in few bits: the graph is rewritten, the numbers are made, then all goes as ever. */

import { VlaError, nearestName } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import type { Graph } from './graph.ts';
import { shapeText } from './axis-size.ts';
import type { WeightContent } from './onnx/write.ts';
import { mergeCommonSubexpressions } from './passes/common-subexpressions.ts';
import { optimise } from './passes/optimise.ts';
import { quantiseWeights, type QuantisedWeight } from './passes/quantise-weights.ts';
import type { SessionOptions } from './session-types.ts';
import type { WeightPrecision } from './session-types.ts';
import { layoutOf, layoutTypes, quantiseMatrix } from './weight-precision.ts';

/** A graph and weights that are ready for a session; `done` is called when the session has read them. */
export interface PreparedWeights {
  readonly graph: Graph;
  readonly options: SessionOptions;
  done(): void;
}

/** Brings the large matrices of a graph to `precision`: tensors in memory at once, those in files by way of another file. */
export async function prepareQuantised(
  graph: Graph,
  precision: Exclude<WeightPrecision, 'f32'>,
  options: SessionOptions,
): Promise<PreparedWeights> {
  const weights = options.weights ?? {};
  const { graph: rewritten, quantised } = quantiseWeights(optimise(graph), layoutOf(precision, options.runtime));
  requireContents(quantised, weights);
  const kept = Object.fromEntries(Object.entries(weights).filter(([name]) => Object.hasOwn(rewritten.weights, name)));
  const inFiles: QuantisedWeight[] = [];
  for (const weight of quantised) {
    const content = weights[weight.name]!;
    if ('file' in content) inFiles.push(weight);
    else Object.assign(kept, quantiseTensor(weight, content));
  }
  const merged = mergeCommonSubexpressions(rewritten);
  if (inFiles.length === 0) return { graph: merged, options: { ...options, weights: kept }, done: () => undefined };
  const { quantiseFiles } = await import('./runtimes/node-quantised-weights.ts');
  const { locateWeights } = await import('./runtimes/node-weight-files.ts');
  const { threads, weightCache, weightFolder } = options;
  const file = await quantiseFiles(inFiles, { weights, weightFolder }, { threads, cache: weightCache });
  const located = locateWeights([{ weights: kept, weightFolder }, file]);
  return {
    graph: merged,
    options: { ...options, weights: located.weights, weightFolder: located.weightFolder! },
    done: () => file.remove(),
  };
}

function quantiseTensor(
  { layout, matrix, scale, shape }: QuantisedWeight,
  content: Exclude<WeightContent, { readonly file: string }>,
): Record<string, WeightContent> {
  const made = quantiseMatrix(layout, content);
  const types = layoutTypes(layout, shape);
  return {
    [matrix]: { ...types.matrix, data: made.matrix } as Tensor,
    [scale]: { ...types.scale, data: made.scale },
  };
}

/** The same errors as for weights that are bound as they are. */
function requireContents(quantised: readonly QuantisedWeight[], weights: NonNullable<SessionOptions['weights']>): void {
  for (const { name, shape } of quantised) {
    const content = Object.hasOwn(weights, name) ? weights[name] : undefined;
    if (content === undefined) {
      const near = nearestName(name, Object.keys(weights));
      throw new VlaError('not-found', `weights: expected "${name}", got no such tensor.`, {
        hint: near === undefined ? 'The file belongs to another model.' : `There is "${near}".`,
      });
    }
    if (content.shape.join() !== shape.join()) {
      throw new VlaError(
        'bad-shape',
        `weights: "${name}": expected shape ${shapeText(shape)}, got ${shapeText(content.shape)}.`,
      );
    }
  }
}
