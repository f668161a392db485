/** @file Simulates the tabletop and lets a policy act in it: observe, infer a chunk, execute half of it, and again. */

import { VlaError } from 'vlakit/base/errors';
import { actionAt } from 'vlakit/interfaces/action-chunk';
import type { Outcome } from 'vlakit/interfaces/environment';
import type { Policy } from 'vlakit/interfaces/policy';
import { fetchPolicy } from 'vlakit/models/fetch-policy';
import { createTabletop } from 'vlakit/simulation/tabletop';
import type { Order, Report } from './messages.ts';
import { SpeedMeter } from './speed-meter.ts';

/** Evaluation's seeds, which training never sees. */
const FIRST_SEED = 1_000_000_000;

const world = createTabletop();
const speed = new SpeedMeter();
let policy: Policy | null = null;
let seed = 0;
let realTime = true;
/** Stops the policy. */
let stopper = new AbortController();
let lastRun: Promise<void> = Promise.resolve();
let view: MessagePort | null = null;
let viewIsFree = true;
let viewIsBehind = false;

const report = (message: Report): void => self.postMessage(message);

async function carryOut(order: Order): Promise<void> {
  if (order.kind === 'connect') return connect(order.view);
  if (order.kind === 'pace') {
    realTime = order.realTime;
    speed.begin();
    return;
  }
  stopper.abort();
  await lastRun;
  if (order.kind === 'open') return open(order);
  if (order.kind === 'scene') return show(order.task, order.seed);
  if (order.kind === 'ask') return ask(order.sentence);
}

async function open({ url, runtime }: Order & { kind: 'open' }): Promise<void> {
  const start = performance.now();
  await policy?.close();
  policy = null;
  policy = await fetchPolicy(url, { runtime, threads: 1 });
  // The first inference compiles and allocates: it is part of opening, and not of what is measured.
  const { embodiment } = policy;
  const images = embodiment.cameras.map(({ name, width, height }) => [
    name,
    { width, height, data: new Uint8Array(3 * width * height) },
  ]);
  const state = new Float32Array(embodiment.state.names.length);
  await policy.infer({ images: Object.fromEntries(images), state, instruction: '' });
  speed.clear();
  report({ kind: 'opened', name: policy.name, runtime, seconds: (performance.now() - start) / 1000 });
}

async function show(task: string, number: number): Promise<void> {
  const tabletop = await world;
  seed = FIRST_SEED + number;
  await tabletop.reset({ task, seed });
  await draw();
  const { instruction } = await tabletop.observe();
  report({ kind: 'scene', instruction, sentences: tabletop.sentences() });
}

async function ask(sentence: string): Promise<void> {
  const tabletop = await world;
  if (policy === null)
    throw new VlaError('not-found', 'No policy is open.', { hint: 'Choose one that can be loaded.' });
  await policy.reset({ seed });
  report({ kind: 'asked', ...tabletop.ask(sentence) });
  stopper = new AbortController();
  lastRun = act(policy, stopper.signal).catch(complain);
}

/** Until the outcome is known, or an order stops it. */
async function act(player: Policy, signal: AbortSignal): Promise<void> {
  const tabletop = await world;
  const periodMs = 1000 / tabletop.embodiment.controlHz;
  let outcome: Outcome | 'stopped' = 'running';
  let ticks = 0;
  let due = performance.now();
  speed.begin();
  while (!signal.aborted && outcome === 'running') {
    const start = performance.now();
    const chunk = await player.infer(await tabletop.observe());
    speed.inferred(performance.now() - start);
    for (let i = 0; i < Math.ceil(chunk.horizon / 2) && !signal.aborted && outcome === 'running'; i++) {
      outcome = await tabletop.step(actionAt(chunk, i));
      speed.stepped();
      ticks++;
      await draw();
      due = Math.max(due + periodMs, performance.now());
      await (realTime ? until(due) : turn());
    }
    report({ kind: 'acting', seconds: (ticks * periodMs) / 1000, speed: speed.read() });
  }
  report({ kind: 'ended', outcome: outcome === 'running' ? 'stopped' : outcome, seconds: (ticks * periodMs) / 1000 });
}

function connect(line: MessagePort): void {
  view = line;
  line.onmessage = (): void => {
    viewIsFree = true;
    if (viewIsBehind) void draw();
  };
}

/** Shows the world as it is now, or as soon as the last picture is drawn. */
async function draw(): Promise<void> {
  viewIsBehind = !viewIsFree;
  if (!viewIsFree || view === null) return;
  viewIsFree = false;
  view.postMessage((await world).save());
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
}

/** Lets messages in; a timer would wait four milliseconds. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (): void => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function complain(error: unknown): void {
  const { message, hint } = error as { message?: string; hint?: string };
  report({ kind: 'problem', message: message ?? String(error), hint: hint ?? null });
}

let last: Promise<void> = Promise.resolve();
self.onmessage = ({ data }: MessageEvent<Order>): void => {
  last = last.then(() => carryOut(data)).catch(complain);
};
