/** @file The folder that a word of the command line means, fetched when it is on a hub, and what lies in it. */

import { isHubWord, parseHubWord } from '../../checkpoints/hub/repository.ts';
import { inspectFolder, type Inspection } from '../../checkpoints/inspect.ts';
import { withInterrupt } from '../interrupt.ts';

/** Inspects a folder, or a model on a hub (`hf://owner/name[@revision]`). */
export async function inspectWord(word: string): Promise<Inspection> {
  return inspectFolder(await localFolder(word));
}

/** `word` itself, or for a word that names a hub repository, the folder of its snapshot. */
export async function localFolder(word: string): Promise<string> {
  if (!isHubWord(word)) return word;
  const { downloadModel } = await import('../../checkpoints/hub/download.ts');
  return withInterrupt('Stopping; what arrived is kept', (signal) => downloadModel(parseHubWord(word), { signal }));
}
