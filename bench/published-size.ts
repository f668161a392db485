/**
 * @file Models of the published sizes on this machine: time to load, peak memory, time of a chunk, of the prompt and of one step of
 * the expert, in each precision, and PyTorch on the same shapes in turn. Weights are random, so only times, bytes and the
 * difference between precisions mean something. Weights in few bits are kept in FOLDER too, so that the second load finds them.
 *
 *     node dist/bench/published-size.js [--family zr-0] [--rounds 10] [--threads 2] [--limit-gb 18] [--precisions f32,int8,int4]
 *         [--weights initial] [--folder FOLDER] [--runtime webgpu] [--python PYTHON] [--torch-device cuda] [--json FILE]
 *
 * Rounds in which other programs took more than 5 % of the processor's time are repeated, up to three times as many.
 */

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Runtime, WeightPrecision } from '../src/engine/index.ts';
import { weightBytes } from '../src/engine/memory-need.ts';
import { availableMemory } from '../src/engine/runtimes/node-memory.ts';
import { inferenceGraph } from '../src/models/flow-policy.ts';
import { flatten, type ParameterSpec } from '../src/nn/parameters.ts';
import { measureCeilings } from './published-size-ceilings.ts';
import { type Contestant, startOurs, startTorch } from './published-size-contestants.ts';
import { drawFeeds, publishedModel } from './published-size-families.ts';
import { graphWork, report, type Measured } from './published-size-report.ts';
import type { SizePrecision } from './published-size-worker.ts';
import { shardedWeights, writeWeights, type WeightKind } from './published-size-weights.ts';

const SEED = 7;
/** Peak over weights that a session is allowed for; the bench refuses what would not fit. */
const PEAK = 1.2;

const { values } = parseArgs({
  options: {
    family: { type: 'string', default: 'zr-0' },
    rounds: { type: 'string', default: '10' },
    threads: { type: 'string', default: '2' },
    'limit-gb': { type: 'string', default: '18' },
    precisions: { type: 'string', default: 'f32,int8,int4' },
    weights: { type: 'string', default: 'initial' },
    folder: { type: 'string', default: 'bench-weights' },
    runtime: { type: 'string', default: 'cpu' },
    python: { type: 'string' },
    'torch-device': { type: 'string', default: 'cpu' },
    json: { type: 'string' },
  },
});
const [rounds, threads] = [Number(values.rounds), Number(values.threads)];
const runtime = values.runtime as Runtime;
const model = publishedModel(values.family);
const { family, config, codec, steps } = model;
const graph = inferenceGraph(family, config, codec, steps);
const leaves = flatten<ParameterSpec>(family.spec(config, codec.layout.length));
const kind = values.weights as WeightKind;
const folder = path.join(path.resolve(values.folder), `${family.name}-${model.size}-${kind}`);
const limit = Math.min(Number(values['limit-gb']) * 1e9, availableMemory());

console.log(`${family.title} ${model.size}: ${codec.layout.length} tokens, ${codec.horizon} actions, ${steps} steps`);
writeWeights(folder, leaves, kind, SEED);
const stored = shardedWeights(folder);
const precisions = values.precisions.split(',') as SizePrecision[];
const fitting = precisions.filter((precision) => {
  const need = PEAK * weightBytes(graph, held(precision), stored);
  if (need <= limit) return true;
  console.log(`${precision}: needs ${(need / 1e9).toFixed(1)} GB, ${(limit / 1e9).toFixed(1)} GB are free: left out.`);
  return false;
});
const ceilings = await measureCeilings(runtime, threads);
const measured: Measured[] = [];
// The largest model shares the machine with PyTorch alone, the small ones with each other.
const groups = fitting.includes('f32') ? [['f32'], fitting.filter((p) => p !== 'f32')] : [fitting];
for (const group of groups.filter((list) => list.length > 0) as SizePrecision[][]) {
  const results = new Map<string, { whole: Contestant; single: Contestant }>();
  for (const count of [steps, 1]) {
    const ours = group.map((precision) => ({
      precision,
      runtime,
      steps: count,
      family: family.name,
      folder,
      threads,
      seed: SEED,
    }));
    const contestants = await Promise.all([
      ...(values.python === undefined
        ? []
        : startTorch(values.python, model, { device: values['torch-device'], threads, steps: count })),
      ...ours.map(startOurs),
    ]);
    await playRounds(contestants, rounds);
    for (const contestant of contestants) {
      const before = results.get(contestant.name);
      results.set(contestant.name, { whole: before?.whole ?? contestant, single: contestant });
    }
    await Promise.all(contestants.map((contestant) => contestant.close()));
  }
  measured.push(...[...results].map(([name, pair]) => ({ name, group: group.join(), ...pair })));
}

const work = graphWork(graph);
const noise = drawFeeds(codec, SEED)['noise']!.data as Float32Array;
const bytes = Object.fromEntries(fitting.map((precision) => [precision, weightBytes(graph, held(precision), stored)]));
const lines = report({ measured, steps, bytes, ceilings, noise, ...work });
console.log(lines.join('\n'));
if (values.json !== undefined) {
  const plain = measured.map(({ name, group, whole, single }) => ({
    name,
    group,
    whole: whole.data(),
    single: single.data(),
  }));
  fs.writeFileSync(
    values.json,
    JSON.stringify({ family: family.name, ceilings, work, bytes, measured: plain }, null, 1),
  );
}

/** How the processor holds the weights while a session opens. */
function held(precision: SizePrecision): WeightPrecision {
  return precision === 'f16' ? 'f32' : precision;
}

/** Each contestant in turn; a round that others disturbed is played again. */
async function playRounds(contestants: readonly Contestant[], wanted: number): Promise<void> {
  for (const contestant of contestants) await contestant.warmUp();
  for (let round = 0; round < 3 * wanted; round++) {
    if (contestants.every(({ quietRuns }) => quietRuns >= wanted)) return;
    for (const contestant of contestants) if (contestant.quietRuns < wanted) await contestant.play();
  }
}
