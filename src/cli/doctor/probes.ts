/** @file What `vlakit doctor` really tries, one small piece of real work each. Run in a child process: native code may crash. */

import { f32 } from '../../base/tensor.ts';
import { encodeWebp } from '../../benchmarks/rollout.ts';
import { videoLibrary } from '../../data/video/library.ts';
import { createSession, input, matmul, output, trace, type Runtime } from '../../engine/index.ts';
import { listSerialDevices } from '../../drivers/serial/node-serial.ts';
import { createTabletop } from '../../simulation/tabletop/index.ts';

/** Does its work and says in a few words what it found; rejects when it cannot. */
export type Probe = () => Promise<string>;

/** Square matrices of this size are multiplied for the speed. */
const SIZE = 1024;
const SECONDS = 0.8;

/** By name; the names go to the child process as an argument. */
export const PROBES: Readonly<Record<string, Probe>> = {
  cpu: () => tinyGraph('cpu'),
  webgpu: () => tinyGraph('webgpu'),
  speed: matmulSpeed,
  simulation,
  films,
  video,
  serial,
};

async function serial(): Promise<string> {
  return `found ${(await listSerialDevices()).length} serial devices`;
}

/** The product of two 2 × 2 matrices, checked. */
async function tinyGraph(runtime: Runtime): Promise<string> {
  const session = await createSession(product(2), { runtime });
  try {
    const { c } = await session.run({ a: f32([1, 2, 3, 4], [2, 2]), b: f32([5, 6, 7, 8], [2, 2]) });
    const got = [...(c!.data as Float32Array)].join(', ');
    if (got !== '19, 22, 43, 50') throw new Error(`expected 19, 22, 43, 50 from a small matrix product, got ${got}`);
    return 'ran a small graph';
  } finally {
    await session.close();
  }
}

async function matmulSpeed(): Promise<string> {
  const session = await createSession(product(SIZE), { runtime: 'cpu' });
  const matrix = f32(
    Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i)),
    [SIZE, SIZE],
  );
  await session.run({ a: matrix, b: matrix });
  const start = performance.now();
  let runs = 0;
  while (performance.now() - start < 1000 * SECONDS) {
    await session.run({ a: matrix, b: matrix });
    runs++;
  }
  const seconds = (performance.now() - start) / 1000;
  await session.close();
  return `${((2 * SIZE ** 3 * runs) / seconds / 1e9).toFixed(0)} GFLOP/s in matrix products`;
}

function product(size: number): ReturnType<typeof trace> {
  return trace(() => output('c', matmul(input('a', 'f32', [size, size]), input('b', 'f32', [size, size]))));
}

/** The expert plays the first ticks of an episode. */
async function simulation(): Promise<string> {
  const environment = await createTabletop({ imageSize: 64 });
  await environment.reset({ task: environment.tasks[0]!, seed: 1 });
  const start = performance.now();
  let ticks = 0;
  let outcome = 'running';
  while (outcome === 'running' && ticks < 30) {
    await environment.observe();
    outcome = await environment.step(environment.expert());
    ticks++;
  }
  const rate = ticks / ((performance.now() - start) / 1000);
  await environment.close();
  return `MuJoCo stepped and rendered the tabletop, ${rate.toFixed(0)} steps/s`;
}

async function films(): Promise<string> {
  const image = { width: 16, height: 16, data: new Uint8Array(768).fill(90) };
  const { length } = await encodeWebp([image, image], 100);
  return `encoded a film of ${length} bytes`;
}

async function video(): Promise<string> {
  const { av, constants } = await videoLibrary('Reading video');
  const ids = { AV1: constants.AV_CODEC_ID_AV1, 'H.264': constants.AV_CODEC_ID_H264 };
  const missing = Object.entries(ids).filter(([, id]) => av.Codec.findDecoder(id) === null);
  if (missing.length > 0) throw new Error(`no decoder for ${missing.map(([name]) => name).join(', ')}`);
  return `decodes ${Object.keys(ids).join(' and ')}`;
}
