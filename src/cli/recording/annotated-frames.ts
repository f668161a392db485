/** @file What the simulator says about each frame of a demonstration, as annotations: the truth that annotators guess. */

import type { Annotation, ImagePoint } from '../../interfaces/annotation.ts';
import type { Narration, NarratingEnvironment } from '../../interfaces/environment.ts';

type Position = readonly [number, number, number];

/** The trace: where the hand is now, and after so many control steps, evenly spaced. */
const TRACE_POINTS = 6;
const TRACE_STRIDE = 4;

/** Collects what an environment says while an episode goes on. */
export interface FrameAnnotator {
  /** To be called at every frame. */
  watch(): void;
  /** One annotation per frame, once the episode has ended: only then are its future and its length known. */
  annotations(): Annotation[];
}

/** Starts watching an episode. */
export function watchFrames(environment: NarratingEnvironment): FrameAnnotator {
  const path: Position[] = [];
  const narrations: Narration[] = [];
  return {
    watch() {
      path.push(environment.privileged().handPosition);
      narrations.push(environment.narrate());
    },
    annotations: () =>
      narrations.map(({ scene, steps, present, plan, targets, goal, locate }, frame): Annotation => ({
        scene,
        subtask: steps[present]!,
        finished: steps.slice(0, present),
        todo: steps.slice(present),
        progress: frame / narrations.length,
        plan,
        targets,
        ...(goal === null ? {} : { goal }),
        trace: traces(locate, path, frame),
      })),
  };
}

/** Per camera, as far as its image of this frame reaches; after the end the hand stays where it was. */
function traces(locate: Narration['locate'], path: readonly Position[], now: number): Record<string, ImagePoint[]> {
  const out: Record<string, ImagePoint[]> = {};
  const left = new Set<string>();
  for (let k = 0; k < TRACE_POINTS; k++) {
    const position = path[Math.min(now + k * TRACE_STRIDE, path.length - 1)]!;
    for (const [camera, point] of Object.entries(locate(position))) {
      if (point === null || point.some((value) => value < 0 || value > 1)) left.add(camera);
      else if (!left.has(camera)) (out[camera] ??= []).push(point);
    }
  }
  return out;
}
