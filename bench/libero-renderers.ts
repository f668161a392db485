/**
 * @file What LIBERO's two pictures (256²) cost by each renderer, in turns, so that other load falls on all alike: milliseconds until both are
 * there, and milliseconds of processor time, with median and quartiles over rounds.
 *
 *     node dist/bench/libero-renderers.js [--suite libero_goal] [--task turn_on_the_stove] [--rounds 30]
 *
 * The files: VLAKIT_LIBERO, or the pack under shared/. WebGPU takes the first adapter; VK_ICD_FILENAMES chooses the Vulkan driver, also one in software.
 */

import process from 'node:process';
import { parseArgs } from 'node:util';
import { createLibero } from '../src/simulation/libero/libero.ts';
import { LIBERO_RENDERERS } from '../src/simulation/libero/renderers.ts';
import { openDevice } from '../src/simulation/rendering/classic/webgpu/device.ts';
import { liberoFiles, noLibero } from '../tests/libero-golden.ts';
import { psnr } from '../tests/pictures.ts';
import { spread } from './spread.ts';

/** Milliseconds of both pictures on one core that LIBERO should reach. */
const GOAL_MS = 30;

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'libero_goal' },
    task: { type: 'string', default: 'turn_on_the_stove' },
    rounds: { type: 'string', default: '30' },
  },
});
const rounds = Number(values.rounds);

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

if (noLibero !== false) {
  console.log(`skipped: ${noLibero}`);
} else {
  const { name, close } = await openDevice();
  close();
  const { suite, task } = values;
  const worlds = await Promise.all(
    LIBERO_RENDERERS.map((renderer) => createLibero({ files: liberoFiles, suite, tasks: [task], renderer })),
  );
  const taken = worlds.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  const qualities: number[] = [];
  for (const world of worlds) await world.reset({ task, seed: 0 });
  // The first rounds warm up.
  for (let round = -3; round < rounds; round++) {
    const action = worlds[0]!.expert();
    const seen = [];
    for (const [i, world] of worlds.entries()) {
      await world.step(action);
      const [wall, cpu] = [performance.now(), cpuMs()];
      seen.push(await world.observe());
      if (round < 0) continue;
      taken[i]!.wall.push(performance.now() - wall);
      taken[i]!.cpu.push(cpuMs() - cpu);
    }
    for (const [camera, { data }] of Object.entries(seen[0]!.images)) {
      qualities.push(psnr(data, seen[1]!.images[camera]!.data));
    }
  }
  console.log(`${suite}, ${task}, ${rounds} rounds of two pictures, 256²; WebGPU is ${name}:`);
  for (const [i, renderer] of LIBERO_RENDERERS.entries()) {
    const { wall, cpu } = taken[i]!;
    const goal = renderer === 'cpu' ? `; the goal is ${GOAL_MS} ms of processor time` : '';
    console.log(`  ${renderer}: ${spread(wall, 1)} ms, ${spread(cpu, 1)} ms of processor time${goal}`);
  }
  console.log(`  webgpu beside cpu: at least ${Math.min(...qualities).toFixed(1)} dB`);
  for (const world of worlds) await world.close();
}
