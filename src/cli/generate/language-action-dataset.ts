/** @file Writes the language-action dataset of one arm, episode by episode; an interrupted one goes on where it stopped. */

import { VlaError } from '../../base/errors.ts';
import { startProgress } from '../../base/progress.ts';
import { createLeRobotWriter, type LeRobotWriter, type WriterOptions } from '../../data/lerobot/writer.ts';
import {
  armColumns,
  armEmbodiment,
  armFeatures,
  type ActionStyle,
} from '../../simulation/language-actions/embodiment.ts';
import { createTrajectoryGenerator } from '../../simulation/language-actions/generate.ts';

/** What to make, and where. */
export interface LanguageActionOptions {
  /** Name of the arm. */
  readonly robot: string;
  /** Names; episode i is of template i modulo their number. */
  readonly templates: readonly string[];
  readonly episodes: number;
  readonly seed: number;
  /** Frames per second. */
  readonly rate: number;
  readonly actions: ActionStyle;
  /** The dataset's folder. */
  readonly root: string;
  readonly existing: WriterOptions['existing'];
  /** The exact command, for info.json. */
  readonly command: string;
  /** Aborting stops after the trajectory under way. */
  readonly signal: AbortSignal;
}

/** Makes the trajectories that are missing and finishes the dataset. */
export async function generateLanguageActions(
  options: LanguageActionOptions,
): Promise<{ readonly episodes: number; readonly frames: number }> {
  const { robot: name, templates, episodes, seed, rate, actions, root, existing, command } = options;
  const generator = createTrajectoryGenerator(name);
  // Unknown templates are named before a folder is made.
  for (const template of templates) generator.generate(template, seed, 0);
  const embodiment = armEmbodiment(generator.robot, actions, rate);
  const settings = { templates, seed, actions };
  const writer = createLeRobotWriter({
    root,
    fps: rate,
    robotType: name,
    features: armFeatures(generator.robot, embodiment),
    existing,
    settings,
    extra: {
      vlakit: { embodiment, languageActions: { ...settings, episodes, source: generator.robot.source }, command },
    },
  });
  try {
    if (writer.episodes > episodes) {
      throw new VlaError(
        'mismatch',
        `${root}: expected at most ${episodes} episodes, got ${writer.episodes} of the interrupted run.`,
        { hint: 'Make at least as many, or --replace it.' },
      );
    }
    await makeRest(writer, generator, options);
    const { frames } = writer;
    await writer.finish();
    return { episodes, frames };
  } catch (error) {
    writer.close();
    throw error;
  }
}

async function makeRest(
  writer: LeRobotWriter,
  generator: ReturnType<typeof createTrajectoryGenerator>,
  { robot, templates, episodes, seed, rate, actions, signal }: LanguageActionOptions,
): Promise<void> {
  const progress = startProgress({ label: robot, total: episodes, unit: 'episodes', alreadyDone: writer.episodes });
  while (writer.episodes < episodes) {
    if (signal.aborted) {
      throw new VlaError('interrupted', `generate: stopped after ${writer.episodes} of ${episodes} episodes.`, {
        hint: 'Run the same command again to go on.',
      });
    }
    const episode = writer.episodes;
    const { instruction, sample } = generator.generate(templates[episode % templates.length]!, seed, episode);
    const samples = sample(rate);
    const columns = armColumns(samples, actions);
    await writer.addEpisode({ length: samples.length, task: instruction, columns, images: {} });
    progress.update(writer.episodes, `${writer.frames} frames`);
    // Lets an interrupt be noticed.
    await new Promise((resolve) => setImmediate(resolve));
  }
  progress.finish(`${writer.episodes} episodes, ${writer.frames} frames`);
}
