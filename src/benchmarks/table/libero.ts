/** @file LIBERO's five suites, played as the papers play them (openvla-oft, openpi and vla-evaluation-harness agree). */

import { VlaError } from '../../base/errors.ts';
import { openDevice } from '../../simulation/rendering/classic/webgpu/device.ts';
import { HARNESS_SEED, maxStepsOf, SETTLE_STEPS } from '../../simulation/libero/suite-protocol.ts';
import { initialStatesPath, suiteTasks, type LiberoSuite } from '../../simulation/libero/suites.ts';
import { liberoEnvironment, openEnvironment } from '../libero/libero-environment.ts';
import { openLibero, type LiberoAssets } from '../libero/open-assets.ts';
import type { Benchmark } from './benchmark.ts';
import { LIBERO_PUBLISHED } from './libero-published.ts';

/** Rows of published initial states per task. */
const ROWS = 50;
/** What the Python harness renders, pixels. */
const IMAGE_SIZE = 256;

const SUMMARIES: Readonly<Record<LiberoSuite, string>> = {
  libero_spatial: 'the same bowl from different places',
  libero_object: 'different things into the basket',
  libero_goal: 'different goals in one scene',
  libero_10: 'long tasks, also called LIBERO-Long',
  libero_90: 'short tasks in many scenes',
};

function suiteBenchmark(suite: LiberoSuite): Benchmark {
  return {
    name: suite.replace('_', '-'),
    summary: `LIBERO: ${SUMMARIES[suite]}; its files: vlakit benchmark pull libero`,
    tasks: suiteTasks(suite).length,
    episodes: ROWS,
    seed: { value: HARNESS_SEED, meaning: 'of the Python harness, which moves fixtures a little; OpenVLA-OFT has 0' },
    conditions: ['base'],
    published: suite === 'libero_90' ? null : LIBERO_PUBLISHED,
    async open({ seed, episodes, imageSize, filmSize, renderer }) {
      if (episodes > ROWS) {
        throw new VlaError('bad-argument', `--episodes: expected at most ${ROWS} of ${suite}, got ${episodes}.`, {
          hint: 'Each episode begins in a row of the published initial states, of which there are so many per task.',
        });
      }
      const size = imageSize ?? IMAGE_SIZE;
      const assets = openLibero([suite]);
      await checkInitialStates(suite, assets);
      const drawn = renderer === 'cpu' ? {} : { renderer };
      const drawing = renderer === 'cpu' ? '' : ` WebGPU draws them: ${await gpuName()}.`;
      const options = { suite, imageSize: size, harnessSeed: seed, ...drawn };
      return {
        environment: liberoEnvironment(options),
        stage: size >= filmSize ? null : liberoEnvironment({ ...options, imageSize: filmSize }),
        firstSeed: 0,
        text: protocolText(suite, seed, size, assets, drawing),
        // Results by the CPU have no such setting: they are as old as LIBERO is here.
        settings: { harnessSeed: seed, imageSize: size, files: assets.set.sha256, ...drawn },
      };
    },
  };
}

/** The adapter, which there must be before anything runs. */
async function gpuName(): Promise<string> {
  const { name, close } = await openDevice();
  close();
  return name;
}

function protocolText(
  suite: LiberoSuite,
  seed: number,
  imageSize: number,
  { set }: LiberoAssets,
  drawing: string,
): string {
  const changed =
    set.changed.length === 0 ? '' : ` ${set.changed.length} of its ${set.files} files are NOT as published.`;
  return (
    `Episode i of a task begins in row i of its published initial states, with the fixtures where numpy’s generator with seed ${seed} puts them; ` +
    `${SETTLE_STEPS} control steps without motion, then at most ${maxStepsOf(suite)}; two images of ${imageSize}².${drawing}${changed}`
  );
}

/** Initial states that are not as published may be another task's, which only the compiled task can tell: it is asked before anything is played. */
async function checkInitialStates(suite: LiberoSuite, { set }: LiberoAssets): Promise<void> {
  const doubtful = suiteTasks(suite).filter(({ name }) => set.changed.includes(initialStatesPath(suite, name)));
  if (doubtful.length === 0) return;
  const environment = await openEnvironment({ suite, imageSize: 16, harnessSeed: HARNESS_SEED });
  try {
    for (const { name } of doubtful) await environment.reset({ task: name, seed: 0 });
  } finally {
    await environment.close();
  }
}

const SUITES = ['libero_spatial', 'libero_object', 'libero_goal', 'libero_10', 'libero_90'] as const;

/** In the order of the papers' tables. */
export const LIBERO: readonly Benchmark[] = SUITES.map(suiteBenchmark);
