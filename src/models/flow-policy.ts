/** @file A model of any family as a policy: one graph that encodes the prompt once and walks the Euler steps, from observation to chunk. */

import { VlaError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { f32, zeros, type Tensor } from '../base/tensor.ts';
import { requireEmbodiment } from '../codec/embodiment-check.ts';
import type { Codec } from '../codec/policy-codec.ts';
import {
  constant,
  createSession,
  input,
  output,
  trace,
  type Graph,
  type Session,
  type SessionOptions,
  type Value,
} from '../engine/index.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Policy } from '../interfaces/policy.ts';
import { asWeights, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { choiceSpec, encodeWithChoices, type ActingHead } from './choice.ts';
import { requireFittingCodec } from './codec-fit.ts';
import {
  CONTINUED_INPUTS,
  continueChunk,
  continuedFeeds,
  continuedInputs,
  continuesOf,
  requireContinuation,
  type ContinuationSettings,
  type ContinuedChunk,
} from './continuation.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import { joinRuns } from './joined-runs.ts';
import { observationNames, promptInputs } from './flow-trainable.ts';
import { pickChoice } from './parts/choice-policy.ts';
import type { PolicyMode } from './policy-mode.ts';
import { openProgressAccount, requireProgress } from './task-progress.ts';
import { createReasoner, reasoningCodec } from './reasoning.ts';

/** What a policy is made of; all of it lies in a checkpoint folder but the last two. */
export interface FlowPolicyOptions {
  /** For people: tables and logs. */
  readonly name: string;
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  readonly embodiment: Embodiment;
  /** By dotted name, in memory or as places in a file; what training alone needs may be there and is ignored. */
  readonly weights: NonNullable<SessionOptions['weights']>;
  /** Euler steps from noise to actions. */
  readonly steps: number;
  /** Standard deviation of the noise that sampling starts from, 0 to 1: 1 as in training, less for actions nearer to the likeliest. */
  readonly noiseScale: number;
  /** What of the model acts; default: the flow's expert. A choice policy draws no noise. */
  readonly head?: ActingHead;
  /** Whether it is told how far the task is, and tells how far it will be; default: no. */
  readonly progress?: boolean;
  /** Whether it reasons first; a chunk then has its `reasoning`. Default: it acts at once. */
  readonly mode?: PolicyMode;
  /** Most inferences of its players that are computed as one, with a second session that holds the weights once more; default 1. */
  readonly batch?: number;
  /** How it continues the chunk that is being executed; null (default): it does not. */
  readonly continuation?: ContinuationSettings | null;
  readonly session: Pick<
    SessionOptions,
    'runtime' | 'arithmetic' | 'threads' | 'weightFolder' | 'weightPrecision' | 'weightCache'
  >;
}

/**
 * The graph of one inference: the codec's observation tensors and, for the flow, noise f32 [1, H, A] to `actions` f32 [1, H, A].
 * With progress, `before` f32 [1] goes in and `progress` f32 [1], that after the chunk, comes out. With a continuation, the running
 * chunk goes in. `batch` replaces the ones.
 */
export function inferenceGraph(
  family: AnyFamily,
  config: FamilyConfig,
  codec: Codec,
  steps: number,
  options: Pick<FlowPolicyOptions, 'head' | 'progress' | 'continuation' | 'batch'> = {},
): Graph {
  const { head = 'flow', progress = false, continuation = null, batch = 1 } = options;
  const offered = codec.observationInputs(batch);
  if (continuation !== null) requireContinuation(continuation, { family, config, head, progress });
  return trace(() => {
    const read = (name: string): Value => input(name, offered[name]!.dtype, offered[name]!.shape);
    const noise = head === 'choice' ? null : input('noise', 'f32', [batch, codec.horizon, codec.actionDim]);
    const before = progress ? input('before', 'f32', [batch]) : null;
    const continued = continuation === null ? null : continuedInputs(continuation, codec, batch);
    const acted = inferActions(family, config, codec, steps, read, noise, { before, continued });
    output('actions', acted.actions);
    if (acted.progress !== null) output('progress', acted.progress);
  });
}

/** What a policy's graph computes: actions [1, H, A], and the progress [1] after them where that before them is given. */
export interface InferredActions {
  readonly actions: Value;
  readonly progress: Value | null;
}

/**
 * The same on values of a graph that is being traced: `read` gives the codec's observation tensors, each asked for once; without
 * noise the choice policy acts, with the proposal that it thinks the best. `before` [1] is the progress before the chunk,
 * `continued` the chunk that is continued.
 */
export function inferActions(
  family: AnyFamily,
  config: FamilyConfig,
  codec: Codec,
  steps: number,
  read: (name: string) => Value,
  noise: Value | null,
  {
    before = null,
    continued = null,
  }: { readonly before?: Value | null; readonly continued?: ContinuedChunk | null } = {},
): InferredActions {
  requireFittingCodec(family, config, codec);
  const { layout } = codec;
  const spec = family.spec(config, layout.length) as Readonly<Record<string, Tree<ParameterSpec>>>;
  const proposes = noise === null ? choiceSpec(family, config) : {};
  const p = asWeights<Tree<ParameterSpec>>({ ...spec, ...proposes }) as Tree<Value>;
  const names = observationNames(family, config, codec, false);
  const observation = promptInputs(codec, Object.fromEntries(names.map((name) => [name, read(name)])));
  if (noise === null) {
    const { choices } = encodeWithChoices(p, observation, layout, { family, config, codec });
    return { actions: pickChoice(choices), progress: null };
  }
  const prompt = family.encode(p, observation, layout, config);
  const context = family.context(p, prompt, observation.state, config);
  const dimensions = constant(f32(codec.actionDimensions));
  if (continued !== null) {
    const sampling = { context, noise, dimensions, steps };
    return { actions: continueChunk(family, config, p, continued, sampling), progress: null };
  }
  if (before === null) {
    return { actions: family.sample(p, context, noise, dimensions, steps, config), progress: null };
  }
  return requireProgress(family, config).sample(p, context, { noise, before }, dimensions, steps, config);
}

/** Streams within an inference; its noise is drawn from the inference's own. */
const REASONING = 1;
/** Seeds of sampled text. */
const SEEDS = 2 ** 31;

/**
 * A policy on a session of its own; one that reasons has a second for its text, with the weights of the vision-language model
 * once more. Call `c` of an episode with seed `s` draws its noise from `new Random(s, c)`, so the same observations give the
 * same actions. `infer` rejects with what is wrong in the observation.
 */
export async function createFlowPolicy(options: FlowPolicyOptions): Promise<Policy> {
  const {
    name,
    family,
    config,
    embodiment,
    weights,
    steps,
    noiseScale,
    head,
    progress = false,
    mode = { kind: 'direct' },
    continuation: continuing = null,
    batch = 1,
  } = options;
  requireEmbodiment(options.codec.config, embodiment);
  const codec = mode.kind === 'direct' ? options.codec : reasoningCodec(options.codec, mode, config.prompt);
  const open = (size: number): Promise<Session> =>
    createSession(inferenceGraph(family, config, codec, steps, { ...options, batch: size }), {
      ...options.session,
      weights,
    });
  const one = await open(1);
  const session = batch === 1 ? one : joinRuns(one, await orClose(open(batch), one), batch);
  const reasoner = mode.kind === 'direct' ? null : await orClose(createReasoner({ ...options, codec, mode }), session);
  const others = new Set(['noise', 'before', ...CONTINUED_INPUTS]);
  const names = Object.keys(session.inputs).filter((input) => !others.has(input));
  let closed: Promise<unknown> | undefined;
  const player = (close: () => Promise<void>): Policy => {
    const account = openProgressAccount();
    let seed = 0;
    let call = 0;
    return {
      name,
      embodiment,
      ...(continuing === null ? {} : { continues: continuesOf(continuing, codec.horizon) }),
      reset(episode) {
        seed = episode.seed;
        call = 0;
        account.reset();
      },
      async infer(observation, { continuation, signal } = {}) {
        requireWanted(signal, name);
        requireImageSizes(observation, embodiment, codec, name);
        if (continuation !== undefined && continuing === null) throw cannotContinue(name);
        const encoded = codec.encodeObservation(observation);
        const continued =
          continuing === null ? {} : continuedFeeds(continuing, codec, continuation, observation.state, name);
        const at = [seed, call++] as const;
        const shape = [1, codec.horizon, codec.actionDim];
        const drawn = head === 'choice' ? {} : { noise: drawNoise(new Random(...at), noiseScale, shape) };
        const reasoned = await reasoner?.reason(encoded, new Random(...at, REASONING).integer(SEEDS));
        const tensors = reasoned?.tensors ?? encoded;
        const feeds = Object.fromEntries(names.map((input) => [input, tensors[input]!]));
        const { tick } = observation;
        const begun = progress ? { before: f32([account.at(tick)], [1]) } : {};
        requireWanted(signal, name);
        const results = await session.run({ ...feeds, ...drawn, ...begun, ...continued });
        requireWanted(signal, name);
        const chunk = codec.decodeActions(results['actions']!.data as Float32Array, observation.state);
        // What was given stays to the last bit: decoding rounds, and clips to the robot's limits.
        if (continuing?.kind === 'prefix' && continuation !== undefined) {
          chunk.data.set(continuation.actions.subarray(0, continuation.committed * chunk.dim));
        }
        const told = progress ? { progress: Number(results['progress']!.data[0]) } : {};
        if (told.progress !== undefined) account.note(tick, told.progress, chunk.horizon);
        return { ...chunk, ...told, ...(reasoned === undefined ? {} : { reasoning: reasoned.text }) };
      },
      ...(batch === 1 ? {} : { together: batch }),
      another: () => player(async () => {}),
      close,
    };
  };
  return player(async () => {
    await (closed ??= Promise.all([session.close(), reasoner?.close()]));
  });
}

function cannotContinue(name: string): VlaError {
  return new VlaError(
    'unsupported',
    `policy ${name}: expected no continuation, got one; it starts every chunk afresh.`,
    {
      hint: 'Set continuation in policy.json, or as a setting when loading; any flow can be guided.',
    },
  );
}

/** Throws `interrupted` once nobody wants the answer. */
function requireWanted(signal: AbortSignal | undefined, name: string): void {
  if (signal?.aborted !== true) return;
  throw new VlaError('interrupted', `policy ${name}: whoever asked for a chunk no longer wants it.`, {
    cause: signal.reason,
  });
}

/** Closes the session when what is to work beside it cannot be opened. */
async function orClose<T>(opening: Promise<T>, session: Pick<Session, 'close'>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    await session.close();
    throw error;
  }
}

function drawNoise(random: Random, scale: number, shape: readonly number[]): Tensor {
  const noise = zeros('f32', shape);
  for (let i = 0; i < noise.data.length; i++) noise.data[i] = scale * random.normal();
  return noise;
}

/** A camera of another size shows the scene in other pixels than the policy was trained on, even where a resize would fit it. */
function requireImageSizes({ images }: Observation, embodiment: Embodiment, codec: Codec, name: string): void {
  const sizes = new Map(embodiment.cameras.map((camera) => [camera.name, camera]));
  for (const { name: camera } of codec.config.cameras) {
    const image = images[camera];
    const size = sizes.get(camera);
    if (image === undefined || size === undefined || (image.width === size.width && image.height === size.height))
      continue;
    throw new VlaError(
      'bad-shape',
      `policy ${name}: camera "${camera}": expected ${size.width}×${size.height} pixels, got ${image.width}×${image.height}.`,
      { hint: 'Render or capture at the size in embodiment.json, or train with this size.' },
    );
  }
}
