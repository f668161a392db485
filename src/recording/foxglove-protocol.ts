/** @file Foxglove's WebSocket protocol package, which is CommonJS of a kind that Node cannot import names from. */

import { createRequire } from 'node:module';
import type * as Protocol from '@foxglove/ws-protocol';

const loaded = createRequire(import.meta.url)('@foxglove/ws-protocol') as typeof Protocol;

/** The server's side: topics, subscriptions, messages. */
export const FoxgloveServer = loaded.FoxgloveServer;
/** The viewer's side, for tests. */
export const FoxgloveClient = loaded.FoxgloveClient;
export type { Channel, IWebSocket } from '@foxglove/ws-protocol';
