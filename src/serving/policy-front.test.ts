/** @file Clients that cannot be served hear why, and leave no session behind. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { serverFor, serviceFor, toy } from '../../tests/serving/serve-for-test.ts';
import { openpiAdapter } from './openpi/openpi-adapter.ts';
import type { ProtocolAdapter } from './protocol-adapter.ts';
import { starvlaAdapter } from './starvla/starvla-adapter.ts';
import { vlaEvalAdapter } from './vla-eval/vla-eval-adapter.ts';
import { openWebSocketLine } from './websocket-line.ts';

for (const adapter of [openpiAdapter, starvlaAdapter, vlaEvalAdapter] as ProtocolAdapter[]) {
  test(`${adapter.name}: a mapping that does not fit refuses every client, and takes up no session`, async (t) => {
    // With a session left behind, the second client would hear of too many.
    const service = serviceFor(t, toy(), { sessions: 1 });
    const mapping = { images: { nose: ['observation/nose'] } };
    const { address } = await serverFor(t, adapter, service, { mapping });
    for (let i = 0; i < 3; i++) {
      const line = await openWebSocketLine({ url: address, token: null, connectMs: 60_000, messageBytes: 1e7 });
      const heard = await line.ask(null, 60_000);
      const text = typeof heard === 'string' ? heard : Buffer.from(heard as Uint8Array).toString('latin1');
      assert.match(text, /mapping: expected cameras of .*, got nose/);
      line.close();
    }
  });
}
