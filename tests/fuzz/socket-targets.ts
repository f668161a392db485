/** @file The servers that are fuzzed through their sockets. To add one: a line here, and its start below or in its file. */

import { connectRobot, partsOf } from '../serving/robot-connection.ts';
import { observationPickle } from '../serving/robot-pickles.ts';
import { serveRobots, setupPickle } from '../serving/robot-server.ts';
import type { SocketTarget } from './sockets.ts';

/** Name → how it is started. */
export const SOCKET_TARGETS: Readonly<Record<string, () => Promise<SocketTarget>>> = { lerobot };

async function lerobot(): Promise<SocketTarget> {
  const endings: (() => unknown)[] = [];
  const { address } = await serveRobots({ after: (end) => void endings.push(end as () => unknown) });
  return {
    port: Number(new URL(address).port),
    async good(port) {
      const robot = await connectRobot(`127.0.0.1:${port}`);
      try {
        await robot.ready();
        await robot.instruct(setupPickle());
        await robot.send(partsOf(observationPickle({ mustGo: true }), 1000));
        if ((await robot.act()).length === 0) throw new Error('lerobot: expected actions, got none');
      } finally {
        robot.close();
      }
    },
    async close() {
      for (const end of endings.reverse()) await end();
    },
  };
}
