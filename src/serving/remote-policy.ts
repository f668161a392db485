/** @file Servers of others as policies, by their address: what the command line and evaluation workers open. Node only. */

import process from 'node:process';
import { lookUp } from '../base/errors.ts';
import type { ModuleCall } from '../base/user-module.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Policy } from '../interfaces/policy.ts';

/** What every client needs to know. */
export interface RemotePolicyOptions {
  /** Its scheme says the protocol. */
  readonly address: string;
  /** Default: a minute for everything, and three tries. */
  readonly patience?: ServerPatience;
}

/** How long is waited for a server, and what becomes of a lost connection. */
export interface ServerPatience {
  /** At first, and where it went away. */
  readonly connectSeconds: number;
  /** For one answer. */
  readonly answerSeconds: number;
  /** So often one question is asked again over a new connection, by clients that can. */
  readonly retries: number;
  /** An episode is never gone on with over another connection. */
  readonly wholeEpisodes: boolean;
}

/** Opens a server's policy for a robot. */
export type OpenRemotePolicy = (
  address: string,
  robot: Embodiment,
  token: string | null,
  patience: ServerPatience,
) => Promise<Policy>;

const PATIENCE: ServerPatience = { connectSeconds: 60, answerSeconds: 60, retries: 3, wholeEpisodes: false };

const openpi: OpenRemotePolicy = async (address, robot, token, patience) => {
  const { openOpenpiPolicy } = await import('./openpi/openpi-client.ts');
  return openOpenpiPolicy({
    address,
    token,
    robot,
    ...patience,
    onEvent: (line) => process.stderr.write(`${line}\n`),
  });
};

/** Those whose address names the protocol, and perhaps a mapping file. */
const named: OpenRemotePolicy = async (address, robot, token, patience) => {
  const { connectPolicy } = await import('./policy-clients.ts');
  return connectPolicy({
    address,
    token,
    robot,
    mapping: null,
    connectSeconds: patience.connectSeconds,
    answerSeconds: patience.answerSeconds,
  });
};

/** Clients by the scheme of their address. To add one: its file, and a line here. */
const CLIENTS: Readonly<Record<string, OpenRemotePolicy>> = {
  ws: openpi,
  wss: openpi,
  starvla: named,
  'starvla+ws': named,
  'starvla+wss': named,
  'vla-eval': named,
  'vla-eval+ws': named,
  'vla-eval+wss': named,
  gr00t: named,
  dm0: named,
  'dm0+http': named,
  'dm0+https': named,
};

const schemeOf = (word: string): string | null => /^([a-z][a-z0-9+-]*):\/\//.exec(word)?.[1] ?? null;

/** Whether a word is the address of a server that there is a client for. */
export function isRemoteWord(word: string): boolean {
  const scheme = schemeOf(word);
  return scheme !== null && Object.hasOwn(CLIENTS, scheme);
}

/** Names this module for evaluation workers. */
export function remotePolicy(address: string, patience?: ServerPatience): ModuleCall {
  const options: RemotePolicyOptions = patience === undefined ? { address } : { address, patience };
  return { module: workerUrl(import.meta.url, './remote-policy').href, options };
}

/** Connects for the robot of an environment. The environment variable VLAKIT_TOKEN holds the server's token, where it has one. */
export async function openPolicy(
  { address, patience = PATIENCE }: RemotePolicyOptions,
  { embodiment }: { readonly embodiment: Embodiment },
): Promise<Policy> {
  const token = process.env['VLAKIT_TOKEN'];
  const open = lookUp('policy server', schemeOf(address) ?? '', CLIENTS);
  return open(address, embodiment, token === undefined || token === '' ? null : token, patience);
}
