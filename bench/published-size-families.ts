/** @file What each family is shown in bench/published-size.ts: its published size, cameras, prompt, chunk and steps. */

import { designCodec } from '../src/codec/design-codec.ts';
import { createCodec, type Codec } from '../src/codec/policy-codec.ts';
import { PROMPTS, type PromptName } from '../src/codec/prompts/index.ts';
import type { Embodiment } from '../src/interfaces/embodiment.ts';
import type { Image, Observation } from '../src/interfaces/observation.ts';
import { Random } from '../src/base/random.ts';
import { zeros, type Tensor } from '../src/base/tensor.ts';
import { FAMILIES } from '../src/models/families.ts';
import type { AnyFamily, FamilyConfig } from '../src/models/family.ts';
import { tabletopTokenizer } from '../tests/tabletop-tokenizer.ts';

/** How a family is used. */
interface Use {
  /** Which of its published sizes. */
  readonly size: string;
  readonly cameras: readonly string[];
  /** Side of the square images, pixels. */
  readonly pixels: number;
  readonly prompt: PromptName;
  readonly horizon: number;
  readonly steps: number;
}

const CAMERAS = ['Base View', 'Left-Wrist View', 'Right-Wrist View'];

/** Fact sheet, sections 1 to 4: what the published checkpoints are served with. */
const USES: Readonly<Record<string, Use>> = {
  'zr-0': { size: '2b', cameras: CAMERAS, pixels: 224, prompt: 'zr-0', horizon: 32, steps: 5 },
  dm0: { size: 'base', cameras: CAMERAS, pixels: 728, prompt: 'dm0', horizon: 50, steps: 10 },
  'xiaomi-robotics-0': {
    size: '4.7b',
    cameras: CAMERAS.slice(0, 2),
    pixels: 256,
    prompt: 'xiaomi-robotics-0',
    horizon: 30,
    steps: 5,
  },
  'qwen-vla': { size: '4b', cameras: CAMERAS, pixels: 224, prompt: 'qwen-vla', horizon: 16, steps: 10 },
};

/** Tokens that the instruction may take beside template and images. */
const INSTRUCTION_TOKENS = 24;
/** Joints of the robot; the model pads them. */
const JOINTS = 14;

/** A family at its published size with a codec for a robot of fourteen joints. */
export interface PublishedModel {
  readonly family: AnyFamily;
  readonly size: string;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  readonly steps: number;
}

/** The model of a family; its sizes are published, its robot is made up. */
export function publishedModel(name: string): PublishedModel {
  const family = FAMILIES[name];
  const use = USES[name];
  if (family === undefined || use === undefined) throw new Error(`Families: ${Object.keys(USES).join(', ')}.`);
  const sizes = Object.keys(family.published);
  const size = sizes.includes(use.size) ? use.size : sizes[0]!;
  const config = family.published[size]!;
  return { family, size, config, codec: codecOf(family, config, use), steps: use.steps };
}

function codecOf(family: AnyFamily, config: FamilyConfig, { cameras, pixels, prompt, horizon }: Use): Codec {
  const { patch, merge, temporal, stateDim, actionDim } = family.needs(config);
  const joints = Array.from({ length: JOINTS }, (_, i) => `joint${i}`);
  const convention = { rotation: 'none', frame: 'joint', gripper: 'none', reference: 'absolute', unit: 'si' } as const;
  const embodiment: Embodiment = {
    name: 'fourteen-joints',
    cameras: cameras.map((camera) => ({ name: camera, width: pixels, height: pixels })),
    state: { names: joints, convention },
    action: { names: joints, convention },
    controlHz: 20,
    holdAction: null,
    body: { tag: 'fourteen-joints', arms: 2, waist: false, mobileBase: false },
  };
  const fill = (value: number): number[] => joints.map(() => value);
  const unit = { min: fill(-1), max: fill(1), mean: fill(0), std: fill(1), q01: fill(-1), q99: fill(1) };
  const style = { kind: 'quantile', epsilon: 1e-8, smallestRange: 0 } as const;
  const tokenizer = tabletopTokenizer();
  const design = designCodec(
    {
      embodiment,
      cameras: cameras.map((camera) => ({
        name: camera,
        steps: [],
        width: pixels,
        height: pixels,
        patch,
        merge,
        temporal,
        augmentation: null,
      })),
      statistics: { state: unit, action: unit },
      normalisation: { state: style, action: style },
      clamp: 15,
      reference: null,
      stateSize: stateDim ?? JOINTS,
      actionSize: actionDim,
      horizon,
      prompt: PROMPTS[prompt],
      instructionTokens: INSTRUCTION_TOKENS,
      supervision: [],
    },
    tokenizer,
  );
  return createCodec(design, tokenizer);
}

/** Noise for images, a state and the noise that sampling starts from, as the graph is fed. */
export function drawFeeds(codec: Codec, seed: number): Record<string, Tensor> {
  const random = new Random(seed);
  const images = codec.config.cameras.map(({ name, width, height }): [string, Image] => [
    name,
    { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) },
  ]);
  const observation: Observation = {
    images: Object.fromEntries(images),
    state: Float32Array.from(codec.config.state.names, () => random.range(-1, 1)),
    instruction: 'lift the red block',
  };
  const noise = zeros('f32', [1, codec.horizon, codec.actionDim]);
  for (let i = 0; i < noise.data.length; i++) noise.data[i] = random.normal();
  return { ...codec.encodeObservation(observation), noise };
}
