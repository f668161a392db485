/**
 * @file The rasterisers alone: milliseconds for both images, at 128² and 256², of the tabletop (plain renderer) and of LIBERO scenes
 * (MuJoCo's classic renderer: full, and with reduced meshes), with their likeness to MuJoCo's own pictures, beside what the experiments
 * measured on which they are built. Sizes take turns; median and quartiles. Processor time counts on a machine that others use, too.
 *
 *     node dist/bench/rendering.js [rounds = 10]
 */

import process from 'node:process';
import { loadMujoco } from '../src/simulation/mujoco/module.ts';
import type { MujocoModule } from '../src/simulation/mujoco/module.ts';
import { cameraOf } from '../src/simulation/rendering/camera.ts';
import { classicLights } from '../src/simulation/rendering/classic/lights.ts';
import { posesOf } from '../src/simulation/rendering/classic/poses.ts';
import { reduceScene } from '../src/simulation/rendering/classic/reduce.ts';
import { ClassicRenderer } from '../src/simulation/rendering/classic/renderer.ts';
import { decodeScene, encodeScene } from '../src/simulation/rendering/classic/scene-file.ts';
import { classicScene } from '../src/simulation/rendering/classic/scene.ts';
import { createTabletop } from '../src/simulation/tabletop/index.ts';
import { LIBERO_CAMERAS, LIBERO_GROUPS, liberoPicture, liberoScene, liberoShots } from '../tests/libero-scene.ts';
import { psnr, readPng } from '../tests/pictures.ts';
import { skipReason } from '../tests/shared-data.ts';
import { spread } from './spread.ts';

const SIZES = [128, 256] as const;
type SideMs = Readonly<Record<(typeof SIZES)[number], number>>;

/** Measured on one core of an AMD EPYC (Zen 4): an arm of primitives over four things, 7 400 triangles, plain lighting. */
const PRIMITIVE_SCENE_MS: SideMs = { 128: 3.7, 256: 10.9 };
/** The same machine: a LIBERO task with all its 216 000 triangles and MuJoCo's lighting, and with 10 % of its mesh triangles. */
const LIBERO_MS: SideMs = { 128: 133, 256: 152 };
const REDUCED_MS: SideMs = { 128: 18, 256: 33 };

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
  const mujoco = await loadMujoco();
  for (const task of liberoShots()) await liberoTask(mujoco, task);
}

/** One LIBERO task: the full scene and the one with reduced meshes as it comes out of a file, each size in turn. */
async function liberoTask(mujoco: MujocoModule, task: string): Promise<void> {
  const sim = liberoScene(mujoco, task);
  const full = classicScene(sim, { geomGroups: LIBERO_GROUPS });
  const start = performance.now();
  const bytes = encodeScene(reduceScene(full));
  const reduceMs = performance.now() - start;
  const scenes = { full, reduced: decodeScene(bytes) };
  console.log(`${task}: reduced in ${reduceMs.toFixed(0)} ms, ${(bytes.length / 1e6).toFixed(1)} MB`);
  for (const [name, scene] of Object.entries(scenes)) {
    const renderers = SIZES.map((size) => new ClassicRenderer({ width: size, height: size }));
    const [wallMs, cpuMs] = [empty(), empty()];
    const decibels: string[] = [];
    for (let round = 0; round <= rounds; round++) {
      for (const [i, size] of SIZES.entries()) {
        const before = performance.now();
        const cpu = process.cpuUsage();
        for (const camera of LIBERO_CAMERAS) {
          const view = cameraOf(sim, sim.id('camera', camera));
          const { data } = renderers[i]!.render(scene, posesOf(sim), view, classicLights(sim));
          if (round > 0 || size !== 256) continue;
          decibels.push(`${camera} ${psnr(data, await readPng(liberoPicture(task, camera))).toFixed(1)} dB`);
        }
        if (round === 0) continue;
        wallMs[size]!.push(performance.now() - before);
        cpuMs[size]!.push(process.cpuUsage(cpu).user / 1000);
      }
    }
    const triangles = scene.drawables.reduce((sum, { geometry }) => sum + geometry.indices.length / 3, 0);
    console.log(`  ${name}, ${triangles} triangles; of MuJoCo's own pictures: ${decibels.join(', ')}`);
    for (const size of SIZES) {
      const experiment = name === 'full' ? LIBERO_MS : REDUCED_MS;
      const spreads = `ms ${spread(wallMs[size]!, 1)}, of the processor ${spread(cpuMs[size]!, 1)}`;
      console.log(`    2 × ${size}²: ${spreads}; the experiments: ${experiment[size]}`);
    }
  }
  sim.close();
}
