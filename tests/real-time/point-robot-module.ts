/** @file The point robot as a module that a loop's thread opens. */

import type { Clock } from '../../src/base/clock.ts';
import { naiveAsynchronous } from '../../src/runtime/strategies/index.ts';
import type { ThreadParts } from '../../src/runtime/thread/loop-worker.ts';
import { plainGate } from './plain-gate.ts';
import { pointRobot, prompt } from './point-robot.ts';

/** How the robot misbehaves; `null` for not at all. */
export interface PointRobotOptions {
  readonly hz: number;
  readonly fault: null | 'open' | 'exit';
}

/** The entry of the thread. */
export async function openRobot({ hz, fault }: PointRobotOptions, clock: Clock): Promise<ThreadParts> {
  if (fault === 'open') throw new Error('no robot there');
  const gate = plainGate(pointRobot(clock, hz, { state: prompt(hz), front: prompt(hz) }));
  if (fault === 'exit') {
    gate.pass = () => {
      process.exit(3);
    };
  }
  return { gate, strategy: naiveAsynchronous({ execute: 5 }), grace: 0 };
}
