/** @file What is checked inside a browser; the same functions run in Node, and both must give the same numbers. */

import { Random } from '../../src/base/random.ts';
import { f32 } from '../../src/base/tensor.ts';
import { createTextTokenizer } from '../../src/codec/text-tokens/text-tokenizer.ts';
import { createSession, gradient, input, linear, mul, output, reduceMean, reshape } from '../../src/engine/index.ts';
import { slice, sub, tanh, trace, type Runtime } from '../../src/engine/index.ts';
import { opErrors } from '../../src/engine/ops/case-graphs.ts';
import { webGpuMissing } from '../../src/engine/runtimes/webgpu-driver.ts';
import { openWebSerial } from '../../src/drivers/serial/web-serial.ts';
import { SIMULATED_CALIBRATION, simulatedArm } from '../../src/drivers/so-101/simulated-arm.ts';
import { createSo101 } from '../../src/drivers/so-101/so-101.ts';
import { fetchPolicy } from '../../src/models/fetch-policy.ts';
import { createTabletop } from '../../src/simulation/tabletop/index.ts';
import { replayCodec } from '../codec-replay.ts';
import { webSerialDevice } from '../web-serial-device.ts';
import { draw } from './draw.ts';

/** What a learner with resident state did, and how it answered to a wrong feed. */
interface Learned {
  readonly losses: number[];
  readonly state: number[];
  readonly refusal: string;
}

/** Twelve steps of gradient descent whose parameters stay in the session; after six they are read, changed and put back. */
async function learn(runtime: Runtime): Promise<Learned> {
  const graph = trace(() => {
    const flat = input('flat', 'f32', [8]);
    const [w, b] = [reshape(slice(flat, 0, 0, 6), [2, 3]), slice(flat, 0, 6, 8)];
    const error = sub(tanh(linear(input('x', 'f32', [4, 3]), w, b)), input('y', 'f32', [4, 2]));
    const loss = reduceMean(mul(error, error));
    output('loss', loss);
    output('flat.next', sub(flat, mul(gradient(loss, [flat])[0]!, 0.5)));
  });
  const session = await createSession(graph, {
    runtime,
    state: { flat: 'flat.next' },
    initialState: { flat: f32([0.1, -0.2, 0.3, 0.2, 0.1, -0.1, 0, 0]) },
  });
  const feeds = {
    x: f32([1, 0.5, -1, 0.3, -0.2, 0.9, -0.7, 0.1, 0.4, 0.2, 0.8, -0.6], [4, 3]),
    y: f32([0.5, -0.5, 0.2, 0.1, -0.3, 0.4, 0.6, -0.1], [4, 2]),
  };
  const losses: number[] = [];
  for (let step = 0; step < 12; step++) {
    losses.push(Number((await session.run(feeds))['loss']!.data[0]));
    if (step !== 6) continue;
    const kept = await session.readState();
    await session.writeState({ flat: f32(new Float32Array(8)) });
    await session.run(feeds);
    await session.writeState(kept);
  }
  const { flat } = await session.readState();
  const refusal = await session.run({ ...feeds, x: f32([1, 2]) }).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
  await session.close();
  return { losses, state: [...(flat!.data as Float32Array)], refusal };
}

/** The texts whose ids differ from those of the Python tokenizers. */
function tokens(cases: readonly [string, number[]][], tokenizerJson: unknown, configJson: unknown): string[] {
  const tokenizer = createTextTokenizer(tokenizerJson, configJson, 'tokenizer.json');
  return cases.filter(([text, ids]) => tokenizer.encode(text).join() !== ids.join()).map(([text]) => text);
}

/** What a policy saw and answered in the first inferences of an episode. */
interface Acted {
  /** Of each observation: a hash of all bytes of its images. */
  readonly images: string[];
  /** All actions of all chunks. */
  readonly actions: number[];
}

/** Three inferences in each of two tasks on what the tabletop shows; between them the expert acts, so that rounding changes no picture. */
async function act(runtime: Runtime, url: string): Promise<Acted> {
  const [world, policy] = [await createTabletop(), await fetchPolicy(url, { runtime, threads: 1 })];
  const acted: Acted = { images: [], actions: [] };
  for (const [task, seed] of [
    ['lift', 1_000_000_003],
    ['push', 1_000_000_004],
  ] as const) {
    await world.reset({ task, seed });
    await policy.reset({ seed });
    for (let inference = 0; inference < 3; inference++) {
      const observation = await world.observe();
      for (const { data } of Object.values(observation.images)) acted.images.push(await sha256(data));
      acted.actions.push(...(await policy.infer(observation)).data);
      for (let tick = 0; tick < 4; tick++) await world.step(world.expert());
    }
  }
  await Promise.all([world.close(), policy.close()]);
  return acted;
}

/** The chunk of a policy on images of noise. */
async function answer(runtime: Runtime, url: string): Promise<number[]> {
  const policy = await fetchPolicy(url, { runtime, threads: 1 });
  const { cameras, state } = policy.embodiment;
  const random = new Random(5);
  const images = cameras.map(({ name, width, height }) => {
    const data = new Uint8Array(3 * width * height).map(() => random.integer(256));
    return [name, { width, height, data }] as const;
  });
  await policy.reset({ seed: 1 });
  const chunk = await policy.infer({
    images: Object.fromEntries(images),
    state: Float32Array.from(state.names, () => 0.02),
    instruction: 'lift the red block',
  });
  await policy.close();
  return [...chunk.data];
}

/** The error of a policy that is not there. */
function refusal(url: string): Promise<string> {
  return fetchPolicy(url, { runtime: 'cpu' }).then(
    () => 'opened',
    (error: Error) => error.message,
  );
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Drives an SO-101 of simulated servos over Web Serial: where its joints are in the end, in ticks of their servos. */
async function driveArm(action: readonly number[]): Promise<number[]> {
  const servos = simulatedArm();
  const robot = createSo101({
    calibration: SIMULATED_CALIBRATION,
    openPort: () => openWebSerial(webSerialDevice(servos)),
    bus: { timeoutMs: 5000 },
  });
  let arrived: () => void = () => undefined;
  const there = new Promise<void>((resolve) => (arrived = resolve));
  await robot.connect(({ value }) => {
    if (action.every((wanted, i) => Math.abs(wanted - (value as Float32Array)[i]!) < 0.2)) arrived();
  });
  await robot.actuate(Float32Array.from(action));
  await there;
  await robot.close();
  return servos.servos.map((servo) => servo.get('goalPosition'));
}

/** All checks; arguments and results are plain data. */
export const CHECKS = { webGpuMissing, opErrors, learn, replayCodec, tokens, act, answer, refusal, driveArm, draw };
