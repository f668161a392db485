/** @file How a model on a hub is named: `hf://owner/name` with an optional `@revision`. */

import { VlaError } from '../../base/errors.ts';

/** A model repository and the branch, tag or commit to take. */
export interface HubRepository {
  /** `owner/name`. */
  readonly id: string;
  readonly revision: string;
}

const SCHEME = 'hf://';
const PART = /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/;

/** Whether a word of a command line names a hub repository. */
export const isHubWord = (word: string): boolean => word.startsWith(SCHEME);

/** Parses `owner/name[@revision]`, with or without `hf://`; revision `main` when none is given. Throws `bad-argument`. */
export function parseHubWord(word: string): HubRepository {
  const bare = isHubWord(word) ? word.slice(SCHEME.length) : word;
  const at = bare.indexOf('@');
  const id = at < 0 ? bare : bare.slice(0, at);
  const revision = at < 0 ? 'main' : bare.slice(at + 1);
  const parts = id.split('/');
  if (parts.length === 2 && parts.every((part) => PART.test(part)) && /^[\w./-]+$/.test(revision)) {
    if (!revision.split('/').includes('..')) return { id, revision };
  }
  throw new VlaError('bad-argument', `hub: expected hf://owner/name or hf://owner/name@revision, got "${word}".`, {
    hint: 'For example hf://Dexmal/DM0-base.',
  });
}
