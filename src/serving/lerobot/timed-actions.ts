/** @file A chunk of actions as LeRobot's robot client takes it: a pickled list of `TimedAction`, each with a tensor. */

import { actionAt, type ActionChunk } from '../../interfaces/action-chunk.ts';
import { PickleWriter } from '../../base/pickle/pickle-writer.ts';

/** Where a chunk begins. */
export interface ChunkStart {
  /** Seconds since 1970, on the robot's clock. */
  readonly timestamp: number;
  /** The control period of the first action. */
  readonly timestep: number;
  /** Seconds between actions. */
  readonly period: number;
}

/**
 * The first `count` actions of a chunk. `module`: where the client's release has its classes. The numbers arrive as they
 * are: `torch.tensor` makes float32 of a list of floats.
 */
export function pickleActions(chunk: ActionChunk, count: number, start: ChunkStart, module: string): Uint8Array {
  const writer = new PickleWriter();
  writer.list(() => {
    for (let i = 0; i < Math.min(count, chunk.horizon); i++) {
      writer.object(module, 'TimedAction', {
        timestamp: () => writer.float(start.timestamp + i * start.period),
        timestep: () => writer.int(start.timestep + i),
        action: () =>
          writer.call('torch', 'tensor', () =>
            writer.list(() => {
              for (const value of actionAt(chunk, i)) writer.float(value);
            }),
          ),
      });
    }
  });
  return writer.finish();
}
