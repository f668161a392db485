/** @file What is to be known of a dataset of robot episodes before a run: its size, words, numbers, odd episodes and pictures. */

import { VlaError } from '../../../base/errors.ts';
import { Random } from '../../../base/random.ts';
import type { Codec } from '../../../codec/policy-codec.ts';
import type { LeRobotDataset } from '../../../data/lerobot/reader.ts';
import { createSampleReader, type SampleSpec } from '../../../data/samples.ts';
import type { CodecSetup } from '../../../training/codec-setup.ts';
import type { CodecRecipe, DataConfig } from '../../../training/recipe.ts';
import { policySampleSpec } from '../../../training/training-data.ts';
import { createSheet, type SheetPicture } from './contact-sheet.ts';
import { oddEpisodes, type OddEpisode } from './odd-episodes.ts';
import { spreadOver, tokenFacts, type TokenFacts } from './token-facts.ts';
import { vectorFacts, type DimensionFacts } from './vector-facts.ts';

/** A dataset of robot episodes. */
export interface RobotFacts {
  readonly robot: string;
  /** Frames per second, and actions per second of a chunk. */
  readonly fps: number;
  readonly actionHz: number;
  readonly horizon: number;
  readonly cameras: readonly { readonly name: string; readonly width: number; readonly height: number }[];
  readonly episodes: number;
  readonly heldOut: number;
  readonly frames: number;
  readonly hours: number;
  readonly instructions: TokenFacts;
  /** Of the answers of some frames; null where the codec has none. */
  readonly answers: TokenFacts | null;
  readonly state: readonly DimensionFacts[];
  readonly action: readonly DimensionFacts[];
  readonly odd: readonly OddEpisode[];
  readonly sheet: readonly SheetPicture[];
  /** What deserves a second look. */
  readonly notes: readonly string[];
}

/** What is looked at. */
export interface RobotSource {
  readonly dataset: LeRobotDataset;
  readonly heldOut: number;
  readonly setup: CodecSetup;
  readonly recipe: CodecRecipe;
  readonly data: DataConfig;
  readonly seed: number;
}

const SHEET_EPISODES = 12;
const ANSWER_FRAMES = 48;
/** More of a dimension beyond the clamp than this is worth a note. */
const CLAMPED = 0.005;

/** Gathers the facts; pictures are read of few frames only. */
export async function robotFacts(source: RobotSource): Promise<RobotFacts> {
  const { dataset, heldOut, setup, recipe, data, seed } = source;
  const { codec, embodiment } = setup;
  const { episodes, fps } = dataset;
  const sample = policySampleSpec(dataset, recipe.cameras, data, recipe.horizon);
  const frames = episodes.reduce((sum, { length }) => sum + length, 0);
  const { state, action } = await vectorFacts(dataset, codec, sample.window);
  const [instructions, unfit] = await instructionFacts(dataset, codec, recipe.instructionTokens);
  const answers = await answerFacts(dataset, codec, sample, seed);
  const short = episodes.filter(({ length }) => length < recipe.horizon * data.stride).length;
  const clamped = [...state, ...action].filter((dimension) => dimension.clamped > CLAMPED);
  const constant = action.filter(({ min, max }) => min === max);
  return {
    robot: embodiment.name,
    fps,
    actionHz: fps / data.stride,
    horizon: recipe.horizon,
    cameras: Object.entries(sample.cameras).map(([name, feature]) => {
      const [height, width] = dataset.features[feature]!.shape as [number, number];
      return { name, width, height };
    }),
    episodes: episodes.length,
    heldOut,
    frames,
    hours: frames / fps / 3600,
    instructions,
    answers: answers?.facts ?? null,
    state,
    action,
    odd: await oddEpisodes(dataset),
    sheet: await firstPictures(dataset, sample),
    notes: [
      ...unfit.slice(0, 3).map((text) => `Training will refuse an instruction: ${text}`),
      ...(answers?.problem === undefined ? [] : [`Training will refuse an answer: ${answers.problem}`]),
      ...(short > 0
        ? [`${short} of ${episodes.length} episodes are shorter than a chunk: every sample of them is padded.`]
        : []),
      ...clamped.map(
        ({ name, clamped: share }) => `"${name}": ${(100 * share).toFixed(1)} % of the values are clamped.`,
      ),
      ...constant.map(({ name }) => `"${name}" never changes: the model learns nothing there.`),
    ],
  };
}

/** Every different instruction; the second part are the reasons of those that do not fit. */
async function instructionFacts(dataset: LeRobotDataset, codec: Codec, room: number): Promise<[TokenFacts, string[]]> {
  const texts = new Set<string>();
  const seen = new Set<number>();
  for (const { index } of dataset.episodes) {
    for (const [frame, task] of (await dataset.column('task_index', index)).entries()) {
      if (seen.has(task)) continue;
      seen.add(task);
      texts.add(await dataset.instruction(index, frame));
    }
  }
  const unfit: string[] = [];
  for (const text of texts) {
    const reason = refusal(() => codec.checkInstruction(text));
    if (reason !== null) unfit.push(`"${text}": ${reason}`);
  }
  const counted = [...texts].map((text) => ({ text, tokens: codec.tokenizer.encode(text).length }));
  const longest = counted.reduce((most, one) => (one.tokens > most.tokens ? one : most), { text: '', tokens: -1 });
  return [
    tokenFacts(
      counted.map(({ tokens }) => tokens),
      longest.text,
      room,
      unfit.length,
    ),
    unfit,
  ];
}

/** The answers of some frames, as training makes them. */
async function answerFacts(
  dataset: LeRobotDataset,
  codec: Codec,
  spec: SampleSpec,
  seed: number,
): Promise<{ readonly facts: TokenFacts; readonly problem?: string } | null> {
  const { answer } = codec.config;
  if (answer === undefined) return null;
  const reader = createSampleReader(dataset, spec);
  const lengths: number[] = [];
  const problems: string[] = [];
  for (const i of spreadOver(dataset.episodes.length, ANSWER_FRAMES)) {
    const { index, length } = dataset.episodes[i]!;
    const sample = await reader.read(index, Math.floor(length / 2));
    const reason = refusal(() => {
      const { textWeights } = codec.collate([sample], [new Random(seed, i)]);
      lengths.push((textWeights!.data as Float32Array).reduce((sum, weight) => sum + weight, 0));
    });
    if (reason !== null) problems.push(reason);
  }
  const [problem] = problems;
  return {
    facts: tokenFacts(lengths, null, answer.maxTokens, problems.length),
    ...(problem !== undefined && { problem }),
  };
}

/** Why something is refused; null where it is not. */
function refusal(attempt: () => void): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (error instanceof VlaError) return error.message;
    throw error;
  }
}

async function firstPictures(dataset: LeRobotDataset, { cameras }: SampleSpec): Promise<SheetPicture[]> {
  const picture = createSheet();
  const sheet: SheetPicture[] = [];
  for (const i of spreadOver(dataset.episodes.length, SHEET_EPISODES)) {
    const { index } = dataset.episodes[i]!;
    const instruction = await dataset.instruction(index, 0);
    for (const [name, feature] of Object.entries(cameras)) {
      sheet.push(picture(`${index}, ${name}: ${instruction}`, await dataset.image(feature, index, 0)));
    }
  }
  return sheet;
}
