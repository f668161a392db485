/** @file `vlakit data pseudo-actions`: copies a dataset that has states but no actions, with actions made of the states. */

import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { lookUp } from '../../base/errors.ts';
import { requireWritableFolder } from '../../base/files.ts';
import { startProgress } from '../../base/progress.ts';
import { findLayout } from '../../data/cleaning/motion-layout.ts';
import { pseudoActions, type PoseFrame } from '../../data/cleaning/pseudo-actions.ts';
import { copyWithFeature } from '../../data/lerobot/add-feature.ts';
import { featureSize, readInfo } from '../../data/lerobot/info.ts';
import { oneOf } from '../argument-parsers.ts';
import { withInterrupt } from '../interrupt.ts';
import { datasetArgument, layoutOption } from './dataset-options.ts';

interface Options {
  readonly from: string;
  readonly as: string;
  readonly frame: PoseFrame;
  readonly layout?: string;
}

/** Adds arguments, options and the action. */
export function definePseudoActions(command: Command): void {
  layoutOption(datasetArgument(command).argument('<out>', 'folder of the new dataset'))
    .description(
      'Copy a dataset that has states but no actions, with actions made of them: the change from each state to the next (rotations as axis-angle), grippers as the next absolute value. Pictures and videos are copied as they are.',
    )
    .option('--from <feature>', 'the states', 'observation.state')
    .option('--as <feature>', 'the name of the new feature', 'action')
    .option(
      '--frame <frame>',
      'in which changes of pose are given: base or end-effector',
      oneOf<PoseFrame>(['base', 'end-effector']),
      'base',
    )
    .action((root: string, out: string, options: Options) => run(root, out, options));
}

async function run(root: string, out: string, { from, as, frame, layout }: Options): Promise<void> {
  const info = readInfo(root);
  const feature = lookUp(`${root}: feature`, from, info.features);
  const parts = findLayout({ names: feature.names, size: featureSize(feature), kind: 'state' }, null, layout);
  const actions = pseudoActions(parts, frame);
  requireWritableFolder(path.dirname(path.resolve(out)));
  const progress = startProgress({ label: 'actions', total: 1, unit: 'tables' });
  let tables = 0;
  await withInterrupt('Stopping after this table …', (signal) =>
    copyWithFeature(
      root,
      out,
      {
        name: as,
        feature: { dtype: 'float32', shape: [actions.names.length], names: actions.names },
        source: from,
        of: (states) => actions.of(states),
        notes: { pseudoActions: { from, frame, lastFrame: 'holds still' } },
      },
      {
        signal,
        onFile(done) {
          tables = done;
          progress.update(done);
        },
      },
    ),
  );
  progress.finish(`${tables} tables`);
  const described = [
    `${parts.positions.length} position(s)`,
    `${parts.rotations.length} rotation(s)`,
    `${parts.grippers.length} gripper(s)`,
  ].join(', ');
  process.stdout.write(`${out}: "${as}" of ${actions.names.length} numbers: ${actions.names.join(', ')}\n`);
  process.stdout.write(`Taken from the state: ${described}. If that is wrong, give --layout.\n`);
}
