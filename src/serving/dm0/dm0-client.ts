/** @file A policy on a server of dexbotic's (DM0 and its kin): a form per observation, images as PNG in the order of the robot's cameras. Node only. */

import { VlaError } from '../../base/errors.ts';
import { encodePng } from '../../base/png.ts';
import { checkObservation } from '../../interfaces/check-observation.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { Policy } from '../../interfaces/policy.ts';
import { bearer } from '../access.ts';
import { cameraOrder, promptOf, type ClientMapping } from '../client-mapping.ts';
import {
  cannotContinue,
  checkedChunk,
  transportOf,
  untilConnected,
  type PolicyAddress,
  type PolicyClient,
  type PolicyClientOptions,
} from '../policy-client.ts';
import { DM0_PATH, dm0Chunk } from './dm0-messages.ts';

/** The client; docs/guides/protocols.md describes it. */
export const dm0Client: PolicyClient = { connect };

/** Bytes of one answer. */
const LONGEST_ANSWER = 16 * 2 ** 20;

async function connect(options: PolicyClientOptions, address: PolicyAddress): Promise<Policy> {
  const { robot, mapping, token, answerSeconds } = options;
  const where = `${transportOf(address, ['http', 'https'])}://${address.place}`;
  const order = cameraOrder(robot, mapping);
  const headers: Record<string, string> = token === null ? {} : { authorization: bearer(token) };
  // dexbotic's server has no page that says it is there; any answer does.
  await untilConnected(options.connectSeconds, (ms) => ask(where, { headers }, ms, where));
  let first = true;
  return {
    name: options.address,
    embodiment: robot,
    reset() {
      first = true;
    },
    async infer(observation, { signal, continuation } = {}) {
      if (continuation !== undefined) throw cannotContinue(where);
      checkObservation(where, robot, observation, 'exact');
      const body = formOf(observation, order, mapping, first);
      const init = { method: 'POST', headers, body, ...(signal === undefined ? {} : { signal }) };
      const { status, text } = await ask(where + DM0_PATH, init, answerSeconds * 1000, where);
      if (status !== 200) throw refused(status, text, where);
      first = false;
      return checkedChunk(dm0Chunk(text, robot.action.names.length, where), robot, where);
    },
    close: () => Promise.resolve(),
  };
}

function refused(status: number, text: string, where: string): VlaError {
  if (status === 401 || status === 403) {
    return new VlaError('bad-argument', `${where}: expected the server’s token, got another or none.`, {
      hint: 'Set VLAKIT_TOKEN to what the server has.',
    });
  }
  const said = text
    .replaceAll(/<[^>]*>/g, ' ')
    .trim()
    .slice(0, 300);
  return new VlaError('unsupported', `${where}: the server failed with status ${status}: ${said}`, {
    hint: 'The server’s log says more.',
  });
}

function formOf(
  observation: Observation,
  order: readonly string[],
  mapping: ClientMapping | null,
  first: boolean,
): FormData {
  const form = new FormData();
  form.append('text', promptOf(observation.instruction, mapping));
  if (mapping?.state === undefined || Object.keys(mapping.state).length > 0) {
    form.append('states', JSON.stringify([...observation.state]));
  }
  form.append('episode_first_frame', first ? 'True' : 'False');
  for (const name of order) {
    const png = encodePng(observation.images[name]!);
    form.append('image', new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' }), `${name}.png`);
  }
  return form;
}

/** One exchange; rejects with `io`, or `interrupted` by the signal of `init`. */
async function ask(
  url: string,
  init: RequestInit,
  ms: number,
  where: string,
): Promise<{ status: number; text: string }> {
  const late = AbortSignal.timeout(Math.ceil(ms));
  const signal = init.signal == null ? late : AbortSignal.any([late, init.signal]);
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal });
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      length += piece.length;
      if (length > LONGEST_ANSWER) throw new Error(`expected at most ${LONGEST_ANSWER} bytes, got more`);
      pieces.push(piece);
    }
    return { status: response.status, text: Buffer.concat(pieces).toString('utf8') };
  } catch (cause) {
    if (init.signal?.aborted === true) {
      throw new VlaError('interrupted', `${where}: the question was taken back.`, { cause });
    }
    const deeper = (cause as Error).cause;
    const why = late.aborted ? `no answer within ${Math.round(ms)} ms` : ((deeper ?? cause) as Error).message;
    throw new VlaError('io', `${where}: ${why}.`, { cause, hint: 'Check that the server runs there.' });
  }
}
