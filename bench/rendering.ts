/**
 * @file The rasteriser alone: milliseconds for both images, at 128² and 256², of the tabletop and of a LIBERO scene, beside what the
 * experiments measured on which it is built. Sizes take turns; median and quartiles.
 *
 *     node dist/bench/rendering.js [rounds = 10]
 */

import process from 'node:process';
import { loadMujoco } from '../src/simulation/mujoco/module.ts';
import { cameraOf } from '../src/simulation/rendering/camera.ts';
import { lightsOf } from '../src/simulation/rendering/lights.ts';
import { Rasteriser } from '../src/simulation/rendering/rasteriser.ts';
import { extractScene } from '../src/simulation/rendering/scene.ts';
import { createTabletop } from '../src/simulation/tabletop/index.ts';
import { LIBERO_CAMERAS, LIBERO_GROUPS, liberoScene } from '../tests/libero-scene.ts';
import { skipReason } from '../tests/shared-data.ts';
import { spread } from './spread.ts';

const SIZES = [128, 256] as const;
type SideMs = Readonly<Record<(typeof SIZES)[number], number>>;

/** Measured on one core of an AMD EPYC (Zen 4): an arm of primitives over four things, 7 400 triangles, plain lighting. */
const PRIMITIVE_SCENE_MS: SideMs = { 128: 3.7, 256: 10.9 };
/** The same machine: the LIBERO task below with all its 216 000 triangles and MuJoCo's lighting. */
const LIBERO_MS: SideMs = { 128: 133, 256: 152 };
const LIBERO_TASK = 'pick_up_the_black_bowl_between_the_plate_and_the_ramekin_and_place_it_on_the_plate';

const rounds = Number(process.argv[2] ?? 10);

function report(what: string, times: Readonly<Record<number, readonly number[]>>, experiment: SideMs): void {
  for (const size of SIZES) {
    console.log(`${what}, 2 × ${size}²: ms ${spread(times[size]!, 1)}; the experiments: ${experiment[size]}`);
  }
}

const empty = (): Record<number, number[]> => Object.fromEntries(SIZES.map((size) => [size, []]));

const tabletops = await Promise.all(SIZES.map((imageSize) => createTabletop({ imageSize })));
const tabletopMs = empty();
// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const task of tabletops[0]!.tasks) {
    for (const [i, size] of SIZES.entries()) {
      await tabletops[i]!.reset({ task, seed: round });
      const start = performance.now();
      await tabletops[i]!.observe();
      if (round > 0) tabletopMs[size]!.push(performance.now() - start);
    }
  }
}
for (const tabletop of tabletops) await tabletop.close();
report('tabletop', tabletopMs, PRIMITIVE_SCENE_MS);

const missing = skipReason('libero');
if (missing !== false) console.log(`LIBERO: skipped, ${missing}`);
else {
  const sim = liberoScene(await loadMujoco(), LIBERO_TASK);
  const scene = extractScene(sim, LIBERO_GROUPS);
  const triangles = scene.drawables.reduce((sum, { geometry }) => sum + geometry.indices.length / 3, 0);
  const rasterisers = SIZES.map(
    (size) => new Rasteriser({ width: size, height: size, samplesPerSide: 2, background: [0, 0, 0] }),
  );
  const liberoMs = empty();
  for (let round = 0; round <= rounds; round++) {
    for (const [i, size] of SIZES.entries()) {
      const start = performance.now();
      for (const name of LIBERO_CAMERAS) {
        const camera = cameraOf(sim, sim.id('camera', name));
        rasterisers[i]!.render(scene, sim.data('geom_xpos'), sim.data('geom_xmat'), camera, lightsOf(sim));
      }
      if (round > 0) liberoMs[size]!.push(performance.now() - start);
    }
  }
  sim.close();
  report(`LIBERO (${triangles} triangles)`, liberoMs, LIBERO_MS);
}
