/** @file `vlakit ask`: asks the vision-language model of a checkpoint about images and prints its answer as it is written. */

import fs from 'node:fs';
import process from 'node:process';
import { InvalidArgumentError, type Command } from 'commander';
import { fileError } from '../base/files.ts';
import { readPolicyCheckpoint } from '../checkpoints/policy-checkpoint.ts';
import { decodeImage } from '../base/png.ts';
import type { Image } from '../interfaces/observation.ts';
import { createTextGenerator } from '../models/parts/text-generation.ts';
import type { Sampling } from '../models/parts/token-choice.ts';
import { questionPrompt, streamText } from '../models/question.ts';
import { requireText } from '../models/writer.ts';
import { wholeWeights } from '../training/tuned-model.ts';
import { fraction, positiveNumber, wholeNumber } from './argument-parsers.ts';
import { localFolder } from './models/local-folder.ts';

interface Options {
  readonly image: Readonly<Record<string, string>>;
  readonly maxTokens: number;
  readonly topP?: number;
  readonly temperature: number;
  readonly seed: number;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  command
    .argument('<checkpoint>', 'a checkpoint or run folder, or hf://owner/name')
    .argument('<question>', 'what to ask')
    .option('--image <camera=file>', 'what a camera sees, a PNG or JPEG file; once per camera', cameraFile, {})
    .option('--max-tokens <n>', 'the longest answer', wholeNumber(1), 128)
    .option(
      '--top-p <share>',
      'draw from the likeliest tokens that have this probability together (default: always the likeliest)',
      fraction,
    )
    .option('--temperature <number>', 'of --top-p: below 1 surer, above 1 more varied', positiveNumber, 1)
    .option('--seed <n>', 'of --top-p: names the draws', wholeNumber(0), 0)
    .action((checkpoint: string, question: string, options: Options) => ask(checkpoint, question, options));
}

async function ask(word: string, text: string, options: Options): Promise<void> {
  const parts = readPolicyCheckpoint(await localFolder(word), {}, wholeWeights);
  const { family, config, codec, weights, weightFolder } = parts;
  const { model: textModel, question } = requireText(family, config);
  const model = textModel(config, codec.layout.length);
  const images: Record<string, Image> = {};
  for (const [camera, file] of Object.entries(options.image)) {
    images[camera] = await decodeImage(readFile(file), file);
  }
  const prompt = questionPrompt(model, question.template, codec, { text, images });
  const maxTokens = Math.min(options.maxTokens, Math.max(1, model.longest - prompt.tokens.length));
  const capacity = prompt.tokens.length + maxTokens;
  const session = { runtime: 'cpu', ...(weightFolder === undefined ? {} : { weightFolder }) } as const;
  const generator = await createTextGenerator({ model, capacity, weights, session });
  try {
    const stopTokens = question.stopTokens.map((token) => codec.tokenizer.id(token));
    const wanted = { maxTokens, stopTokens, sampling: samplingOf(options) };
    for await (const piece of streamText(generator, codec.tokenizer, prompt, wanted)) process.stdout.write(piece);
    process.stdout.write('\n');
  } finally {
    await generator.close();
  }
}

const samplingOf = ({ topP: p, temperature, seed }: Options): Sampling =>
  p === undefined ? { kind: 'greedy' } : { kind: 'top-p', p, temperature, seed };

/** `front=picture.png`, one more for each time the option is given. */
function cameraFile(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  const camera = text.slice(0, at);
  if (at < 1 || at === text.length - 1) {
    throw new InvalidArgumentError(`Expected a camera and a file, for example front=picture.png, got "${text}".`);
  }
  if (camera in before) throw new InvalidArgumentError(`Expected one image per camera, got two for "${camera}".`);
  return { ...before, [camera]: text.slice(at + 1) };
}

function readFile(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (cause) {
    throw fileError('read', file, cause);
  }
}
