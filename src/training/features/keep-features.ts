/**
 * @file Features of a frozen vision-language model, computed once per frame: the records of every dataset of a group, and the loss that
 * reads them in place of pixels. Node only.
 */

import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import type { CameraConfig } from '../../codec/codec-config.ts';
import type { Codec } from '../../codec/policy-codec.ts';
import { recordedFrames } from '../../data/order.ts';
import { createSession, type SessionOptions } from '../../engine/index.ts';
import type { LearnerOptions } from '../graph-learner.ts';
import type { DataConfig } from '../recipe.ts';
import type { ClosableBatches, GroupOptions, PolicyTrainable } from '../trainable.ts';
import { longestDelayOf, openSamples, type TrainingData } from '../training-data.ts';
import type { FeaturesConfig } from './config.ts';
import { featureBatches, type KeptDataset } from './feature-batches.ts';
import { featureGraph, featureTrainable, storedType } from './feature-graph.ts';
import { datasetFiles, featureKey, hashWeights } from './feature-key.ts';
import { BLOCK, writeFeatures, type FeaturePass } from './feature-pass.ts';
import { openRecordReader, type RecordField, type RecordLayout } from './record-file.ts';
import { FEATURES, surveyFeatures, type FeatureSurvey, type ThroughReads } from './survey.ts';

/** A group whose features can be kept. */
export interface FeatureSource {
  readonly codec: Codec;
  readonly training: TrainingData;
  /** With the group's own datasets. */
  readonly data: DataConfig;
  readonly cameras: readonly CameraConfig[];
  /** What else the features depend on: the model's configuration. */
  readonly identity: unknown;
  /** The group's loss on batches of `batchSize`, what it reads of the prompt passed through `at`. */
  through(batchSize: number, ...at: Parameters<ThroughReads>): PolicyTrainable;
  /** Samples of a part of a step, and parts of a step. */
  readonly batchSize: number;
  readonly parts: number;
}

/** What keeps them. */
export interface KeepOptions extends Pick<GroupOptions, 'seeds' | 'signal'> {
  readonly features: FeaturesConfig;
  /** Where they are computed. */
  readonly session: Pick<SessionOptions, 'runtime' | 'threads'>;
  readonly frozen: LearnerOptions['frozen'];
  /** Says what of a trainable learns. */
  tune(trainable: PolicyTrainable): PolicyTrainable;
}

/** A group that learns from features. */
export interface KeptGroup {
  readonly trainable: PolicyTrainable;
  readonly batches: ClosableBatches;
}

/**
 * Computes the features that are missing, and opens the batches that read them. Throws `bad-argument` where what encodes the prompt
 * learns, `unsupported` where answers do, `io` where the disk has no room, `interrupted` when the signal aborts.
 */
export async function keepFeatures(source: FeatureSource, options: KeepOptions): Promise<KeptGroup> {
  const { features, frozen = {}, seeds } = options;
  if (source.codec.trainingLayout !== source.codec.layout) {
    throw new VlaError(
      'unsupported',
      'data.features: expected prompts alone, got answers that are learned behind them.',
      {
        hint: 'Leave codec.answer out, or set data.features to null.',
      },
    );
  }
  const sized =
    (size: number): ThroughReads =>
    (at) =>
      options.tune(source.through(size, at));
  if (longestDelayOf(source.data) > 0) {
    throw new VlaError('unsupported', 'data.features: expected samples of one moment, got states later than images.', {
      hint: 'Features are kept once per frame: set data.features or data.futureState to null.',
    });
  }
  const survey = surveyFeatures(sized(BLOCK));
  const fields = recordFields(source.codec, survey, features);
  const versions = Math.max(1, features.augmentations);
  const common = {
    fields,
    block: BLOCK,
    versions,
    weights: hashWeights(survey.encoder.weights, frozen),
    codec: source.codec.config,
    model: source.identity,
    ...(features.augmentations === 0 ? {} : { seed: seeds.batches }),
  };
  const kept: KeptDataset[] = [];
  try {
    for (const [i, dataset] of source.training.datasets.entries()) {
      const share = source.data.datasets[i]!;
      const starts = source.training.starts[i]!;
      const lengths = dataset.episodes.map(({ length }) => length);
      const { frames } = recordedFrames(lengths, starts ?? undefined);
      const { stride, imageSize } = source.data;
      const episodes = dataset.episodes.map(({ index }) => index);
      const key = featureKey({ ...common, stride, imageSize, episodes, starts, files: datasetFiles(dataset) });
      const layout: RecordLayout = { fields, block: BLOCK, blocks: Math.ceil(frames / BLOCK) * versions };
      const folder = path.join(features.folder, key);
      await writeFeatures({
        folder,
        layout,
        name: dataset.name,
        codec: source.codec,
        augmentations: features.augmentations,
        seed: seeds.batches,
        signal: options.signal,
        openSource: () => openRecorded(source, i, options.signal),
        openEncoder: () => {
          const graph = featureGraph(sized(BLOCK), survey, features);
          return createSession(graph, { ...options.session, ...frozen });
        },
      } satisfies FeaturePass);
      const reader = await openRecordReader(folder, layout);
      kept.push({ reader, frames, samplesPerStep: share.samplesPerStep, seed: seeds.order + i });
    }
    const trainable = featureTrainable(sized(source.batchSize), survey, features, source.batchSize);
    const places = { block: BLOCK, versions };
    return { trainable, batches: featureBatches(kept, trainable, source.parts, places, seeds.batches) };
  } catch (error) {
    for (const { reader } of kept) await reader.close();
    throw error;
  }
}

/** What of a record the loss reads: what the codec makes beside the prompt, and the features. */
function recordFields(codec: Codec, survey: FeatureSurvey, config: FeaturesConfig): RecordField[] {
  const offered = codec.trainingInputs(1);
  const encoded = Object.entries(survey.features).map(([name, spec]) => ({
    name: FEATURES + name,
    dtype: storedType(name, spec, config),
    shape: spec.shape.slice(1),
  }));
  const others = [...survey.reads.inputs].flatMap((name) => {
    const spec = offered[name];
    return spec === undefined ? [] : [{ name, dtype: spec.dtype, shape: spec.shape.slice(1) }];
  });
  return [...others.toSorted((a, b) => (a.name < b.name ? -1 : 1)), ...encoded];
}

/** The frames of dataset `i` one after the other. */
function openRecorded({ training, data, codec, cameras }: FeatureSource, i: number, signal: AbortSignal) {
  const alone = { ...training, datasets: [training.datasets[i]!], starts: [training.starts[i]!] };
  const slow = { ...data, datasets: [{ ...data.datasets[i]!, samplesPerStep: BLOCK }] };
  const { horizon } = codec;
  // Every picture is needed once: none is held in memory.
  return openSamples(alone, slow, { cameras, horizon, seed: 0, order: 'recorded', budget: { free: 0 }, signal });
}
