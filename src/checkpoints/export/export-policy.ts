/**
 * @file A checkpoint as a folder that ONNX Runtime runs in any language: model.onnx with its weights beside it, policy.json that
 * says what goes in and comes out, and the tokenizer. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { writeFolderAtomic } from '../../base/files.ts';
import { parseHeader, safetensorsHead } from '../../base/safetensors.ts';
import { BYTES, elementCount } from '../../base/tensor.ts';
import { IMAGE_PAD, promptTexts } from '../../codec/prompt.ts';
import { compile, type WeightContent } from '../../engine/index.ts';
import type { PolicyCheckpoint } from '../policy-checkpoint.ts';
import { readStored } from '../stored-tensor.ts';
import { exportGraph, imageInputs } from './export-graph.ts';
import { stepsLeft } from './vector-graph.ts';

const MODEL = 'model.onnx';
const WEIGHTS = 'model.safetensors';
const TOKENIZER = ['tokenizer.json', 'tokenizer_config.json'] as const;

/** The ONNX Runtime that it is tested with; opset 23 and Microsoft's own operators ask for a recent one. */
const TESTED_RUNTIME = '1.30';

/** `policy.json` of an exported folder. */
export interface ExportedPolicy {
  readonly format: 'vlakit-policy';
  readonly version: 1;
  readonly family: string;
  readonly model: string;
  readonly testedWith: string;
  readonly inputs: Readonly<
    Record<string, { readonly type: string; readonly shape: readonly number[]; readonly meaning: string }>
  >;
  readonly outputs: ExportedPolicy['inputs'];
  /** How an instruction becomes `tokens`. */
  readonly prompt: {
    /** Once `{instruction}` is replaced, each is tokenised by itself, without special tokens added, and the ids are joined. */
    readonly texts: readonly string[];
    /** Each token of this id is repeated: the first `imageTokens[0]` times, and so on. */
    readonly imageId: number;
    readonly imageTokens: readonly number[];
    /** Fills `tokens` up to `length`, on the right. */
    readonly padId: number;
    readonly length: number;
    /** One worked out, to check another tokenizer with. */
    readonly example: { readonly instruction: string; readonly tokens: readonly number[] };
  };
  /** The steps of each camera that come before its input; none for those that the graph does. */
  readonly imageSteps: Readonly<Record<string, readonly unknown[]>>;
  /** Steps of the action vector that are undone after its output, from the last to the first; none where the graph does all. */
  readonly actionSteps: readonly unknown[];
  /** Names, conventions and the reversible steps with their constants, which the graph contains. */
  readonly state: unknown;
  readonly action: unknown;
  readonly controlHz: number;
  /** An action that holds the robot still; null for none. */
  readonly holdAction: readonly number[] | null;
  readonly flow: { readonly eulerSteps: number; readonly noiseScale: number; readonly time: string };
}

/** Writes the folder, atomically; an existing one is replaced. */
export async function exportPolicy(policy: PolicyCheckpoint, folder: string): Promise<ExportedPolicy> {
  if (policy.mode.kind !== 'direct') {
    throw new VlaError('unsupported', 'export: expected a policy that acts at once, got one that reasons first.', {
      hint: 'One graph holds no text generation: say { "kind": "direct" } as the mode in policy.json.',
    });
  }
  if (policy.settings.head === 'choice') {
    throw new VlaError('unsupported', 'export: expected a policy whose expert acts, got one of choices.', {
      hint: 'Say "flow" as the head in policy.json, if the expert was trained.',
    });
  }
  if (policy.settings.progress === true) {
    throw new VlaError('unsupported', 'export: expected a policy that tells no progress, got one that does.', {
      hint: 'Its graph would have to remember between inferences: say "progress": false in policy.json to act without it.',
    });
  }
  const description = describePolicy(policy);
  const graph = exportGraph(policy, description.prompt.padId);
  const contents = Object.fromEntries(Object.keys(graph.weights).map((name) => [name, policy.weights[name]!]));
  const { head, places } = layOut(contents);
  const { onnx } = compile(graph, { runtime: 'cpu', weights: places });
  await writeFolderAtomic(folder, (temporary) => {
    const write = (name: string, content: string | Uint8Array): void =>
      fs.writeFileSync(path.join(temporary, name), content);
    write(MODEL, onnx);
    writeWeights(path.join(temporary, WEIGHTS), head, contents, policy.weightFolder ?? '');
    write('policy.json', `${JSON.stringify(description, null, 2)}\n`);
    for (const name of TOKENIZER)
      fs.copyFileSync(path.join(policy.checkpoint.folder, name), path.join(temporary, name));
  });
  return description;
}

/** The start of a file of these weights, in the element types that they have, and where in it each will lie. */
function layOut(contents: Readonly<Record<string, WeightContent>>): {
  readonly head: Uint8Array;
  readonly places: Readonly<Record<string, WeightContent>>;
} {
  const head = safetensorsHead(contents, { format: 'pt' });
  const bytes = Object.values(contents).reduce((sum, { dtype, shape }) => sum + elementCount(shape) * BYTES[dtype], 0);
  const { tensors } = parseHeader(head, head.byteLength + bytes);
  const places = Object.entries(tensors).map(([name, entry]) => {
    const content = contents[name]!;
    return [
      name,
      { ...entry, file: WEIGHTS, ...('file' in content && content.swapped ? { swapped: true } : {}) },
    ] as const;
  });
  return { head, places: Object.fromEntries(places) };
}

/** Writes the file weight by weight: published models are larger than memory allows twice. */
function writeWeights(
  file: string,
  head: Uint8Array,
  contents: Readonly<Record<string, WeightContent>>,
  weightFolder: string,
): void {
  const handle = fs.openSync(file, 'w');
  try {
    fs.writeFileSync(handle, head);
    for (const content of Object.values(contents)) {
      const { data } = 'file' in content ? readStored(weightFolder, content) : content;
      fs.writeFileSync(handle, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  } finally {
    fs.closeSync(handle);
  }
}

function describePolicy(policy: PolicyCheckpoint): ExportedPolicy {
  const { family, codec, embodiment, settings } = policy;
  const { config, layout, horizon, actionDim } = codec;
  const images = imageInputs(policy);
  return {
    format: 'vlakit-policy',
    version: 1,
    family: family.name,
    model: MODEL,
    testedWith: `onnxruntime ${TESTED_RUNTIME}`,
    inputs: {
      ...Object.fromEntries(
        images.map(({ input, width, height, camera }) => [
          input,
          { type: 'uint8', shape: [height, width, 3], meaning: `RGB image of camera "${camera}", row 0 at the top` },
        ]),
      ),
      tokens: { type: 'int64', shape: [1, layout.length], meaning: 'the prompt, padded on the right' },
      state: { type: 'float32', shape: [config.state.names.length], meaning: config.state.names.join(', ') },
      noise: { type: 'float32', shape: [horizon, actionDim], meaning: 'standard normal numbers, new for every chunk' },
    },
    outputs: {
      actions: {
        type: 'float32',
        shape: [horizon, config.action.names.length],
        meaning: `a chunk, one row per control period: ${config.action.names.join(', ')}`,
      },
    },
    prompt: describePrompt(policy),
    imageSteps: Object.fromEntries(
      images.map(({ camera, stepsInside }) => [
        camera,
        stepsInside ? [] : config.cameras.find(({ name }) => name === camera)!.steps,
      ]),
    ),
    actionSteps: stepsLeft(config.action.steps),
    state: config.state,
    action: config.action,
    controlHz: config.controlHz,
    holdAction: embodiment.holdAction,
    flow: { ...settings, time: 'noise fraction: 1 is noise, 0 is the action; x <- x - dn * v' },
  };
}

function describePrompt({ codec }: PolicyCheckpoint): ExportedPolicy['prompt'] {
  const { config, layout, tokenizer } = codec;
  const padId = tokenizer.id(config.prompt.padToken);
  const instruction = 'lift the red cube';
  const imageId = tokenizer.id(IMAGE_PAD);
  const counts = layout.images.map(({ count }) => count);
  const left = [...counts];
  const tokens = promptTexts(config.prompt.parts, instruction)
    .flatMap((text) => tokenizer.encode(text))
    .flatMap((id) => (id === imageId ? Array<number>(left.shift()!).fill(id) : [id]));
  if (tokens.includes(padId)) {
    throw new VlaError('unsupported', `export: expected a prompt without the padding token, got ${padId} in it.`, {
      hint: 'The graph tells padding by its token: choose another prompt.padToken for the codec.',
    });
  }
  const texts = promptTexts(config.prompt.parts, '{instruction}');
  return { texts, imageId, imageTokens: counts, padId, length: layout.length, example: { instruction, tokens } };
}
