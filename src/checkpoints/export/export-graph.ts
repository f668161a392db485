/**
 * @file A policy from camera bytes and robot state to actions in robot units as one graph, codec included; only the tokenizer
 * stays outside.
 */

import { invariant } from '../../base/errors.ts';
import { i64 } from '../../base/tensor.ts';
import { PIXELS } from '../../codec/input-spec.ts';
import {
  cast,
  constant,
  equal,
  input,
  not,
  output,
  reshape,
  trace,
  type Graph,
  type Value,
} from '../../engine/index.ts';
import { inferActions } from '../../models/flow-policy.ts';
import type { PolicyCheckpoint } from '../policy-checkpoint.ts';
import { canExportSteps, patchesGraph } from './image-graph.ts';
import { decodeGraph, encodeGraph, scaled } from './vector-graph.ts';

/** The image that a camera's input takes. */
export interface ImageInput {
  readonly camera: string;
  /** Name of the graph's input. */
  readonly input: string;
  readonly width: number;
  readonly height: number;
  /** Whether the graph does the camera's steps (resize, crop, pad); otherwise they are done before. */
  readonly stepsInside: boolean;
}

/** The images that the exported graph of a policy takes. */
export function imageInputs({ codec, embodiment }: Pick<PolicyCheckpoint, 'codec' | 'embodiment'>): ImageInput[] {
  return codec.config.cameras.map(({ name, steps, width, height }) => {
    const camera = embodiment.cameras.find((one) => one.name === name);
    invariant(camera !== undefined, 'the codec’s cameras are the embodiment’s');
    const stepsInside = canExportSteps(steps);
    const size = stepsInside ? camera : { width, height };
    return { camera: name, input: `image.${name}`, width: size.width, height: size.height, stepsInside };
  });
}

/**
 * Inputs: `image.<camera>` u8 [height, width, 3] RGB; `tokens` i64 [1, T], padded with `padId` on the right; `state` f32 [D] in robot
 * units; `noise` f32 [H, A], standard normal. Output: `actions` f32 [H, dimensions] in robot units.
 */
export function exportGraph(policy: PolicyCheckpoint, padId: number): Graph {
  const { family, config, codec, settings } = policy;
  const { cameras, state: stateVector, action } = codec.config;
  const images = new Map(imageInputs(policy).map((image) => [PIXELS + image.camera, image]));
  return trace(() => {
    const tokens = input('tokens', 'i64', [1, codec.layout.length]);
    const D = stateVector.names.length;
    const state = reshape(cast(input('state', 'f32', [D]), 'f64'), [1, D]);
    const noise = input('noise', 'f32', [codec.horizon, codec.actionDim]);
    const read = (name: string): Value => {
      const image = images.get(name);
      if (image !== undefined) {
        const bytes = input(image.input, 'u8', [image.height, image.width, 3]);
        const camera = cameras.find((one) => one.name === image.camera)!;
        return patchesGraph(bytes, camera, image.stepsInside ? camera.steps : []);
      }
      if (name === 'tokens') return tokens;
      if (name === 'tokenMask') return cast(not(equal(tokens, constant(i64([padId], [1, 1])))), 'f32');
      invariant(name === 'state', `the exported graph has no input for ${name}`);
      return encodeGraph(stateVector.steps, state);
    };
    const start = reshape(scaled(noise, settings.noiseScale), [1, codec.horizon, codec.actionDim]);
    const { actions } = inferActions(family, config, codec, settings.eulerSteps, read, start);
    const rows = reshape(actions, [codec.horizon, codec.actionDim]);
    output('actions', decodeGraph(action.steps, action.names.length, rows, state));
  });
}
