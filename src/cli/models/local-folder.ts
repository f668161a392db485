/** @file The folder that a word of the command line means, fetched first when it is on a hub. */

import { isHubWord, parseHubWord } from '../../checkpoints/hub/repository.ts';
import { withInterrupt } from '../interrupt.ts';

/** `word` itself, or for `hf://owner/name[@revision]` the folder of its snapshot in the cache. */
export async function localFolder(word: string): Promise<string> {
  if (!isHubWord(word)) return word;
  const { downloadModel } = await import('../../checkpoints/hub/download.ts');
  return withInterrupt('Stopping; what arrived is kept', (signal) => downloadModel(parseHubWord(word), { signal }));
}
