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
};
