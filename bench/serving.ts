/**
 * @file Policy servers over openpi's protocol: round trips of three images of 224² with a policy that takes no time, beside openpi's own
 * server, in rounds that take turns; or many sessions for some minutes, with none lost and the memory of the server over time.
 *
 *     node dist/bench/serving.js [--python PYTHON --server openpi/src/openpi/serving/websocket_policy_server.py]
 *         [--rounds 20] [--requests 200]
 *     node dist/bench/serving.js --sessions 64 --minutes 10 [--policy CHECKPOINT] [--hertz 2]
 *
 * Both servers are asked by the same client, ours. The second form checks that each answer is the right one of its session, unless
 * another policy is named.
 */

import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from '../src/benchmarks/statistics.ts';
import { contractOfMessage } from '../src/serving/contract-message.ts';
import type { OpenpiConnection } from '../src/serving/openpi/openpi-connection.ts';
import { NumericArray } from '../src/base/numeric-array.ts';
import { clientOf, observationOf, ours, stock, type ServingSide } from './serving-sides.ts';
import { spread } from './spread.ts';

const ANSWER_MS = 60_000;
const SEED = 7000;

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    server: { type: 'string' },
    rounds: { type: 'string', default: '20' },
    requests: { type: 'string', default: '200' },
    sessions: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    hertz: { type: 'string', default: '2' },
    policy: { type: 'string' },
  },
});

if (values.sessions === undefined) await roundTrips();
else await manySessions(Number(values.sessions), Number(values.minutes), Number(values.hertz), values.policy ?? null);

/** Milliseconds of one question and its answer. */
async function timed(client: OpenpiConnection, k: number): Promise<number> {
  const observation = observationOf(k);
  const begun = performance.now();
  const { actions } = await client.ask(observation, ANSWER_MS);
  const ms = performance.now() - begun;
  const [, , state, last] = (actions as NumericArray).toFloats();
  const seen = [0, 1, 2].reduce((sum, camera) => sum + ((k + camera) % 80), 0);
  if (state !== k || last !== seen) throw new Error(`a wrong answer: ${state}, ${last}`);
  return ms;
}

async function roundTrips(): Promise<void> {
  const sides: ServingSide[] = [await ours(null, 8)];
  if (values.python !== undefined && values.server !== undefined) sides.push(await stock(values.python, values.server));
  try {
    const clients = await Promise.all(sides.map(clientOf));
    const rounds: number[][][] = sides.map(() => []);
    // The first round warms up.
    for (let round = 0; round <= Number(values.rounds); round++) {
      const order = round % 2 === 0 ? [...sides.keys()] : [...sides.keys()].reverse();
      for (const side of order) {
        const ms: number[] = [];
        for (let k = 0; k < Number(values.requests); k++) ms.push(await timed(clients[side]!, k));
        if (round > 0) rounds[side]!.push(ms);
      }
    }
    for (const client of clients) client.close();
    for (const share of [0.5, 0.99]) {
      const each = rounds.map((side) => side.map((ms) => percentile(ms, share)));
      const name = `p${share * 100}`;
      for (const [i, { name: server }] of sides.entries())
        console.log(`${name} of ${server}: ms ${spread(each[i]!, 3)}`);
      if (each.length === 2) {
        const ratios = each[0]!.map((ms, round) => ms / each[1]![round]!);
        console.log(`${name}, vlakit ÷ openpi, round by round: ${spread(ratios, 3)}`);
      }
    }
  } finally {
    for (const side of sides) side.end();
  }
}

async function manySessions(count: number, minutes: number, hertz: number, policy: string | null): Promise<void> {
  const server = await ours(policy, count);
  const ms: number[] = [];
  let [lost, wrong] = [0, 0];
  const until = performance.now() + minutes * 60_000;
  const memory: number[] = [];
  try {
    const clients = await Promise.all(Array.from({ length: count }, () => clientOf(server)));
    const { embodiment } = contractOfMessage(clients[0]!.metadata['vlakit'], server.address);
    const state = NumericArray.ofFloats(new Float32Array(embodiment.state.names.length), [
      embodiment.state.names.length,
    ]);
    const seen = Object.fromEntries(
      embodiment.cameras.map(({ name, width, height }) => [
        `observation/images/${name}`,
        NumericArray.ofBytes(new Uint8Array(width * height * 3).fill(100), [height, width, 3]),
      ]),
    );
    const play = async (client: OpenpiConnection, i: number): Promise<void> => {
      for (let call = 0; performance.now() < until; call++) {
        const begun = performance.now();
        const extension = call === 0 ? { vlakit: { episode: SEED + i } } : {};
        try {
          const message = { ...seen, 'observation/state': state, prompt: 'go', ...extension };
          const answer = await client.ask(message, ANSWER_MS);
          const [seed, counted] = (answer['actions'] as NumericArray).toFloats();
          if (policy === null && (seed !== SEED + i || counted !== call)) wrong++;
          ms.push(performance.now() - begun);
        } catch (error) {
          lost++;
          console.error(`session ${i}: ${(error as Error).message}`);
          if (client.lost !== null) return;
        }
        await sleep(Math.max(0, 1000 / hertz - (performance.now() - begun)));
      }
    };
    const playing = Promise.all(clients.map(play)).then(() => true);
    const pause = Math.max(2000, (minutes * 60_000) / 20);
    while (!(await Promise.race([playing, sleep(pause).then(() => false)]))) {
      memory.push(server.rss());
      console.log(`${memory.length}: ${ms.length} requests, server holds ${memory.at(-1)!.toFixed(1)} MiB`);
    }
    for (const client of clients) client.close();
  } finally {
    server.end();
  }
  const third = Math.ceil(memory.length / 3);
  const [early, late] = [memory.slice(third, 2 * third), memory.slice(-third)].map((part) => percentile(part, 0.5));
  console.log(`${count} sessions: ${ms.length} answers, ${lost} requests lost, ${wrong} wrong`);
  console.log(`ms: p50 ${percentile(ms, 0.5).toFixed(2)}, p99 ${percentile(ms, 0.99).toFixed(2)}`);
  console.log(`memory, median of the middle third and of the last: ${early!.toFixed(1)} and ${late!.toFixed(1)} MiB`);
  if (lost + wrong > 0) process.exitCode = 1;
}
