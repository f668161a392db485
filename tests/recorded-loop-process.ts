/** @file Records the made-up loop in a process of its own, to be killed or starved: `node recorded-loop-process.js FILE TICKS`. */

import { setImmediate as turn } from 'node:timers/promises';
import { mcapSink } from '../src/recording/sinks.ts';
import { startRecorder } from '../src/recording/recorder.ts';
import { RECORDED_SESSION, tickAt } from './recorded-loop.ts';

const [file, ticks] = process.argv.slice(2);
const recorder = await startRecorder({
  session: RECORDED_SESSION,
  sinks: [mcapSink({ file: file!, existing: 'replace', images: 'raw', chunkBytes: 8192 })],
  mostWaiting: 40,
  onProblem: ({ sink, error }) => process.stdout.write(`problem ${sink}: ${error.message}\n`),
});
recorder.episode({ index: 0, seed: 1 });
for (let tick = 0; tick < Number(ticks); tick++) {
  recorder.tick(tickAt(0, tick));
  process.stdout.write(`tick ${tick}\n`);
  // At most 20 ticks wait, so that the test knows how many were written.
  await recorder.settled();
  await turn();
}
const { told, lost, problems } = await recorder.close();
process.stdout.write(`closed ${JSON.stringify({ told, lost, problems: problems.length })}\n`);
