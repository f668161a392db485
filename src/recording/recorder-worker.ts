/** @file The thread of a recorder: opens the sinks, feeds them in order, lets one that fails go and keeps the others. */

import { parentPort, workerData } from 'node:worker_threads';
import { VlaError, invariant } from '../base/errors.ts';
import { toPlainError } from '../base/plain-error.ts';
import type { LoopSink, OpenSink } from '../interfaces/loop-listener.ts';
import type { FromRecorder, RecorderSetup, SinkCall, Told, ToRecorder } from './recorder-messages.ts';

invariant(parentPort !== null, 'the recorder’s worker runs outside a worker thread');
const port = parentPort;
const { sinks: calls, session } = workerData as RecorderSetup;
/** What is open, by name. */
const sinks = new Map<string, LoopSink>();

function say(message: FromRecorder): void {
  port.postMessage(message);
}

async function openSink({ module, name, options }: SinkCall): Promise<LoopSink> {
  const { openSink: open } = (await import(module)) as { openSink?: OpenSink<unknown> };
  if (typeof open !== 'function') {
    throw new VlaError('bad-argument', `${name}: expected an exported function openSink, got ${typeof open}.`);
  }
  return open(options, session);
}

/** Does `work` with every sink; one that fails is closed and not asked again. */
async function withEach(work: (sink: LoopSink) => void | Promise<void>): Promise<void> {
  for (const [name, sink] of sinks) {
    try {
      await work(sink);
    } catch (error) {
      sinks.delete(name);
      say({ kind: 'problem', sink: name, error: toPlainError(error) });
      // Its own failure is known; what closing says beside it is of no use.
      await sink.close().catch(() => {});
    }
  }
}

function pass(sink: LoopSink, told: Told): void | Promise<void> {
  switch (told.kind) {
    case 'episode':
      return sink.episode(told.value);
    case 'tick':
      return sink.tick(told.value);
    case 'inference':
      return sink.inference(told.value);
    case 'measurement':
      return sink.measurement(told.value);
  }
}

async function follow(message: ToRecorder): Promise<void> {
  if (message.lost > 0) await withEach((sink) => sink.lost(message.lost));
  if (message.kind === 'told') {
    await withEach((sink) => pass(sink, message.told));
    say({ kind: 'done', bytes: message.bytes });
    return;
  }
  for (const [name, sink] of sinks) {
    sinks.delete(name);
    try {
      await sink.close();
    } catch (error) {
      say({ kind: 'problem', sink: name, error: toPlainError(error) });
    }
  }
  say({ kind: 'closed' });
  port.close();
}

try {
  for (const call of calls) sinks.set(call.name, await openSink(call));
  let last: Promise<void> = Promise.resolve();
  port.on('message', (message: ToRecorder) => {
    last = last.then(() => follow(message));
  });
  say({ kind: 'ready', notes: [...sinks.values()].flatMap(({ notes }) => notes) });
} catch (error) {
  await Promise.allSettled([...sinks.values()].map((sink) => sink.close()));
  say({ kind: 'problem', sink: null, error: toPlainError(error) });
}
