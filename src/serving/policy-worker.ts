/** @file The thread that a served policy lives in: opens it, warms it up, and plays one episode per session. */

import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { VlaError, invariant } from '../base/errors.ts';
import { callModule, moduleName } from '../base/user-module.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { MODULE_HINT, checkPolicyParts } from '../interfaces/module-parts.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Policy } from '../interfaces/policy.ts';
import { plainError, type FromThread, type ThreadData, type ThreadQuestion, type ToThread } from './thread-messages.ts';

const { module, options } = workerData as ThreadData;
const port = parentPort!;

/** The policy that holds the weights, players that nobody uses, and those of the sessions. */
let first: Policy | null = null;
const free: Policy[] = [];
const players = new Map<number, Policy>();
const running = new Map<number, AbortController>();
/** What each session still waits for: its questions are answered one after the other, also where an earlier one was given up. */
const lanes = new Map<number, Promise<unknown>>();

const tell = (message: FromThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

async function open(): Promise<Policy> {
  const policy = await callModule<Policy>(module, 'openPolicy', [options], MODULE_HINT);
  checkPolicyParts(policy, `${moduleName(module)}: openPolicy`);
  return policy;
}

async function start(): Promise<void> {
  try {
    first = await open();
    await first.reset({ seed: 0 });
    const chunk = checkedChunk(await first.infer(warmUp(first.embodiment)), first.embodiment);
    free.push(first);
    const { name, embodiment, continues = null, together = 1 } = first;
    tell({ kind: 'warm', contract: { policy: name, embodiment, horizon: chunk.horizon, continues, together } });
  } catch (error) {
    tell({ kind: 'failed', error: plainError(error) });
  }
}

/** Grey pictures and a state of zeros, or the nearest that is within its limits. */
function warmUp({ cameras, state: { names, low, high } }: Embodiment): Observation {
  const images = Object.fromEntries(
    cameras.map(({ name, width, height }) => [
      name,
      { width, height, data: new Uint8Array(width * height * 3).fill(128) },
    ]),
  );
  const zero = (i: number): number => Math.min(Math.max(0, low?.[i] ?? -Infinity), high?.[i] ?? Infinity);
  return { images, state: Float32Array.from(names, (_, i) => zero(i)), instruction: 'warm up', tick: 0 };
}

/** Actions of a policy that may be anybody's: of the robot's size, and finite. */
function checkedChunk(chunk: ActionChunk, { action }: Embodiment): ActionChunk {
  const { horizon, dim, data } = chunk;
  const fits =
    data instanceof Float32Array && horizon > 0 && dim === action.names.length && data.length === horizon * dim;
  if (!fits) {
    throw new VlaError(
      'bad-shape',
      `policy: expected actions of ${action.names.length} float32 numbers, got another chunk.`,
      {
        hint: 'This is an error in the policy.',
      },
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new VlaError(
      'not-finite',
      `policy: expected finite actions, got ${data[bad]} in action ${Math.floor(bad / dim)}.`,
      {
        hint: 'The policy diverged, or the observation is far from what it was trained with.',
      },
    );
  }
  return chunk;
}

async function answer(id: number, question: ThreadQuestion): Promise<ActionChunk | null> {
  const { session } = question;
  if (question.kind === 'begin') {
    const player = players.get(session) ?? first!.another?.() ?? free.pop() ?? (await open());
    players.set(session, player);
    await player.reset({ seed: question.seed });
    return null;
  }
  const player = players.get(session);
  if (question.kind === 'end') {
    players.delete(session);
    if (player !== undefined && first!.another === undefined) free.push(player);
    else await player?.close();
    return null;
  }
  invariant(player !== undefined, 'a session begins before it infers');
  const cancel = new AbortController();
  running.set(id, cancel);
  try {
    const { observation, continuation } = question;
    const chosen = { signal: cancel.signal, ...(continuation === null ? {} : { continuation }) };
    return checkedChunk(await player.infer(observation, chosen), player.embodiment);
  } finally {
    running.delete(id);
  }
}

port.on('message', ({ id, question }: ToThread) => {
  if (question === 'cancel') {
    running.get(id)?.abort(new VlaError('interrupted', 'policy: the request was cancelled.', { hint: 'Ask again.' }));
    return;
  }
  const answered = (lanes.get(question.session) ?? Promise.resolve()).then(() => answer(id, question));
  const settled = answered
    .catch(() => undefined)
    .finally(() => {
      if (lanes.get(question.session) === settled) lanes.delete(question.session);
    });
  lanes.set(question.session, settled);
  answered.then(
    (chunk) => tell({ kind: 'answer', id, chunk }),
    (error: unknown) => tell({ kind: 'error', id, error: plainError(error) }),
  );
});
// A promise that a policy forgot must not end the thread of everybody.
process.on('unhandledRejection', (error) => process.stderr.write(`policy: ${String(error)}\n`));
void start();
