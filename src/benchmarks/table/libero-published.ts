/**
 * @file Published success rates on LIBERO, in per cent as printed: what the four papers and their sources report. DM0's report trains on LIBERO and gives
 * no success rate on it; no source here has one for LIBERO-90.
 */

import type { PublishedRow, PublishedTable, Source } from './published.ts';

const zr0: Source = {
  short: 'ZR-0, table 1',
  reference:
    'H. Li et al.: Training Vision-Language-Action Models with Dense Embodied Chain-of-Thought Supervision (ZR-0), 2026, table 1; 50 episodes per task, one model for the four suites.',
};
const xiaomi: Source = {
  short: 'Xiaomi-Robotics-0, table 1',
  reference:
    'Xiaomi Robotics: Xiaomi-Robotics-0, an Open-Sourced Vision-Language-Action Model with Real-Time Execution, 2026, table 1; OpenVLA’s protocol, one model for the four suites.',
};
const qwen: Source = {
  short: 'Qwen-VLA, table 4',
  reference:
    'Qwen Team: Qwen-VLA, Unifying Vision-Language-Action Modeling across Tasks, Environments, and Robot Embodiments, 2026, table 4; means over the four suites, StarVLA’s protocol.',
};
const dexbotic: Source = {
  short: 'Dexbotic, model card',
  reference: 'Dexmal: model card of libero-db-pi0, https://huggingface.co/Dexmal/libero-db-pi0.',
};

type Suites = readonly [spatial: number, object: number, goal: number, long: number, mean: number];

const row = (method: string, percent: Suites, source: Source, note?: string): PublishedRow => ({
  method,
  percent,
  source,
  ...(note === undefined ? {} : { note }),
});

const mean = (method: string, percent: number): PublishedRow => ({
  method,
  percent: [null, null, null, null, percent],
  source: qwen,
});

/** The four suites that are reported, and their mean. */
export const LIBERO_PUBLISHED: PublishedTable = {
  columns: [
    { title: 'spatial', benchmark: 'libero-spatial' },
    { title: 'object', benchmark: 'libero-object' },
    { title: 'goal', benchmark: 'libero-goal' },
    { title: '10', benchmark: 'libero-10' },
    { title: 'mean', benchmark: null },
  ],
  rows: [
    row('Xiaomi-Robotics-0', [98.8, 100.0, 98.8, 97.2, 98.7], xiaomi),
    mean('Qwen-VLA-Instruct', 97.9),
    mean('Qwen-VLA-Base', 90.8),
    row('ZR-0', [97.4, 99.4, 98.0, 96.4, 97.8], zr0),
    row('EO-1', [99.7, 99.8, 99.2, 94.8, 98.2], xiaomi, 'as printed; its suites have the mean 98.4'),
    row('OpenVLA-OFT', [97.6, 98.4, 97.9, 94.5, 97.1], xiaomi),
    row('MolmoAct2', [97.8, 100.0, 97.8, 93.2, 97.2], zr0),
    row('DeepThinkVLA', [96.6, 99.0, 96.4, 96.2, 97.0], zr0),
    row('GR00T N1.7', [97.7, 97.5, 98.5, 94.4, 97.0], zr0),
    row('π0.5', [98.8, 98.2, 98.0, 92.4, 96.9], zr0),
    row('π0.5', [96.4, 96.8, 88.6, 60.2, 85.5], xiaomi, 'far from the other papers’ numbers of π0.5'),
    mean('π0.5', 97.6),
    row('π0', [96.8, 98.8, 95.8, 85.2, 94.2], zr0),
    row('π0, Dexbotic’s', [97.0, 98.2, 94.0, 86.4, 93.9], dexbotic),
    row('FLOWER', [97.5, 99.1, 96.1, 94.9, 96.9], xiaomi),
    row('MemoryVLA', [98.4, 98.4, 96.4, 93.4, 96.7], xiaomi),
    row('Discrete Diffusion VLA', [97.2, 98.6, 97.4, 92.0, 96.3], xiaomi),
    row('UniVLA', [95.4, 98.8, 93.6, 94.0, 95.5], xiaomi),
    row('NORA-1.5', [97.3, 96.4, 94.5, 89.6, 94.5], zr0),
    row('GR00T N1', [94.4, 97.6, 93.0, 90.6, 93.9], xiaomi),
    row('CoT-VLA', [87.5, 91.6, 87.6, 69.0, 83.9], zr0),
    row('OpenVLA', [84.7, 88.4, 79.2, 53.7, 76.5], zr0),
  ],
};
