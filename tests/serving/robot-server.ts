/** @file A server of `joint-policy.ts` for robot clients of LeRobot, as tests start it. */

import { lerobotAdapter } from '../../src/serving/lerobot/lerobot-adapter.ts';
import { DEFAULT_SERVICE_LIMITS, startLocalService } from '../../src/serving/local-service.ts';
import type { AdapterOptions, RunningAdapter } from '../../src/serving/protocol-adapter.ts';
import { DEFAULT_WIRE_LIMITS } from '../../src/serving/wire/limits.ts';
import { pythonPickle } from './robot-pickles.ts';

const POLICY = new URL('./joint-policy.js', import.meta.url).href;

/** Starts one that ends with the test; episodes have the seeds 5, 6, … */
export async function serveRobots(
  t: { after(end: () => Promise<void>): void },
  changes: Partial<AdapterOptions> = {},
  sessions = DEFAULT_SERVICE_LIMITS.sessions,
): Promise<RunningAdapter> {
  const service = startLocalService({
    call: { module: POLICY, options: {} },
    statistics: null,
    limits: { ...DEFAULT_SERVICE_LIMITS, sessions },
  });
  t.after(() => service.close());
  const server = await lerobotAdapter.start(service, {
    host: '127.0.0.1',
    port: 0,
    token: null,
    tls: null,
    limits: DEFAULT_WIRE_LIMITS,
    mapping: null,
    seed: 5,
    tracebacks: false,
    ...changes,
  });
  t.after(() => server.close());
  return server;
}

/** The golden policy instructions, which ask for "user/model", asking for another one. */
export function setupPickle(policy = 'joints'): Uint8Array {
  const bytes = Buffer.from(pythonPickle('setup'));
  const at = bytes.indexOf('user/model');
  const asked = Buffer.concat([Buffer.from([0x8c, policy.length]), Buffer.from(policy)]);
  // Without Python's frame, whose length changed.
  return Buffer.concat([bytes.subarray(0, 2), bytes.subarray(11, at - 2), asked, bytes.subarray(at + 10)]);
}
