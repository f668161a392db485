/** @file What the commands on datasets share: opening one, where the selection lies, the layout of the state. */

import path from 'node:path';
import type { Command } from 'commander';
import { openLeRobot, type LeRobotDataset } from '../../data/lerobot/reader.ts';
import { SELECTION_FILE } from '../../data/selection-file.ts';

/** Adds the dataset argument. */
export function datasetArgument(command: Command): Command {
  return command.argument('<dataset>', 'folder of a LeRobot dataset (v2.0, v2.1 or v3.0)');
}

/** Adds `--layout`. */
export function layoutOption(command: Command): Command {
  return command.option(
    '--layout <parts>',
    'where positions, rotations and grippers lie in the state, such as position@0,rotation@3:axis-angle,gripper@6:closed-low (default: as recorded, or from the names of the dimensions)',
  );
}

/** Collects an option that may be given often. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Opens the episodes that are there; damage stays with its episode. */
export async function openForCleaning(root: string): Promise<LeRobotDataset> {
  return openLeRobot(path.resolve(root), { episodes: 'present', damage: 'episode' });
}

/** The selection file of a dataset: as given, or in the dataset's folder. */
export function selectionFile(root: string, out: string | undefined): string {
  return out ?? path.join(root, SELECTION_FILE);
}

/** 56614 → "56,614". */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
