/** @file The lights of MuJoCo's classic renderer, in colour: head light, directional lights and spots. */

import type { Sim } from '../../mujoco/sim.ts';

/** Red, green, blue; 1 is full strength. */
export type Rgb = readonly [number, number, number];

/** One light where it is now. */
export interface ClassicLight {
  readonly kind: 'head' | 'directional' | 'spot';
  /** World position and direction; the head light sits in the camera and has none. */
  readonly position: Rgb;
  readonly direction: Rgb;
  /** Degrees from the axis; beyond it a spot gives nothing. */
  readonly cutoff: number;
  /** A spot is weaker away from its axis: cosine to this power. */
  readonly exponent: number;
  /** A spot's strength at distance d is 1 / (a + b d + c d²). */
  readonly attenuation: readonly [number, number, number];
  readonly ambient: Rgb;
  readonly diffuse: Rgb;
  readonly specular: Rgb;
}

/** mjtLightType. */
const [SPOT, DIRECTIONAL] = [0, 1];
/** OpenGL has eight lights, and MuJoCo fills them in turn (the renderer's limit, mjMAXLIGHT, is larger). */
const MOST_LIGHTS = 8;

/** The head light (when on) and the model's lights that are on; points and images give no light here, as in MuJoCo. */
export function classicLights(sim: Sim): ClassicLight[] {
  const lights: ClassicLight[] = [];
  const { headlight } = sim.visual();
  const plain = { cutoff: 180, exponent: 0, attenuation: [1, 0, 0] as const };
  if (headlight !== null) {
    lights.push({ kind: 'head', position: [0, 0, 0], direction: [0, 0, 0], ...plain, ...headlight });
  }
  const count = sim.count('nlight');
  if (count === 0) return lights;
  const three = (values: ArrayLike<number>, i: number): Rgb => [values[3 * i]!, values[3 * i + 1]!, values[3 * i + 2]!];
  for (let i = 0; i < count; i++) {
    const type = sim.model('light_type')[i]!;
    if ((type !== SPOT && type !== DIRECTIONAL) || !sim.flag('light', i, 'active')) continue;
    const spot = {
      cutoff: sim.model('light_cutoff')[i]!,
      exponent: sim.model('light_exponent')[i]!,
      attenuation: three(sim.model('light_attenuation'), i),
    };
    lights.push({
      kind: type === SPOT ? 'spot' : 'directional',
      position: three(sim.data('light_xpos'), i),
      direction: three(sim.data('light_xdir'), i),
      ...(type === SPOT ? spot : plain),
      ambient: three(sim.model('light_ambient'), i),
      diffuse: three(sim.model('light_diffuse'), i),
      specular: three(sim.model('light_specular'), i),
    });
  }
  return lights.slice(0, MOST_LIGHTS);
}
