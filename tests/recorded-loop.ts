/** @file A made-up control loop for tests of recordings: ticks, inferences and measurements that follow formulas. */

import type { Embodiment, VectorSpec } from '../src/interfaces/embodiment.ts';
import type { InferenceRecord, LoopSession, LoopSink } from '../src/interfaces/loop-listener.ts';
import type { Image } from '../src/interfaces/observation.ts';
import type { TickRecord } from '../src/interfaces/tick-record.ts';

const vector = (names: readonly string[]): VectorSpec => ({
  names,
  convention: { rotation: 'none', frame: 'joint', gripper: 'none', reference: 'absolute', unit: 'si' },
});

/** A robot with two cameras, of two joints and a gripper. */
export const RECORDED_ROBOT: Embodiment = {
  name: 'two-joint',
  cameras: [
    { name: 'front', width: 8, height: 6 },
    { name: 'left.wrist', width: 4, height: 4 },
  ],
  state: vector(['shoulder.pos', 'elbow.pos', 'gripper.pos']),
  action: vector(['shoulder.pos', 'elbow.pos', 'gripper.pos']),
  controlHz: 20,
  holdAction: null,
};

/** What a recorder of it is told; second 0 of the loop is 2026-11-26 00:00 UTC. */
export const RECORDED_SESSION: LoopSession = {
  embodiment: RECORDED_ROBOT,
  zero: 1_795_651_200,
  about: { policy: 'formula', checkpoint: 'runs/x' },
};

/** Every pixel depends on camera, episode and tick. */
export function imageAt(camera: 'front' | 'left.wrist', episode: number, tick: number): Image {
  const { width, height } = RECORDED_ROBOT.cameras.find(({ name }) => name === camera)!;
  const level = camera === 'front' ? 40 : 130;
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => (level + 31 * episode + 7 * tick + 5 * i) % 256,
  );
  return { width, height, data };
}

/** Numbers without short decimals, as float32. */
export const stateAt = (episode: number, tick: number): Float32Array =>
  Float32Array.from([Math.sin(tick / 3), episode + tick / 7, -tick / 1000]);
export const wantedAt = (episode: number, tick: number): Float32Array =>
  Float32Array.from([Math.cos(tick / 3), episode - tick / 7, tick % 2]);

/** Tick `tick` of an episode; from tick 3 on the gate makes the elbow slower. */
export function tickAt(episode: number, tick: number, ticksBefore = 0): TickRecord {
  const wanted = wantedAt(episode, tick);
  const slowed = tick >= 3;
  return {
    tick,
    epoch: episode,
    time: (ticksBefore + tick) / RECORDED_ROBOT.controlHz,
    late: tick % 5 === 4 ? 0.01 : 0,
    observation: {
      images: { front: imageAt('front', episode, tick), 'left.wrist': imageAt('left.wrist', episode, tick) },
      state: stateAt(episode, tick),
      instruction: `do it, ${episode}`,
      tick,
    },
    wanted,
    action: slowed ? Float32Array.from([wanted[0]!, wanted[1]! / 2, wanted[2]!]) : wanted,
    source: 'chunk',
    age: tick % 2,
    interventions: slowed ? ['elbow.pos: slower'] : [],
  };
}

/** The inference of an even tick: the wanted actions of this tick and the next. */
export function inferenceAt(episode: number, tick: number): InferenceRecord {
  return {
    episode,
    observation: { state: stateAt(episode, tick), instruction: `do it, ${episode}`, tick },
    ...(tick === 0 ? {} : { continuation: { actions: wantedAt(episode, tick), count: 1, committed: 1 } }),
    chunk: {
      horizon: 2,
      dim: 3,
      data: Float32Array.from([...wantedAt(episode, tick), ...wantedAt(episode, tick + 1)]),
    },
    seconds: 0.01,
  };
}

/** Plays episodes of `length` ticks; seeds are 100, 101, … */
export async function playLoop(
  listener: Omit<LoopSink, 'notes' | 'lost' | 'close'>,
  episodes: number,
  length: number,
): Promise<void> {
  for (let episode = 0; episode < episodes; episode++) {
    await listener.episode({ index: episode, seed: 100 + episode });
    for (let tick = 0; tick < length; tick++) {
      if (tick % 2 === 0) await listener.inference(inferenceAt(episode, tick));
      await listener.tick(tickAt(episode, tick, episode * length));
    }
  }
}
