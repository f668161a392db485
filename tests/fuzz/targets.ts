/** @file What is fuzzed: the decoders of all protocols, and readers of others' files, each in a file of its own. To add one: its file, and a line here. */

import type { FuzzTarget } from './fuzz.ts';

/** Name → how it is loaded. */
export const FUZZ_TARGETS: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  pickle: async () => (await import('./targets/pickle.ts')).pickleTarget,
  'lerobot-setup': async () => (await import('./targets/pickle.ts')).setupTarget,
  'lerobot-observation': async () => (await import('./targets/pickle.ts')).observationTarget,
  'lerobot-stream': async () => (await import('./targets/lerobot-stream.ts')).lerobotStreamTarget(),
  openpi: async () => (await import('./targets/message-pack.ts')).openpiTarget(),
  starvla: async () => (await import('./targets/message-pack.ts')).starvlaTarget(),
  gr00t: async () => (await import('./targets/message-pack.ts')).gr00tTarget(),
  'vla-eval': async () => (await import('./targets/message-pack.ts')).vlaEvalTarget(),
  'dm0-form': async () => (await import('./targets/form.ts')).formTarget(),
  'limits-json': async () => (await import('./targets/limits.ts')).limitsTarget,
  urdf: async () => (await import('./targets/limits.ts')).urdfTarget,
  mjcf: async () => (await import('./targets/limits.ts')).mjcfTarget,
  mcap: async () => (await import('./targets/mcap.ts')).mcapTarget(),
  'libero-bddl': async () => (await import('./targets/libero.ts')).bddlTarget,
  'libero-states': async () => (await import('./targets/libero.ts')).statesTarget,
  zmtp: async () => (await import('./targets/zmtp.ts')).zmtpTarget(),
};
