/** @file Policies on other people's servers, by the protocol that their address names. To add one: a file with its client, a line here, and its schemes in `remote-policy.ts`. */

import { lookUp } from '../base/errors.ts';
import type { Policy } from '../interfaces/policy.ts';
import { readClientMapping } from './client-mapping.ts';
import { parseAddress, type PolicyClient, type PolicyClientOptions } from './policy-client.ts';

/** A client as the table names it; its file is loaded when it is asked for. */
export interface PolicyClientEntry {
  /** For people: which servers it is for, and an address. */
  readonly summary: string;
  readonly load: () => Promise<PolicyClient>;
}

/** All clients, by the word before `://`. */
export const POLICY_CLIENTS: Readonly<Record<string, PolicyClientEntry>> = {
  starvla: {
    summary: 'starVLA’s policy server: starvla://127.0.0.1:10093',
    load: async () => (await import('./starvla/starvla-client.ts')).starvlaClient,
  },
  'vla-eval': {
    summary: 'model servers of allenai’s vla-evaluation-harness: vla-eval://127.0.0.1:8000',
    load: async () => (await import('./vla-eval/vla-eval-client.ts')).vlaEvalClient,
  },
  gr00t: {
    summary: 'GR00T N1.6 and N1.7: gr00t://127.0.0.1:5555',
    load: async () => (await import('./gr00t/gr00t-client.ts')).gr00tClient,
  },
  dm0: {
    summary: 'dexbotic’s servers (DM0): dm0+http://127.0.0.1:7891',
    load: async () => (await import('./dm0/dm0-client.ts')).dm0Client,
  },
};

/** A policy behind an address. Rejects with `bad-argument` for what is no address, `not-found` for a protocol that is none, and as the client does. */
export async function connectPolicy(options: PolicyClientOptions): Promise<Policy> {
  const address = parseAddress(options.address);
  const entry = lookUp('policy', address.protocol, POLICY_CLIENTS);
  const named = address.mapping === null ? null : readClientMapping(address.mapping);
  return (await entry.load()).connect({ ...options, mapping: options.mapping ?? named }, address);
}
