/** @file The lights of a model as the renderer needs them: MuJoCo's classic spot, directional and head lights. */

import type { Sim } from '../mujoco/sim.ts';

/** Strengths are the mean of the three colour channels. */
export interface Light {
  readonly kind: 'head' | 'directional' | 'spot';
  /** World position and direction; unused by the head light, which sits in the camera. */
  readonly position: Float64Array;
  readonly direction: Float64Array;
  /** Degrees from the axis; beyond it a spot gives nothing. */
  readonly cutoff: number;
  readonly exponent: number;
  readonly ambient: number;
  readonly diffuse: number;
  readonly specular: number;
}

/** mjtLightType. */
const DIRECTIONAL = 1;

/** The head light (when active) and all lights of the model at their current poses. */
export function lightsOf(sim: Sim): Light[] {
  const lights: Light[] = [];
  const head = sim.headlight();
  if (head.active) {
    const { ambient, diffuse, specular } = head;
    const none = new Float64Array(3);
    lights.push({
      kind: 'head',
      position: none,
      direction: none,
      cutoff: 180,
      exponent: 0,
      ambient,
      diffuse,
      specular,
    });
  }
  const mean = (rgb: Float32Array, light: number): number =>
    (rgb[3 * light]! + rgb[3 * light + 1]! + rgb[3 * light + 2]!) / 3;
  for (let i = 0; i < sim.count('nlight'); i++) {
    if (!sim.flag('light', i, 'active')) continue;
    lights.push({
      kind: sim.model('light_type')[i] === DIRECTIONAL ? 'directional' : 'spot',
      position: sim.data('light_xpos').slice(3 * i, 3 * i + 3),
      direction: sim.data('light_xdir').slice(3 * i, 3 * i + 3),
      cutoff: sim.model('light_cutoff')[i]!,
      exponent: sim.model('light_exponent')[i]!,
      ambient: mean(sim.model('light_ambient'), i),
      diffuse: mean(sim.model('light_diffuse'), i),
      specular: mean(sim.model('light_specular'), i),
    });
  }
  return lights;
}
