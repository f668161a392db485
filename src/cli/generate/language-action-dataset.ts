/** @file Writes the language-action dataset of one arm, episode by episode; an interrupted one goes on where it stopped. */

import type { WriterOptions } from '../../data/lerobot/writer.ts';
import {
  armColumns,
  armEmbodiment,
  armFeatures,
  type ActionStyle,
} from '../../simulation/language-actions/embodiment.ts';
import { createTrajectoryGenerator } from '../../simulation/language-actions/generate.ts';
import { writeGenerated } from './generated-dataset.ts';

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
  const { robot: name, templates, episodes, seed, rate, actions, root, existing, command, signal } = options;
  const generator = createTrajectoryGenerator(name);
  // Unknown templates are named before a folder is made.
  for (const template of templates) generator.generate(template, seed, 0);
  const embodiment = armEmbodiment(generator.robot, actions, rate);
  const settings = { templates, seed, actions };
  return writeGenerated({
    label: name,
    episodes,
    writer: {
      root,
      fps: rate,
      robotType: name,
      features: armFeatures(generator.robot, embodiment),
      existing,
      settings,
      extra: {
        vlakit: { embodiment, languageActions: { ...settings, episodes, source: generator.robot.source }, command },
      },
    },
    make(episode) {
      const { instruction, sample } = generator.generate(templates[episode % templates.length]!, seed, episode);
      const samples = sample(rate);
      return { length: samples.length, task: instruction, columns: armColumns(samples, actions), images: {} };
    },
    signal,
  });
}
