/** @file `vlakit serve`: a policy for robots and simulators on this machine or another one, by the protocols that others speak. */

import fs from 'node:fs';
import process from 'node:process';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { VlaError, lookUp } from '../base/errors.ts';
import { DEFAULT_SERVICE_LIMITS, startLocalService } from '../serving/local-service.ts';
import { mappingFor, readMappingFile, type MappingFile } from '../serving/observation-mapping.ts';
import type { PolicyService } from '../serving/policy-service.ts';
import type { AdapterOptions, ProtocolAdapter, RunningAdapter } from '../serving/protocol-adapter.ts';
import { PROTOCOLS } from '../serving/protocols.ts';
import { DEFAULT_WIRE_LIMITS } from '../serving/wire/limits.ts';
import { nameList, positiveNumber, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { namedPolicy, samplingOptions, samplingSettings, type SamplingOptions } from './players.ts';
import { sessionOptions, sessionSettings, type SessionFlags } from './session-options.ts';
import { environmentToken } from './reinforcement/open-pool.ts';

interface Options extends SamplingOptions, SessionFlags {
  readonly protocol: string[];
  readonly host: string;
  readonly port?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly mapping?: string;
  readonly sessions: number;
  readonly waiting: number;
  readonly timeout: number;
  readonly idle: number;
  readonly maxMessage: number;
  readonly maxImage: number;
  readonly batch?: number;
  readonly seed: number;
  readonly tracebacks?: true;
  readonly quiet?: true;
}

const MEBIBYTE = 2 ** 20;

/** Adds the options and the action. */
export function define(command: Command): void {
  const protocols = Object.entries(PROTOCOLS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  sessionOptions(
    samplingOptions(
      command
        .argument('[policy]', 'a checkpoint or run folder, or a module (default: the shipped checkpoint)')
        .addOption(
          new Option('--protocol <names>', 'protocols, separated by commas')
            .argParser(nameList)
            .default(['openpi'], 'openpi'),
        )
        .option('--host <address>', 'where to listen; beyond this machine only with VLAKIT_TOKEN', '127.0.0.1')
        .option('--port <n>', 'port of the only protocol; 0 for any that is free (default: the protocol’s own)', port)
        .option('--tls-cert <file>', 'certificate (PEM): clients connect by TLS')
        .option('--tls-key <file>', 'its key (PEM)')
        .option('--mapping <file>', 'JSON that says which fields of the wire are which cameras and state')
        .option('--sessions <n>', 'most clients at one time', wholeNumber(1), DEFAULT_SERVICE_LIMITS.sessions)
        .option(
          '--waiting <n>',
          'most requests that wait; more are refused',
          wholeNumber(0),
          DEFAULT_SERVICE_LIMITS.waiting,
        )
        .option(
          '--timeout <seconds>',
          'longest single request, waiting included',
          positiveNumber,
          DEFAULT_SERVICE_LIMITS.requestMs / 1000,
        )
        .option(
          '--idle <seconds>',
          'clients that ask nothing for this long are let go',
          positiveNumber,
          DEFAULT_WIRE_LIMITS.idleSeconds,
        )
        .option('--max-message <MiB>', 'largest message', positiveNumber, DEFAULT_WIRE_LIMITS.messageBytes / MEBIBYTE)
        .option('--max-image <pixels>', 'longest side of an image', wholeNumber(1), DEFAULT_WIRE_LIMITS.imageSide)
        .option(
          '--batch <n>',
          'most requests that are computed as one: more of them in the same time, equal up to rounding (default: 1)',
          wholeNumber(1),
        )
        .option('--seed <n>', 'seed of the first client’s episode; the next one’s is one more', wholeNumber(0), 0)
        .option('--tracebacks', 'tell clients where in the server an error arose')
        .option('--quiet', 'do not print who comes and goes'),
    ),
  )
    .addHelpText(
      'after',
      `\nProtocols:\n${protocols.join('\n')}\n\nThe environment variable VLAKIT_TOKEN holds the token, for server and clients alike.\n`,
    )
    .action(run);
}

async function run(word: string | undefined, options: Options): Promise<void> {
  const adapters = await chosenAdapters(options);
  const policy = await namedPolicy(word ?? null, samplingSettings(options), {
    ...sessionSettings(options),
    ...(options.batch === undefined ? {} : { batch: options.batch }),
  });
  if (word === 'expert') {
    throw new VlaError('unsupported', 'expert: expected a policy that acts by what it sees, got the scripted expert.', {
      hint: 'The expert needs the simulation’s true state, which no client sends; serve a checkpoint.',
    });
  }
  const say = options.quiet === true ? (): void => {} : (line: string): void => void process.stderr.write(`${line}\n`);
  const settings = adapterOptions(options, say);
  await withInterrupt('Stopping.', async (signal) => {
    const service = startLocalService({
      call: policy.call,
      statistics: policy.statistics,
      limits: { sessions: options.sessions, waiting: options.waiting, requestMs: options.timeout * 1000 },
      onEvent: say,
    });
    const running: RunningAdapter[] = [];
    try {
      for (const adapter of adapters) {
        running.push(await adapter.start(service, { ...settings, port: options.port ?? adapter.defaultPort }));
        process.stdout.write(`${adapter.name}: ${running.at(-1)!.address}\n`);
      }
      await serveUntil(signal, service, settings.mapping);
    } finally {
      await Promise.all(running.map((server) => server.close()));
      await service.close();
    }
  });
}

/** Says when the policy is warm; rejects when it cannot be served. Resolves when the server is to end. */
async function serveUntil(signal: AbortSignal, service: PolicyService, mapping: MappingFile | null): Promise<void> {
  try {
    const { policy, embodiment, horizon } = await service.ready(signal);
    // Said here, and not to the first client.
    if (mapping !== null) mappingFor(embodiment, { images: {}, state: [], instruction: [] }, mapping);
    process.stdout.write(
      `ready: ${policy} for ${embodiment.name}, ${horizon} actions a chunk at ${embodiment.controlHz} Hz\n`,
    );
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}

async function chosenAdapters({ protocol, port: given }: Options): Promise<ProtocolAdapter[]> {
  const entries = protocol.map((name) => lookUp('--protocol', name, PROTOCOLS));
  if (entries.length > 1 && given !== undefined && given !== 0) {
    throw new VlaError('bad-argument', `--port: expected one protocol, got ${entries.length}.`, {
      hint: 'Each protocol has a port of its own; leave --port out, or start one server per protocol.',
    });
  }
  return Promise.all(entries.map(({ load }) => load()));
}

function adapterOptions(options: Options, onEvent: (line: string) => void): Omit<AdapterOptions, 'port'> {
  return {
    host: options.host,
    token: environmentToken(),
    tls: certificate(options),
    limits: {
      ...DEFAULT_WIRE_LIMITS,
      messageBytes: Math.round(options.maxMessage * MEBIBYTE),
      arrayBytes: Math.min(Math.round(options.maxMessage * MEBIBYTE), DEFAULT_WIRE_LIMITS.arrayBytes),
      imageSide: options.maxImage,
      idleSeconds: options.idle,
    },
    mapping: options.mapping === undefined ? null : readMappingFile(options.mapping),
    seed: options.seed,
    tracebacks: options.tracebacks === true,
    onEvent,
  };
}

function certificate({ tlsCert, tlsKey }: Options): AdapterOptions['tls'] {
  if (tlsCert === undefined && tlsKey === undefined) return null;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new VlaError('bad-argument', 'expected --tls-cert and --tls-key together, got one of them.', {
      hint: 'The certificate goes to clients, the key stays here; TLS needs both.',
    });
  }
  return { cert: readPem(tlsCert), key: readPem(tlsKey) };
}

function readPem(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (cause) {
    throw new VlaError('not-found', `${file}: expected a file in PEM, got ${(cause as Error).message}.`, {
      cause,
      hint: 'Check the path.',
    });
  }
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
}
