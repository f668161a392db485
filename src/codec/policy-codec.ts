/**
 * @file The policy codec: observations and training samples into model tensors, model outputs into action chunks. One
 * object encodes and decodes, from one configuration that travels with the weights.
 *
 * Axes: B batch, N patches of a camera, T prompt tokens, S padded state, H horizon, A padded action.
 */

import { VlaError, lookUp } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { tensor, zeros, type Tensor } from '../base/tensor.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Image, Observation } from '../interfaces/observation.ts';
import { createAnswerWriter } from './answer-tokens.ts';
import { NO_AUGMENTATION, drawAugmentation, type AugmentDraw } from './augment.ts';
import { parseCodecConfig, type CameraConfig, type PolicyCodecConfig } from './codec-config.ts';
import { PIXELS, type InputSpec } from './input-spec.ts';
import { createImagePipeline, requireImage, type FractionMap, type ImagePipeline } from './images.ts';
import { createPatchWriter, mergedGrid, patchCount, patchSize } from './patches.ts';
import { createPromptCodec, type TokenLayout } from './prompt.ts';
import { requireReferences } from './reference-check.ts';
import type { TrainingSample } from './sample.ts';
import { createAnswerMaker } from './sample-answer.ts';
import { createSupervisionWriter, type CameraView } from './supervision.ts';
import type { TextTokenizer } from './text-tokens/text-tokenizer.ts';
import { createVectorCodec } from './vector-steps.ts';

/**
 * Inputs of a model, as `encodeObservation` (B = 1) and `collate` make them:
 * `pixels.<camera>` f32 [B, N, 3 · temporal · patch²], values x / 127.5 − 1, Qwen3-VL's patch order;
 * `tokens` i64 [B, T]; `tokenMask` f32 [B, T], 1 for tokens, 0 for padding; `lastToken` f32 [B, T], one-hot at the last
 * token of the prompt; `positions` i64 [3, B, T] (the same for every prompt: also in `layout.positions`);
 * `state` f32 [B, S].
 * Training adds `actions` f32 [B, H, A], `actionMask` f32 [B, H, A] (0 for padded dimensions and for steps beyond the
 * episode's end) and one f32 [B, size] tensor per supervision field. Where the configuration has answers, the tokens are those
 * of prompt and answer, and the tensors of `createAnswerWriter` come in.
 */
export interface Codec {
  readonly config: PolicyCodecConfig;
  readonly tokenizer: TextTokenizer;
  /** The fixed places and rotary positions of prompt tokens. */
  readonly layout: TokenLayout;
  /** The places of the tokens of training: of prompt and answer; `layout` itself where there are no answers. */
  readonly trainingLayout: TokenLayout;
  readonly horizon: number;
  /** S and A: lengths of the encoded (padded) vectors. */
  readonly stateDim: number;
  readonly actionDim: number;
  /** Per encoded action dimension: 1 where it carries a real one, 0 where it is padding. */
  readonly actionDimensions: Float32Array;
  /** Whether decoding actions needs the robot's state (delta or chunk-relative actions). */
  readonly needsState: boolean;
  observationInputs(batch: number): Readonly<Record<string, InputSpec>>;
  trainingInputs(batch: number): Readonly<Record<string, InputSpec>>;
  /** Throws `bad-argument` for an instruction that is too long for the prompt or holds a special token. */
  checkInstruction(instruction: string): void;
  /** One observation as a batch of 1. Throws on a missing camera, a wrong length, NaN, or a too long instruction. */
  encodeObservation(observation: Observation): Record<string, Tensor>;
  /**
   * A training batch. `randoms` has one generator per sample, which the augmentation draws from; null switches
   * augmentation off. `into` is a batch of the same size whose memory is reused.
   */
  collate(
    samples: readonly TrainingSample[],
    randoms: readonly Random[] | null,
    into?: Readonly<Record<string, Tensor>>,
  ): Record<string, Tensor>;
  /** Actions in the model's numbers, row-major [horizon, actionDim]: the target of training for one sample. */
  encodeActions(actions: ArrayLike<number>, state: ArrayLike<number>): Float32Array;
  /**
   * The model's numbers, row-major [horizon, actionDim], to robot units, clipped to the robot's limits.
   * `state` is the observation's, in robot units; needed when `needsState`. Throws `not-finite` on NaN or infinity.
   */
  decodeActions(encoded: ArrayLike<number>, state?: ArrayLike<number>): ActionChunk;
}

/** Makes the codec of a configuration (checked here) and a tokenizer. The only way to make one. */
export function createCodec(configuration: PolicyCodecConfig, tokenizer: TextTokenizer): Codec {
  const config = parseCodecConfig(configuration, 'codec');
  const { horizon } = config;
  const cameras = config.cameras.map(createCameraCodec);
  const layouts = Object.fromEntries(config.cameras.map((camera) => [camera.name, camera]));
  const grids = Object.fromEntries(config.cameras.map((camera) => [camera.name, mergedGrid(camera)]));
  const prompt = createPromptCodec(config.prompt, grids, tokenizer);
  const state = createVectorCodec(config.state.names, config.state.steps, 'state');
  const action = createVectorCodec(config.action.names, config.action.steps, 'action');
  requireReferences(config);
  const supervision = config.supervision.map((field) => createSupervisionWriter(field, layouts));
  const T = prompt.layout.length;
  const answers = createAnswers(config, grids, action.mask, tokenizer);
  const trainingLayout = answers?.writer.layout ?? prompt.layout;
  const [S, A] = [state.encodedDim, action.encodedDim];
  const actionNames = config.action.names;

  const observationInputs = (B: number): Record<string, InputSpec> => ({
    ...Object.fromEntries(
      config.cameras.map((camera): [string, InputSpec] => [
        PIXELS + camera.name,
        { dtype: 'f32', shape: [B, patchCount(camera), patchSize(camera)] },
      ]),
    ),
    tokens: { dtype: 'i64', shape: [B, T] },
    tokenMask: { dtype: 'f32', shape: [B, T] },
    lastToken: { dtype: 'f32', shape: [B, T] },
    positions: { dtype: 'i64', shape: [3, B, T] },
    state: { dtype: 'f32', shape: [B, S] },
  });
  const trainingInputs = (B: number): Record<string, InputSpec> => ({
    ...observationInputs(B),
    ...answers?.writer.inputs(B),
    positions: { dtype: 'i64', shape: [3, B, trainingLayout.length] },
    actions: { dtype: 'f32', shape: [B, horizon, A] },
    actionMask: { dtype: 'f32', shape: [B, horizon, A] },
    ...Object.fromEntries(
      supervision.map(({ output, size }): [string, InputSpec] => [output, { dtype: 'f32', shape: [B, size] }]),
    ),
  });

  const writePrompt = (batch: Readonly<Record<string, Tensor>>, b: number, instruction: string): void => {
    const { ids, mask, count } = prompt.encode(instruction);
    (batch['tokens']!.data as BigInt64Array).set(ids, b * T);
    floats(batch, 'tokenMask').set(mask, b * T);
    floats(batch, 'lastToken')[b * T + count - 1] = 1;
  };
  /** Writes what observation and sample share at row `b` of a batch; returns the views of the cameras. */
  const writeObservation = (
    { images, state: values, instruction }: Observation,
    batch: Readonly<Record<string, Tensor>>,
    b: number,
    random: Random | null,
    training: boolean,
  ): Record<string, CameraView> => {
    const views: Record<string, CameraView> = {};
    for (const camera of cameras) {
      const image = lookUp('camera image', camera.config.name, images);
      views[camera.config.name] = camera.write(image, floats(batch, PIXELS + camera.config.name), b, random);
    }
    if (!training || answers === null) writePrompt(batch, b, instruction);
    requireCount('state', values.length, config.state.names.length);
    floats(batch, 'state').set(state.encode(values, values, 'state'), b * S);
    return views;
  };

  const prepare = (
    B: number,
    specs: Readonly<Record<string, InputSpec>>,
    { positions: axes, length }: TokenLayout,
  ): Record<string, Tensor> => {
    const batch = Object.fromEntries(Object.entries(specs).map(([name, s]) => [name, zeros(s.dtype, s.shape)]));
    const positions = batch['positions']!.data as BigInt64Array;
    axes.forEach((axis, a) => {
      for (let b = 0; b < B; b++)
        axis.forEach((position, t) => (positions[(a * B + b) * length + t] = BigInt(position)));
    });
    return batch;
  };

  const encodeActions = (actions: ArrayLike<number>, stateNow: ArrayLike<number>): Float32Array => {
    requireCount('action chunk', actions.length, horizon * actionNames.length);
    return Float32Array.from(action.encode(actions, stateNow, 'action'));
  };

  return {
    config,
    tokenizer,
    layout: prompt.layout,
    trainingLayout,
    horizon,
    stateDim: S,
    actionDim: A,
    actionDimensions: action.mask,
    needsState: action.needsState,
    observationInputs,
    trainingInputs,
    checkInstruction(instruction) {
      prompt.encode(instruction);
    },
    encodeObservation(observation) {
      const batch = prepare(1, observationInputs(1), prompt.layout);
      writeObservation(observation, batch, 0, null, false);
      return batch;
    },
    collate(samples, randoms, into) {
      const B = samples.length;
      if (randoms !== null) requireCount('random generators', randoms.length, B);
      const inputs = trainingInputs(B);
      const batch = into === undefined ? prepare(B, inputs, trainingLayout) : cleared(into, inputs);
      for (const [b, sample] of samples.entries()) {
        const views = writeObservation(sample, batch, b, randoms?.[b] ?? null, true);
        const encoded = encodeActions(sample.actions, sample.state);
        floats(batch, 'actions').set(encoded, b * horizon * A);
        if (answers !== null) {
          const random = randoms?.[b] ?? new Random(0, b);
          const answer = answers.make({ sample, views, actions: encoded, random });
          answers.writer.write(batch, b, sample.instruction, answer);
        }
        requireCount('actionIsPad', sample.actionIsPad.length, horizon);
        const mask = floats(batch, 'actionMask');
        for (let h = 0; h < horizon; h++) {
          if (sample.actionIsPad[h] === 0) mask.set(action.mask, (b * horizon + h) * A);
        }
        for (const writer of supervision) {
          writer.write(sample.supervision, views, floats(batch, writer.output), b * writer.size);
        }
      }
      return { ...batch };
    },
    encodeActions,
    decodeActions(encoded, stateNow) {
      requireCount('encoded action chunk', encoded.length, horizon * A);
      if (action.needsState && stateNow === undefined) {
        throw new VlaError('bad-argument', 'decodeActions: expected the robot state, got none.', {
          hint: 'This codec has delta or chunk-relative actions: pass the state of the observation.',
        });
      }
      if (stateNow !== undefined) requireCount('state', stateNow.length, config.state.names.length);
      const data = Float32Array.from(action.decode(encoded, stateNow ?? [], 'decoded action'));
      return { horizon, dim: actionNames.length, data };
    },
  };
}

/** What makes and writes answers; null where the configuration has none. */
function createAnswers(
  { answer, ...config }: PolicyCodecConfig,
  grids: Readonly<Record<string, readonly [rows: number, columns: number]>>,
  actionMask: Float32Array,
  tokenizer: TextTokenizer,
) {
  if (answer === undefined) return null;
  const { prompt } = config;
  return {
    writer: createAnswerWriter({ prompt, answerTokens: answer.maxTokens, grids, tokenizer }),
    make: createAnswerMaker({ ...config, answer }, actionMask, tokenizer),
  };
}

/** The images of one camera into patches. */
export interface CameraCodec {
  readonly config: CameraConfig;
  /** Writes an image as sample `b` of f32 [B, N, 3 · temporal · patch²]; `random` null: without augmentation. */
  write(image: Image, target: Float32Array, b: number, random: Random | null): CameraView;
}

/** Makes the pipeline of one camera. */
export function createCameraCodec(config: CameraConfig): CameraCodec {
  const where = `camera "${config.name}"`;
  const writePatches = createPatchWriter(config, where);
  const size = patchCount(config) * patchSize(config);
  const table = new Float32Array(768);
  const pipelines = new Map<string, ImagePipeline>();
  const pipelineFor = (image: Image): ImagePipeline => {
    const key = `${image.width}x${image.height}`;
    const known = pipelines.get(key);
    if (known !== undefined) return known;
    const made = createImagePipeline(config.steps, image.width, image.height);
    if (made.width !== config.width || made.height !== config.height) {
      throw new VlaError(
        'bad-shape',
        `${where}: expected ${config.width}×${config.height} pixels after its steps, got ${made.width}×${made.height}.`,
        { hint: `The camera gave ${key}; add a resize step, or give images of the size the policy was trained on.` },
      );
    }
    pipelines.set(key, made);
    return made;
  };
  return {
    config,
    write(image, target, b, random) {
      requireImage(image, where);
      const pipeline = pipelineFor(image);
      const draw: AugmentDraw =
        random === null || config.augmentation === null
          ? NO_AUGMENTATION
          : drawAugmentation(config.augmentation, random, table);
      writePatches(pipeline.apply(image.data), draw, target, b * size);
      return { layout: config, map: pipeline.map satisfies FractionMap, draw };
    },
  };
}

/** Clears what rows do not overwrite (one-hot and masked tensors) and checks that the memory fits. */
function cleared(
  batch: Readonly<Record<string, Tensor>>,
  specs: Readonly<Record<string, InputSpec>>,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const found = lookUp('collate into', name, batch);
      const reused = tensor(spec.dtype, spec.shape, found.data as never);
      if (spec.dtype === 'f32' && !name.startsWith(PIXELS)) (found.data as Float32Array).fill(0);
      return [name, reused];
    }),
  );
}

const floats = (batch: Readonly<Record<string, Tensor>>, name: string): Float32Array =>
  batch[name]!.data as Float32Array;

function requireCount(where: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new VlaError('bad-shape', `${where}: expected ${expected} values, got ${got}.`, {
    hint: 'The policy was made for another embodiment or horizon.',
  });
}
