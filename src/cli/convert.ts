/** @file `vlakit convert`: datasets from one format to another. */

import process from 'node:process';
import type { Command } from 'commander';
import { startProgress } from '../base/progress.ts';
import { nameList, oneOf, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';

const STOPPING = 'Stopping after the episode under way …';

/** Adds a subcommand per direction. */
export function define(command: Command): void {
  command
    .command('dexdata-to-lerobot')
    .summary('DM0’s episodic JSONL to LeRobot v3.0')
    .argument('<in>', 'the folder with the .jsonl files')
    .argument('<out>', 'the new dataset')
    .option('--fps <n>', 'frames per second (default: what dexdata.json says)', wholeNumber(1))
    .option('--cameras <names>', 'names of images_1, images_2 … (default: what dexdata.json says)', nameList)
    .option('--media <folder>', 'the folder from which urls go (default: <in>, or video in it)')
    .option('--pictures <kind>', 'image (exact) or video (small)', oneOf(['image', 'video']), 'image')
    .option('--action <kind>', 'stored, or next-state where lines have none', oneOf(['stored', 'next-state']), 'stored')
    .option('--replace', 'delete the dataset that is there')
    .action(toLerobot);
  command
    .command('lerobot-to-dexdata')
    .summary('LeRobot (v2.0, v2.1 or v3.0) to DM0’s episodic JSONL')
    .argument('<in>', 'the dataset')
    .argument('<out>', 'the new folder')
    .option('--episodes <list>', 'which of its episodes: "all", "present", or a list such as 0-4,7', 'all')
    .option('--videos <how>', 'copy them, or png: every frame as a picture', oneOf(['copy', 'png']), 'copy')
    .action(toDexdata);
}

interface ToLerobotOptions {
  readonly fps?: number;
  readonly cameras?: string[];
  readonly media?: string;
  readonly pictures: 'image' | 'video';
  readonly action: 'stored' | 'next-state';
  readonly replace?: true;
}

async function toLerobot(from: string, out: string, options: ToLerobotOptions): Promise<void> {
  const { openDexdata } = await import('../data/dexdata/reader.ts');
  const { dexdataToLerobot } = await import('../data/dexdata/to-lerobot.ts');
  const dataset = openDexdata(from, options.media === undefined ? {} : { media: options.media });
  const progress = startProgress({ label: 'convert', total: dataset.files.length, unit: 'files' });
  const summary = await withInterrupt(STOPPING, (signal) =>
    dexdataToLerobot(dataset, {
      out,
      existing: options.replace === true ? 'replace' : 'resume',
      fps: options.fps ?? null,
      cameras: options.cameras ?? null,
      pictures: options.pictures,
      action: options.action,
      signal,
      onFile: (done) => progress.update(done),
    }),
  );
  dataset.close();
  progress.finish();
  process.stdout.write(`${out}: ${summary.episodes} episodes, ${summary.frames} frames\n`);
  const { conversationFiles, answers } = summary;
  if (conversationFiles > 0) process.stdout.write(`left out: ${conversationFiles} files of conversations\n`);
  if (answers > 0) process.stdout.write(`left out: the answers of ${answers} frames, which LeRobot has no place for\n`);
}

interface ToDexdataOptions {
  readonly episodes: string;
  readonly videos: 'copy' | 'png';
}

async function toDexdata(from: string, out: string, options: ToDexdataOptions): Promise<void> {
  const { parseEpisodes } = await import('../data/lerobot/catalogue.ts');
  const { openLeRobot } = await import('../data/lerobot/reader.ts');
  const { leftOut, lerobotToDexdata } = await import('../data/dexdata/from-lerobot.ts');
  const dataset = await openLeRobot(from, { episodes: parseEpisodes(options.episodes) });
  const progress = startProgress({ label: 'convert', total: dataset.episodes.length, unit: 'episodes' });
  const frames = await withInterrupt(STOPPING, (signal) =>
    lerobotToDexdata(dataset, { out, videos: options.videos, signal, onEpisode: (done) => progress.update(done) }),
  );
  await dataset.close();
  const without = leftOut(dataset);
  progress.finish();
  process.stdout.write(`${out}: ${dataset.episodes.length} episodes, ${frames} frames\n`);
  if (without.length > 0)
    process.stdout.write(`left out: ${without.join(', ')} (texts, and cameras without colours)\n`);
}
