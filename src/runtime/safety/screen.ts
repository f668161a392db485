/** @file What must be true of a wanted action before its size is looked at: whose it is, how old, and whether it is an action at all. */

import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { GateMoment } from '../gate.ts';

/** Beyond its declared range by more than this share of it, an action is nonsense, not a little too large. */
const BEYOND = 0.25;

/** Refuses actions one by one; remembers which tick it saw last. */
export class Screen {
  private readonly embodiment: Embodiment;
  private readonly oldest: number;
  private tick = -1;

  /** `oldest`: most ticks between an observation and an action that follows from it. */
  constructor(embodiment: Embodiment, oldest: number) {
    this.embodiment = embodiment;
    this.oldest = oldest;
  }

  /** A new episode begins at tick 0. */
  restart(): void {
    this.tick = -1;
  }

  /** Why `wanted` must not be followed; empty where nothing speaks against it. */
  refuse(wanted: Float32Array, at: GateMoment): string[] {
    return [...this.refuseMoment(at), ...this.refuseNumbers(wanted)];
  }

  private refuseMoment({ tick, age, observation, from }: GateMoment): string[] {
    if (!Number.isInteger(tick) || tick <= this.tick) return [`refused: tick ${tick} is not behind tick ${this.tick}`];
    this.tick = tick;
    const state = observation?.state;
    if (state !== undefined && (state.length !== this.embodiment.state.names.length || !state.every(Number.isFinite))) {
      return ['refused: the state is not what this robot has'];
    }
    if (from === 'teleoperation') return [];
    if (observation === null) return ['refused: nothing is seen'];
    if (age === null) return ['refused: it follows from no observation'];
    if (!(age >= 0)) return [`refused: it is ${age} ticks old`];
    if (age > tick) return [`refused: it follows from an observation before the episode`];
    return age > this.oldest ? [`refused: it is ${age} ticks old, more than ${this.oldest}`] : [];
  }

  private refuseNumbers(wanted: Float32Array): string[] {
    const { names, low, high } = this.embodiment.action;
    if (wanted.length !== names.length) return [`refused: expected ${names.length} numbers, got ${wanted.length}`];
    const bad = wanted.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) return [`refused: ${names[bad]} is ${wanted[bad]}`];
    const far = wanted.findIndex((value, i) => {
      if (low === undefined || high === undefined) return false;
      const slack = BEYOND * (high[i]! - low[i]!);
      return value < low[i]! - slack || value > high[i]! + slack;
    });
    return far < 0 ? [] : [`refused: ${names[far]} is ${wanted[far]}, far outside ${low![far]} to ${high![far]}`];
  }
}
