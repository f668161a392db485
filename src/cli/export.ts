/** @file `vlakit export`: a checkpoint as a folder that plain ONNX Runtime runs, in any language. */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { bytesText } from '../checkpoints/describe.ts';
import { exportPolicy } from '../checkpoints/export/export-policy.ts';
import { readPolicyCheckpoint } from '../checkpoints/policy-checkpoint.ts';
import { wholeWeights } from '../training/tuned-model.ts';
import { fraction, wholeNumber } from './argument-parsers.ts';

interface Options {
  readonly out: string;
  readonly eulerSteps?: number;
  readonly noiseScale?: number;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  command
    .argument('<checkpoint>', 'a checkpoint, or a training run (its best checkpoint)')
    .requiredOption('--out <folder>', 'where model.onnx, its weights, policy.json and the tokenizer go')
    .option('--euler-steps <n>', 'Euler steps per chunk (default: the checkpoint’s)', wholeNumber(1))
    .option('--noise-scale <x>', 'spread of the noise, 0 to 1 (default: the checkpoint’s)', fraction)
    .action(async (checkpoint: string, { out, ...settings }: Options) => {
      const { inputs, outputs } = await exportPolicy(readPolicyCheckpoint(checkpoint, settings, wholeWeights), out);
      const size = fs.readdirSync(out).reduce((sum, name) => sum + fs.statSync(path.join(out, name)).size, 0);
      for (const [name, { type, shape }] of Object.entries(inputs)) {
        process.stdout.write(`in   ${name.padEnd(16)} ${type} [${shape.join(', ')}]\n`);
      }
      for (const [name, { type, shape }] of Object.entries(outputs)) {
        process.stdout.write(`out  ${name.padEnd(16)} ${type} [${shape.join(', ')}]\n`);
      }
      process.stdout.write(`${out}: ${bytesText(size)}\n`);
    });
}
