/** @file The data of a run: datasets opened, statistics of what the model sees, and the samples of every step. Node only. */

import { VlaError } from '../base/errors.ts';
import { startProgress } from '../base/progress.ts';
import type { CameraConfig } from '../codec/codec-config.ts';
import { changeReference, type ReferenceChange } from '../codec/delta.ts';
import type { TrainingSample } from '../codec/sample.ts';
import { cacheImages, imageCacheBytes } from '../data/image-cache.ts';
import { parseEpisodes, type EpisodeSelection } from '../data/lerobot/catalogue.ts';
import { openLeRobot, type LeRobotDataset } from '../data/lerobot/reader.ts';
import { createLoader, createWorkerLoader, type Loader } from '../data/loader.ts';
import { sampleSpec, type SampleSpec } from '../data/samples.ts';
import type { FrameSelection } from '../data/frame-selection.ts';
import {
  frameSelection,
  keptEpisodes,
  readSelection,
  selectedColumns,
  type Selection,
} from '../data/selection-file.ts';
import { exactStatistics } from '../data/statistics.ts';
import { windowAt, type WindowSpec } from '../data/windows.ts';
import type { Dataset, FeatureStatistics } from '../interfaces/episode.ts';
import type { DataConfig, DatasetShare } from './recipe.ts';

/** The opened datasets of a run. */
export interface TrainingData {
  /** Training episodes only; statistics are of these. */
  readonly datasets: readonly LeRobotDataset[];
  /** Per dataset its held-out episodes; null where none are. */
  readonly heldOut: readonly (LeRobotDataset | null)[];
  /** Per dataset the frames that may start samples; null for all. */
  readonly starts: readonly (FrameSelection | null)[];
  /** Statistics of a numeric feature over all datasets, of what their cleaning kept. */
  statistics(feature: string): Promise<FeatureStatistics>;
  /** Statistics of actions as the model sees them: after `reference`, over all chunks. */
  actionStatistics(reference: ReferenceChange | null, window: WindowSpec): Promise<FeatureStatistics>;
  close(): Promise<void>;
}

/** Opens the training episodes of every dataset; the held-out ones must be there too, although nothing reads them yet. */
export async function openTrainingData(data: DataConfig): Promise<TrainingData> {
  if (data.datasets.length === 0) {
    throw new VlaError('bad-argument', 'data.datasets: expected at least one, got none.', {
      hint: 'Name the folder of a dataset in the recipe.',
    });
  }
  const datasets: LeRobotDataset[] = [];
  const heldOut: (LeRobotDataset | null)[] = [];
  const kept: (FrameSelection | null)[] = [];
  for (const [i, share] of data.datasets.entries()) {
    const dataset = await openShare(share, i);
    datasets.push(dataset);
    heldOut.push(await openHeldOut(share, i));
    kept.push(share.selection === undefined ? null : frameSelection(cleanedSelection(share), dataset));
  }
  const columns = async (feature: string): Promise<Float32Array[]> => {
    const parts: Float32Array[] = [];
    for (const [i, dataset] of datasets.entries()) {
      const selection = kept[i]!;
      if (selection === null) {
        for (const { index } of dataset.episodes) parts.push(await dataset.column(feature, index));
      } else parts.push(...(await selectedColumns(dataset, feature, selection)));
    }
    return parts;
  };
  const sizeOf = (feature: string): number => datasets[0]!.features[feature]!.shape.reduce((a, b) => a * b, 1);
  return {
    datasets,
    heldOut,
    starts: datasets.map((dataset, i) => startsOf(data.datasets[i]!, dataset, kept[i]!)),
    statistics: async (feature) => exactStatistics(await columns(feature), sizeOf(feature), feature),
    async actionStatistics(reference, window) {
      const dim = sizeOf('action');
      const actions = await columns('action');
      if (reference === null) return exactStatistics(actions, dim, 'action');
      const states = await columns('observation.state');
      const chunks = actions.map((column, i) => chunkRows(column, dim, states[i]!, reference, window));
      return exactStatistics(chunks, dim, 'action');
    },
    async close() {
      for (const dataset of [...datasets, ...heldOut]) await dataset?.close();
    },
  };
}

async function openShare(share: DatasetShare, position: number): Promise<LeRobotDataset> {
  const { root, heldOut, samplesPerStep } = share;
  // A text may come from --set, where it can be any.
  const wanted = typeof share.episodes === 'string' ? parseEpisodes(share.episodes) : share.episodes;
  const episodes = share.selection === undefined ? wanted : keptOf(share, wanted);
  if (!Number.isInteger(samplesPerStep) || samplesPerStep < 1) {
    const message = `${root}: expected samplesPerStep of at least 1, a whole number, got ${samplesPerStep}.`;
    throw new VlaError('bad-argument', message, {
      hint: `Correct it in the recipe, or with --set data.datasets.${position}.samplesPerStep=…`,
    });
  }
  if (heldOut.length === 0) return openLeRobot(root, { episodes });
  if (typeof episodes !== 'string') {
    const both = episodes.filter((index) => heldOut.includes(index));
    if (both.length > 0) {
      const message = `${root}: expected other episodes to train on than to hold out, got ${both.join(', ')} in both.`;
      throw new VlaError('bad-argument', message, {
        hint: `Leave them out of --episodes, or out of data.datasets.${position}.heldOut.`,
      });
    }
    return openLeRobot(root, { episodes });
  }
  const whole = await openLeRobot(root, { episodes });
  await whole.close();
  const indices = whole.episodes.map(({ index }) => index).filter((index) => !heldOut.includes(index));
  return openLeRobot(root, { episodes: indices });
}

/** They are read after hours of training: what is wrong with them is said before. */
async function openHeldOut({ root, heldOut }: DatasetShare, position: number): Promise<LeRobotDataset | null> {
  if (heldOut.length === 0) return null;
  try {
    const dataset = await openLeRobot(root, { episodes: heldOut });
    for (const { index } of dataset.episodes) await dataset.column('action', index);
    return dataset;
  } catch (cause) {
    if (!(cause instanceof VlaError)) throw cause;
    throw new VlaError(cause.code, `held-out episodes: ${cause.message}`, {
      cause,
      hint: `Fetch them again, or hold out others (--set data.datasets.${position}.heldOut=…).`,
    });
  }
}

/** All rows of all chunks of an episode after a change of reference, row-major; steps beyond the episode's end left out. */
function chunkRows(
  actions: Float32Array,
  dim: number,
  states: Float32Array,
  reference: ReferenceChange,
  window: WindowSpec,
): Float32Array {
  const length = actions.length / dim;
  const stateDim = states.length / length;
  const rows: number[] = [];
  for (let frame = 0; frame < length; frame++) {
    const { values, isPad } = windowAt(actions, dim, frame, window);
    const chunk = Float64Array.from(values);
    changeReference(chunk, states.subarray(frame * stateDim, (frame + 1) * stateDim), reference);
    for (let h = 0; h < window.horizon && isPad[h] === 0; h++) {
      for (let d = 0; d < dim; d++) rows.push(chunk[h * dim + d]!);
    }
  }
  return Float32Array.from(rows);
}

/** What a sample of `dataset` is made of, for these cameras of a codec. */
export function policySampleSpec(
  dataset: Dataset,
  cameras: readonly CameraConfig[],
  data: Pick<DataConfig, 'stride' | 'imageSize'>,
  horizon: number,
): SampleSpec {
  const window: WindowSpec = { horizon, stride: data.stride, between: 'nearest' };
  const all = sampleSpec(dataset, window, data.imageSize);
  const chosen = cameras.map(({ name }): [string, string] => {
    const feature = all.cameras[name];
    if (feature !== undefined) return [name, feature];
    throw new VlaError(
      'not-found',
      `${dataset.name}: expected a camera "${name}", got ${Object.keys(all.cameras).join(', ') || 'none'}.`,
      { hint: 'Name the cameras of the dataset in codec.cameras.' },
    );
  });
  if (data.imageSize !== null) requireSameResize(cameras, data.imageSize.width, data.imageSize.height);
  return { ...all, cameras: Object.fromEntries(chosen) };
}

/** Resizing while loading must be what the codec does first, or the policy would see other pictures than it learned from. */
function requireSameResize(cameras: readonly CameraConfig[], width: number, height: number): void {
  for (const { name, steps } of cameras) {
    const first = steps[0];
    if (first?.kind === 'resize' && first.width === width && first.height === height && first.filter === 'bilinear') {
      continue;
    }
    throw new VlaError(
      'mismatch',
      `codec.cameras "${name}": expected a first step that resizes to ${width} × ${height} (bilinear), as data.imageSize does.`,
      { hint: 'Make both the same, or set data.imageSize to null.' },
    );
  }
}

/** The samples of every step, a pure function of (seed, step). */
export interface SampleSource {
  samples(step: number): Promise<readonly TrainingSample[]>;
  close(): Promise<void>;
}

/** The frames that may start samples, among those that were kept. */
function startsOf(
  { frames }: DatasetShare,
  dataset: LeRobotDataset,
  kept: FrameSelection | null,
): FrameSelection | null {
  if (frames !== 'first') return kept;
  const whole = kept ?? dataset.episodes.map(({ length }) => ({ ranges: [[0, length]] as const }));
  return whole.map(({ ranges }) => ({ ranges, keyframes: ranges.slice(0, 1).map(([start]) => start) }));
}

const cleanedSelection = ({ selection, root }: DatasetShare): Selection => readSelection(selection!, root);

/** Of the wanted episodes those of which the cleaning kept something. */
function keptOf(share: DatasetShare, wanted: EpisodeSelection): readonly number[] {
  const kept = keptEpisodes(cleanedSelection(share));
  return typeof wanted === 'string' ? kept : kept.filter((index) => wanted.includes(index));
}

/** How much later than its images a sample's state and actions may be, in actions. */
export function longestDelayOf({ futureState }: Pick<DataConfig, 'futureState'>): number {
  const longest = futureState?.longest ?? 0;
  if (Number.isInteger(longest) && longest >= 0) return longest;
  throw new VlaError(
    'bad-argument',
    `data.futureState.longest: expected a whole number of at least 0, got ${longest}.`,
    {
      hint: 'It is the longest delay, in actions, that inference may take.',
    },
  );
}

const loadStopped = (dataset: string): VlaError =>
  new VlaError('interrupted', `load: stopped while the pictures of ${dataset} were loaded.`, {
    hint: 'No step was trained; run the same command again.',
  });

/** What samples are made of. */
export interface SampleOptions {
  readonly cameras: readonly CameraConfig[];
  readonly horizon: number;
  /** Of the order. */
  readonly seed: number;
  /** Default `shuffled`. */
  readonly order?: 'shuffled' | 'recorded';
  /** Bytes for decoded pictures; what is taken is subtracted. */
  readonly budget: { free: number };
  readonly signal: AbortSignal;
}

/** Opens a loader per dataset and joins their samples, always in the same order and numbers. */
export async function openSamples(
  training: TrainingData,
  data: DataConfig,
  { cameras, horizon, seed, order = 'shuffled', budget, signal }: SampleOptions,
): Promise<SampleSource> {
  const longestDelay = longestDelayOf(data);
  const loaders: Loader[] = [];
  const held: Dataset[] = [];
  for (const [i, dataset] of training.datasets.entries()) {
    const sample = policySampleSpec(dataset, cameras, data, horizon);
    const batchSize = data.datasets[i]!.samplesPerStep;
    const selection = training.starts[i]!;
    const only = selection === null ? {} : { selection };
    const later = longestDelay === 0 ? {} : { longestDelay };
    const options = { sample, batchSize, seed: seed + i, order, prefetch: 1, ...only, ...later };
    const features = Object.values(sample.cameras);
    const bytes = imageCacheBytes(dataset, features, data.imageSize);
    if (features.length === 0) {
      loaders.push(createLoader(dataset, options));
      continue;
    }
    if (bytes > budget.free) {
      loaders.push(createWorkerLoader(dataset, { ...options, prefetch: 2 * data.workers, workers: data.workers }));
      continue;
    }
    const total = features.length * dataset.episodes.reduce((sum, { length }) => sum + length, 0);
    const progress = startProgress({ label: 'load', total, unit: 'pictures' });
    const cached = await cacheImages(dataset, {
      cameras: features,
      imageSize: data.imageSize,
      workers: data.workers,
      limitBytes: budget.free,
      signal,
      onProgress: (done) => progress.update(done, dataset.name),
    }).catch((cause: unknown) => {
      throw signal.aborted ? loadStopped(dataset.name) : cause;
    });
    if (signal.aborted) {
      await cached.close();
      throw loadStopped(dataset.name);
    }
    progress.finish(`${total} pictures of ${dataset.name}`);
    budget.free -= bytes;
    held.push(cached);
    loaders.push(createLoader(cached, options));
  }
  return {
    samples: async (step) => (await Promise.all(loaders.map((loader) => loader.batch(step)))).flat(),
    async close() {
      for (const loader of loaders) await loader.close();
      for (const dataset of held) await dataset.close();
    },
  };
}
