/**
 * @file `vlakit annotate`: what happens in a dataset's episodes, in words: from the simulator that recorded them, or from any
 * OpenAI-compatible endpoint that sees pictures.
 */

import os from 'node:os';
import process from 'node:process';
import { InvalidArgumentError, type Command } from 'commander';
import { VlaError } from '../base/errors.ts';
import { annotateFromEndpoint, type EndpointSummary } from './annotate/from-endpoint.ts';
import { annotateFromSimulation } from './annotate/from-simulation.ts';
import type { Prices } from './annotate/spending.ts';
import { json, positiveNumber, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';

interface Options {
  readonly fromSimulation?: true;
  readonly workers: number;
  readonly endpoint?: string;
  readonly model?: string;
  readonly apiKeyEnv?: string;
  readonly every?: number;
  readonly episodes?: number;
  readonly concurrency: number;
  readonly price?: Prices;
  readonly maxCost?: number;
  readonly maxSide: number;
  readonly body: Record<string, unknown>;
  readonly timeout: number;
  readonly tries: number;
  readonly out?: string;
  readonly replace?: true;
}

/** What most endpoints understand. */
const BODY = { temperature: 0, max_tokens: 1500, response_format: { type: 'json_object' } };

const FIRST_DELAY_MS = 1000;

/** Adds the arguments and the action. */
export function define(command: Command): void {
  command
    .argument('<dataset>', 'the folder of a LeRobot dataset')
    .option('--from-simulation', 'play the tabletop’s episodes again and write what the simulator knows')
    .option('--workers <n>', 'worker threads of --from-simulation', wholeNumber(1), os.availableParallelism())
    .option('--endpoint <url>', 'an OpenAI-compatible endpoint, up to /v1; pictures go there and nowhere else')
    .option('--model <name>', 'the model to ask')
    .option('--api-key-env <variable>', 'the environment variable that holds the key')
    .option('--every <frames>', 'frames between keyframes (default: one second)', wholeNumber(1))
    .option('--episodes <n>', 'the first n episodes only', wholeNumber(1))
    .option('--concurrency <n>', 'requests at a time', wholeNumber(1), 4)
    .option('--price <input,output>', 'dollars for a million tokens of questions and of answers', prices)
    .option('--max-cost <dollars>', 'stop before this run costs more; needs --price', positiveNumber)
    .option('--max-side <pixels>', 'pictures are scaled down to this', wholeNumber(16), 512)
    .option('--body <json>', 'further keys of the request', body, BODY)
    .option('--timeout <seconds>', 'for one request', positiveNumber, 120)
    .option('--tries <n>', 'for one request, after 429, 5xx, time-outs and broken connections', wholeNumber(1), 6)
    .option('--out <folder>', 'for the annotations of --endpoint (default: meta/annotations of the dataset)')
    .option('--replace', 'annotate episodes again that have annotations')
    .action((dataset: string, options: Options) => run(dataset, options));
}

function prices(text: string): Prices {
  const [input, output, ...more] = text.split(',').map(Number);
  if (more.length === 0 && [input, output].every((price) => price !== undefined && price >= 0)) {
    return { input: input!, output: output! };
  }
  throw new InvalidArgumentError(`Expected two prices such as 0.5,2, got "${text}".`);
}

function body(text: string): Record<string, unknown> {
  const value = json(text);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject && !('model' in value) && !('messages' in value)) return value as Record<string, unknown>;
  throw new InvalidArgumentError('Expected a JSON object without "model" and "messages".');
}

async function run(root: string, options: Options): Promise<void> {
  if ((options.fromSimulation === true) === (options.endpoint !== undefined)) {
    throw new VlaError('bad-argument', 'annotate: expected --from-simulation or --endpoint, one of both.', {
      hint: 'Recordings of the tabletop know their own truth; for others give --endpoint and --model.',
    });
  }
  const replace = options.replace === true;
  if (options.endpoint === undefined) {
    const { workers } = options;
    const count = await withInterrupt('Stopping after the episodes under way …', (signal) =>
      annotateFromSimulation({ root, replace, workers, signal }),
    );
    process.stdout.write(`${root}: ${count} episodes annotated\n`);
    return;
  }
  const { endpoint, model } = options;
  if (model === undefined) {
    throw new VlaError('bad-argument', 'annotate: expected --model, got none.', {
      hint: 'Name a model of the endpoint that sees pictures.',
    });
  }
  const key = keyOf(options.apiKeyEnv);
  const summary = await withInterrupt('Stopping after the requests under way …', (signal) =>
    annotateFromEndpoint({
      root,
      out: options.out ?? null,
      endpoint,
      model,
      key,
      body: options.body,
      every: options.every ?? null,
      episodes: options.episodes ?? null,
      concurrency: options.concurrency,
      prices: options.price ?? null,
      maxCost: options.maxCost ?? null,
      maxSide: options.maxSide,
      timeoutMs: options.timeout * 1000,
      tries: options.tries,
      firstDelayMs: FIRST_DELAY_MS,
      replace,
      signal,
    }),
  );
  report(options.out ?? root, summary);
}

function keyOf(variable: string | undefined): string | null {
  if (variable === undefined) return null;
  const key = process.env[variable];
  if (key !== undefined && key !== '') return key;
  throw new VlaError('bad-argument', `--api-key-env: expected a key in the variable ${variable}, got none.`, {
    hint: `Set it for this command alone; the key is sent to the endpoint and written nowhere.`,
  });
}

/** Keyframes without an answer that are named. */
const NAMED = 10;

function report(where: string, { episodes, left, keyframes, cached, skipped, spending }: EndpointSummary): void {
  for (const { episode, frame, reason } of skipped.slice(0, NAMED)) {
    process.stderr.write(`skipped: episode ${episode}, frame ${frame}: ${reason}\n`);
  }
  if (skipped.length > NAMED) process.stderr.write(`… and ${skipped.length - NAMED} more\n`);
  const had = left === 0 ? '' : `, ${left} had annotations already (--replace)`;
  process.stdout.write(
    `${where}: ${episodes} episodes annotated${had}; ${keyframes} keyframes, ${cached} from disk, ${skipped.length} skipped; ${spending.text()}\n`,
  );
}
