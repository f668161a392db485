/** @file `vlakit data preview`: what a recipe would be trained on, before it is trained. */

import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { requireWritableFolder, writeFileAtomic } from '../../base/files.ts';
import { startProgress } from '../../base/progress.ts';
import { recipeArgument, resolveRecipe } from '../recipe-options.ts';
import { previewData } from './preview/data-preview.ts';
import { renderPreview } from './preview/page.ts';
import { previewText } from './preview/text.ts';

interface Options {
  readonly set: string[];
  readonly out?: string;
  readonly json?: true;
}

/** Adds arguments, options and the action. */
export function definePreview(command: Command): void {
  recipeArgument(command)
    .description(
      'Show what a recipe would be trained on, read as training reads it: shares, epochs, instructions, normalised numbers, odd episodes, first pictures.',
    )
    .option('--out <file>', 'write a page with the same and with pictures, such as preview.html')
    .option('--json', 'print as JSON')
    .action((recipe: string, options: Options) => run(recipe, options));
}

async function run(name: string, { set, out, json }: Options): Promise<void> {
  const recipe = await resolveRecipe(name, set);
  if (out !== undefined) requireWritableFolder(path.dirname(path.resolve(out)));
  const { datasets, conversations = [] } = recipe.data;
  const progress = startProgress({ label: 'preview', total: datasets.length + conversations.length, unit: 'datasets' });
  const preview = await previewData(recipe, (member, done) => progress.update(done, member));
  progress.finish();
  process.stdout.write(json ? `${JSON.stringify(withoutPictures(preview), null, 2)}\n` : previewText(preview));
  if (out === undefined) return;
  writeFileAtomic(out, renderPreview(preview));
  if (!json) process.stdout.write(`\nWritten: ${out}\n`);
}

/** Pictures are for the page. */
function withoutPictures(preview: Awaited<ReturnType<typeof previewData>>): object {
  return { ...preview, members: preview.members.map(({ sheet: _sheet, ...member }) => member) };
}
