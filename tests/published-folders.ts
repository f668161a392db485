/** @file Published checkpoint folders made for tests: tiny ones with random weights, and full-size ones that take no disk. */

import fs from 'node:fs';
import path from 'node:path';
import { Random } from '../src/base/random.ts';
import { shippedFile } from '../src/base/shipped-file.ts';
import { encodeSafetensors } from '../src/base/safetensors.ts';
import { BYTES, elementCount, type DType, type Tensor } from '../src/base/tensor.ts';
import { hostNumbers } from '../src/engine/host-array.ts';
import { DM0_BASE, type Dm0Config } from '../src/models/dm0/config.ts';
import type { QwenVlaConfig } from '../src/models/qwen-vla/config.ts';
import { XIAOMI_ROBOTICS_0, type XiaomiConfig } from '../src/models/xiaomi-robotics-0/config.ts';
import { parseZr0Config, ZR0_2B, type Zr0Config } from '../src/models/zr-0/config.ts';

/** Names, element types and shapes. */
export type Shapes = Readonly<Record<string, { readonly dtype: DType; readonly shape: readonly number[] }>>;

/** Random tensors of these shapes, normal with this deviation. */
export function randomTensors(shapes: Shapes, seed = 1, deviation = 1): Record<string, Tensor> {
  const random = new Random(seed);
  return Object.fromEntries(
    Object.entries(shapes).map(([name, { dtype, shape }]) => {
      const numbers = Array.from({ length: elementCount(shape) }, () => deviation * random.normal());
      return [name, { dtype, shape, data: hostNumbers(dtype, numbers) } as Tensor];
    }),
  );
}

/** Writes `<stem>.safetensors`, or as many shards with an index. */
export function writeWeights(
  folder: string,
  stem: string,
  tensors: Readonly<Record<string, Tensor>>,
  shards = 1,
): void {
  fs.mkdirSync(folder, { recursive: true });
  const names = Object.keys(tensors);
  if (shards === 1) {
    fs.writeFileSync(path.join(folder, `${stem}.safetensors`), encodeSafetensors(tensors, { format: 'pt' }));
    return;
  }
  const map: Record<string, string> = {};
  const part = Math.ceil(names.length / shards);
  for (let i = 0; i < shards; i++) {
    const mine = names.slice(i * part, (i + 1) * part);
    const file = shardName(stem, i, shards);
    for (const name of mine) map[name] = file;
    const chosen = Object.fromEntries(mine.map((name) => [name, tensors[name]!]));
    fs.writeFileSync(path.join(folder, file), encodeSafetensors(chosen, { format: 'pt' }));
  }
  const total = Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
  writeJson(folder, `${stem}.safetensors.index.json`, { metadata: { total_size: total }, weight_map: map });
}

/** `model-00001-of-00002.safetensors`. */
export function shardName(stem: string, index: number, shards: number): string {
  const five = (n: number): string => String(n).padStart(5, '0');
  return `${stem}-${five(index + 1)}-of-${five(shards)}.safetensors`;
}

/** Writes a safetensors file of these shapes whose numbers are a hole: full size, no disk. Returns the bytes of its tensors. */
export function writeHollowWeights(file: string, shapes: Shapes): number {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, { dtype, shape }] of Object.entries(shapes)) {
    const start = end;
    end += elementCount(shape) * BYTES[dtype];
    header[name] = { dtype: dtype.toUpperCase(), shape, data_offsets: [start, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, Buffer.concat([prefix, text]));
  fs.truncateSync(file, 8 + text.length + end);
  return end;
}

/** Writes JSON as the hub's files are. */
export function writeJson(folder: string, name: string, value: unknown): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}

/** Copies the tokenizer that ships with the package into a folder. */
export function copyTokenizer(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    fs.copyFileSync(shippedFile(`tokenizers/tabletop/${name}`), path.join(folder, name));
  }
}

/** A ZR-0 of a few thousand parameters in the published form. */
export const SMALL_ZR0: Zr0Config = parseZr0Config(
  {
    ...ZR0_2B,
    vision: {
      ...ZR0_2B.vision,
      patch: 2,
      width: 16,
      layers: 3,
      heads: 2,
      mlpWidth: 24,
      positionGrid: 5,
      outputWidth: 24,
      deepstackLayers: [0],
    },
    language: {
      ...ZR0_2B.language,
      vocabulary: 40,
      width: 24,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headWidth: 12,
      mlpWidth: 32,
      ropeSections: [3, 2, 1],
    },
    expert: {
      ...ZR0_2B.expert,
      transformer: { ...ZR0_2B.expert.transformer, blocks: 3, heads: 2, headWidth: 12, mlpWidth: 96, outputWidth: 16 },
      stateDim: 6,
      actionDim: 5,
      mlpWidth: 20,
      maxHorizon: 12,
    },
  },
  'SMALL_ZR0',
);

/** Writes what a LeRobot dataset says of state and action, as meta/stats.json. */
export function writeLerobotStatistics(folder: string, stateDim: number, actionDim: number): string {
  const of = (dim: number, range: number): object => {
    const [low, high, zeros] = [-range, range, 0].map((value) => Array<number>(dim).fill(value));
    return { min: low, max: high, mean: zeros, std: high, q01: low, q99: high, count: [100] };
  };
  writeJson(folder, 'stats.json', { 'observation.state': of(stateDim, 2), action: of(actionDim, 0.5) });
  return path.join(folder, 'stats.json');
}

/** Writes the two configuration files of a Qwen-VLA folder, whose form is ours. */
export function writeQwenVlaConfigs(folder: string, { vision, language, expert }: QwenVlaConfig): void {
  const { delta } = language;
  writeJson(folder, 'config.json', {
    model_type: 'qwen3_5',
    text_config: {
      vocab_size: language.vocabulary,
      hidden_size: language.width,
      intermediate_size: language.mlpWidth,
      num_hidden_layers: language.layers,
      num_attention_heads: language.heads,
      num_key_value_heads: language.kvHeads,
      head_dim: language.headWidth,
      rms_norm_eps: language.normEpsilon,
      layer_types: Array.from({ length: language.layers }, (_, i) =>
        (i + 1) % language.attentionPeriod === 0 ? 'full_attention' : 'linear_attention',
      ),
      linear_conv_kernel_dim: delta.kernel,
      linear_key_head_dim: delta.keyWidth,
      linear_value_head_dim: delta.valueWidth,
      linear_num_key_heads: delta.keyHeads,
      linear_num_value_heads: delta.valueHeads,
      rope_parameters: {
        rope_theta: language.ropeTheta,
        partial_rotary_factor: language.rotaryWidth / language.headWidth,
        mrope_section: language.ropeSections,
      },
    },
    vision_config: visionConfig(vision),
  });
  writeJson(folder, 'action_expert_config.json', { model_type: 'qwen_vla_action_expert', action_horizon: 16, expert });
}

function visionConfig(vision: Zr0Config['vision']): object {
  return {
    depth: vision.layers,
    hidden_size: vision.width,
    intermediate_size: vision.mlpWidth,
    num_heads: vision.heads,
    patch_size: vision.patch,
    spatial_merge_size: vision.merge,
    temporal_patch_size: vision.temporal,
    out_hidden_size: vision.outputWidth,
    num_position_embeddings: vision.positionGrid ** 2,
    deepstack_visual_indexes: vision.deepstackLayers,
  };
}

/** config.json of a published Qwen3-VL. */
function qwen3VlConfig({ vision, language }: Pick<Zr0Config, 'vision' | 'language'>): object {
  return {
    architectures: ['Qwen3VLForConditionalGeneration'],
    model_type: 'qwen3_vl',
    image_token_id: 151_655,
    text_config: {
      vocab_size: language.vocabulary,
      hidden_size: language.width,
      intermediate_size: language.mlpWidth,
      num_hidden_layers: language.layers,
      num_attention_heads: language.heads,
      num_key_value_heads: language.kvHeads,
      head_dim: language.headWidth,
      rms_norm_eps: language.normEpsilon,
      rope_theta: language.ropeTheta,
      rope_scaling: { mrope_interleaved: true, mrope_section: language.ropeSections, rope_type: 'default' },
    },
    vision_config: visionConfig(vision),
  };
}

/** Writes the two configuration files of a published ZR-0 folder. */
export function writeZr0Configs(folder: string, { vision, language, expert }: Zr0Config): void {
  writeJson(folder, 'config.json', qwen3VlConfig({ vision, language }));
  writeJson(folder, 'action_expert_config.json', {
    diffusion_transformer_cfg: {
      num_attention_heads: expert.transformer.heads,
      attention_head_dim: expert.transformer.headWidth,
      output_dim: expert.transformer.outputWidth,
      num_layers: expert.transformer.blocks,
      norm_eps: expert.transformer.normEpsilon,
    },
    mlp_hidden_size: expert.mlpWidth,
    max_seq_len: expert.maxHorizon,
    action_dim: expert.actionDim,
    state_dim: expert.stateDim,
    action_horizon: 10,
    num_timestep_buckets: expert.timeBuckets,
  });
}

/** Writes the configuration file of a published DM0 folder. */
export function writeDm0Config(folder: string, changes: object = {}, config: Dm0Config = DM0_BASE): void {
  const { language, expert } = config;
  const shared = {
    num_hidden_layers: language.layers,
    num_attention_heads: language.heads,
    num_key_value_heads: language.kvHeads,
    head_dim: language.headWidth,
    rms_norm_eps: language.normEpsilon,
    rope_theta: language.ropeTheta,
  };
  const { width: hidden_size, mlpWidth: intermediate_size, vocabulary: vocab_size } = language;
  writeJson(folder, 'config.json', {
    model_type: 'dexbotic_dm0',
    llm_config: { ...shared, hidden_size, intermediate_size, vocab_size },
    action_config: { ...shared, hidden_size: expert.width, intermediate_size: expert.mlpWidth, vocab_size: 151_936 },
    action_dim: expert.actionDim,
    chunk_size: expert.maxHorizon,
    mm_vision_tower: 'pe_lang_l14_728',
    ...changes,
  });
}

/** Writes the configuration file of a published Xiaomi-Robotics-0 folder with chunks of `length`. */
export function writeXiaomiConfig(folder: string, config: XiaomiConfig = XIAOMI_ROBOTICS_0, length = 30): void {
  const { expert, ...qwen } = config;
  writeJson(folder, 'config.json', {
    model_type: 'mibot',
    vlm_config: qwen3VlConfig(qwen),
    dit_config: {
      hidden_size: expert.width,
      num_hidden_layers: expert.layers,
      head_dim: expert.headWidth,
      num_key_value_heads: expert.width / expert.headWidth,
    },
    state_length: 1,
    state_dim: expert.stateDim,
    action_dim: expert.actionDim,
    action_length: length,
  });
}
