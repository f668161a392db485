/** @file The protocols that policies are served by. To add one: a file with its adapter, and a line here. */

import type { ProtocolAdapter } from './protocol-adapter.ts';

/** A protocol as the table names it; its file is loaded when it is asked for. */
export interface ProtocolEntry {
  /** For people: whose clients speak it. */
  readonly summary: string;
  readonly load: () => Promise<ProtocolAdapter>;
}

/** All protocols by name. */
export const PROTOCOLS: Readonly<Record<string, ProtocolEntry>> = {
  openpi: {
    summary: 'WebSocket with MessagePack, of openpi’s clients',
    load: async () => (await import('./openpi/openpi-adapter.ts')).openpiAdapter,
  },
  starvla: {
    summary: 'WebSocket with MessagePack, of starVLA’s clients',
    load: async () => (await import('./starvla/starvla-adapter.ts')).starvlaAdapter,
  },
  'vla-eval': {
    summary: 'WebSocket with MessagePack, of allenai’s vla-evaluation-harness and its benchmarks',
    load: async () => (await import('./vla-eval/vla-eval-adapter.ts')).vlaEvalAdapter,
  },
  gr00t: {
    summary: 'ZeroMQ with MessagePack, of GR00T N1.6 and N1.7',
    load: async () => (await import('./gr00t/gr00t-adapter.ts')).gr00tAdapter,
  },
  dm0: {
    summary: 'HTTP forms, of dexbotic’s clients (DM0)',
    load: async () => (await import('./dm0/dm0-adapter.ts')).dm0Adapter,
  },
  lerobot: {
    summary: 'gRPC with pickles, of LeRobot’s robot client; no pickle is ever run',
    load: async () => (await import('./lerobot/lerobot-adapter.ts')).lerobotAdapter,
  },
};
