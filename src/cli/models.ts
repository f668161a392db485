/** @file `vlakit models`: the families with their sizes, downloads, policies of published models, and what lies in a folder of weights. */

import process from 'node:process';
import type { Command } from 'commander';
import { isHubWord } from '../checkpoints/hub/repository.ts';
import { define as defineAdopt } from './models/adopt.ts';
import { localFolder } from './models/local-folder.ts';
import { modelRows, tableText } from './models/model-table.ts';

/** Adds the table as the command's own action, and the commands below it. */
export function define(command: Command): void {
  command.option('--json', 'print as JSON').action(({ json }: { readonly json?: true }) => {
    const { header, rows, note } = modelRows();
    if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    else process.stdout.write(`${tableText([header, ...rows.map((row) => Object.values(row))])}\n${note}\n`);
  });
  command
    .command('fetch')
    .summary('download a model from a hub into the cache that Python shares')
    .description(
      'Download a model (weights and JSON, no code) into the cache that Python’s huggingface_hub shares; prints the folder.',
    )
    .argument('<model>', 'hf://owner/name[@revision], or without hf://')
    .action(async (word: string) => {
      process.stdout.write(`${await localFolder(isHubWord(word) ? word : `hf://${word}`)}\n`);
    });
  defineAdopt(
    command
      .command('adopt')
      .summary('make a policy of a published model for a robot')
      .description('Make a policy of a published model for a robot; its weights are used where they are.'),
  );
  command
    .command('inspect')
    .summary('say what lies in a folder of weights')
    .description('Say what lies in a folder of weights, running nothing of it; exit code 1 when it cannot be loaded.')
    .argument('<folder>', 'a folder as a hub holds it, a checkpoint or run of vlakit, or hf://owner/name[@revision]')
    .option('--json', 'print as JSON')
    .action(async (word: string, _: unknown, inspect: Command) => {
      const { json } = inspect.optsWithGlobals<{ json?: true }>();
      const { inspectFolder } = await import('../checkpoints/inspect.ts');
      const { wholeWeights } = await import('../training/tuned-model.ts');
      const { rows, problems, folder } = inspectFolder(await localFolder(word), wholeWeights);
      if (json) {
        const table = Object.fromEntries(rows.map(({ label, lines }) => [label, lines]));
        process.stdout.write(`${JSON.stringify({ folder, ...table }, null, 2)}\n`);
      } else {
        const table = rows.flatMap(({ label, lines }) => lines.map((line, i) => [i === 0 ? label : '', line]));
        process.stdout.write(`${folder}\n${tableText(table)}\n`);
      }
      if (problems.length > 0) process.exitCode = 1;
    });
}
