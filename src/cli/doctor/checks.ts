/** @file The list of things that `vlakit doctor` looks at, each with a verdict and, where it is not good, a cure. */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { workerUrl } from '../../base/worker-url.ts';
import { installedVersion } from '../../benchmarks/provenance.ts';

/** `fail`: an essential that stops the main loop (record, train, evaluate). `warn`: something is slower or missing. */
export type Verdict = 'ok' | 'warn' | 'fail';

/** One line of the doctor's findings. */
export interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  readonly detail: string;
  /** What to do; null when nothing needs doing. */
  readonly cure: string | null;
}

const LEAST_NODE = [20, 19];
const LEAST_MEMORY_GB = 4;
const LEAST_DISK_GB = 2;
const PROBE_MS = 60_000;
const REPORTED_CHARACTERS = 160;

interface ProbedPackage {
  readonly package: string;
  readonly probe: string;
  readonly purpose: string;
  /** What it means when it does not work. */
  readonly verdict: Verdict;
  readonly cure: string;
}

const PROBED: readonly ProbedPackage[] = [
  {
    package: 'onnxruntime-node',
    probe: 'cpu',
    purpose: 'train and run models on the processor',
    verdict: 'fail',
    cure: 'Put `onnxruntime-node-install=skip` into .npmrc and run `npm install onnxruntime-node`.',
  },
  {
    package: 'onnxruntime-node',
    probe: 'webgpu',
    purpose: 'run models on a graphics card',
    verdict: 'warn',
    cure: 'Needs a graphics card with a Vulkan, Metal or Direct3D 12 driver; without one use the processor.',
  },
  {
    package: '@mujoco/mujoco',
    probe: 'simulation',
    purpose: 'simulate the tabletop',
    verdict: 'fail',
    cure: 'Run `npm install @mujoco/mujoco`.',
  },
  {
    package: 'node-av',
    probe: 'video',
    purpose: 'read and write video datasets',
    verdict: 'warn',
    cure: 'Run `npm install node-av`; datasets with images as PNG work without it.',
  },
  {
    package: 'sharp',
    probe: 'films',
    purpose: 'film rollouts for reports',
    verdict: 'warn',
    cure: 'Run `npm install sharp`; reports have no films without it.',
  },
  {
    package: 'serialport',
    probe: 'serial',
    purpose: 'drive arms on serial lines',
    verdict: 'warn',
    cure: 'Run `npm install serialport`.',
  },
];

/** Everything that is checked, one after the other, in the order of the output. `folder` is where a run would write. */
export async function* examine(folder: string): AsyncGenerator<Finding> {
  yield nodeVersion(process.versions.node);
  yield cores(os.availableParallelism());
  yield memory(os.totalmem() / 2 ** 30, os.freemem() / 2 ** 30);
  yield disk(folder);
  yield writable(folder);
  const require = createRequire(import.meta.url);
  let engine = false;
  for (const probed of PROBED) {
    const finding = await probePackage(probed, installedVersion(require, probed.package));
    if (probed.probe === 'cpu') engine = finding.verdict === 'ok';
    yield finding;
  }
  if (engine) yield { ...(await runProbe('speed', 'speed', 'warn', null)) };
}

/** Whether this version of Node can run vlakit. */
export function nodeVersion(version: string): Finding {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  const good = major > LEAST_NODE[0]! || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]!);
  const cure = good ? null : `Install Node ${LEAST_NODE.join('.')} or newer.`;
  return { name: 'Node', verdict: good ? 'ok' : 'fail', detail: version, cure };
}

/** Processor cores. */
export function cores(count: number): Finding {
  const model = os.cpus()[0]?.model.trim() ?? os.arch();
  const cure = count > 1 ? null : 'Training and recording take about twice as long on one core.';
  return { name: 'processor', verdict: count > 1 ? 'ok' : 'warn', detail: `${count} cores, ${model}`, cure };
}

/** Memory in GB. */
export function memory(total: number, free: number): Finding {
  const good = total >= LEAST_MEMORY_GB;
  return {
    name: 'memory',
    verdict: good ? 'ok' : 'warn',
    detail: `${total.toFixed(1)} GB, ${free.toFixed(1)} GB free`,
    cure: good ? null : `Below ${LEAST_MEMORY_GB} GB use fewer workers and a smaller batch.`,
  };
}

function disk(folder: string): Finding {
  const name = 'disk';
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    const free = (bavail * bsize) / 2 ** 30;
    const good = free >= LEAST_DISK_GB;
    const cure = good ? null : `Free some space: the quickstart needs about ${LEAST_DISK_GB} GB.`;
    return { name, verdict: good ? 'ok' : 'warn', detail: `${free.toFixed(1)} GB free in ${folder}`, cure };
  } catch (error) {
    return { name, verdict: 'warn', detail: messageOf(error), cure: 'Check the folder.' };
  }
}

/** Whether a file can be made in the folder. */
export function writable(folder: string): Finding {
  const name = 'folder';
  const file = path.join(folder, `.vlakit-doctor-${process.pid}`);
  try {
    fs.writeFileSync(file, 'x');
    fs.rmSync(file);
    return { name, verdict: 'ok', detail: `${folder} is writable`, cure: null };
  } catch (error) {
    return { name, verdict: 'fail', detail: messageOf(error), cure: 'Work in a folder that you may write to.' };
  }
}

async function probePackage(probed: ProbedPackage, version: string | null): Promise<Finding> {
  const name = probed.probe === 'webgpu' ? 'WebGPU' : `${probed.package}${version === null ? '' : ` ${version}`}`;
  if (version === null) {
    return { name, verdict: probed.verdict, detail: `not installed (to ${probed.purpose})`, cure: probed.cure };
  }
  return runProbe(probed.probe, name, probed.verdict, probed.cure);
}

/** Runs a probe in its own process; what it throws, a crash and a hang are findings. */
export function runProbe(probe: string, name: string, verdict: Verdict, cure: string | null): Promise<Finding> {
  const main = fileURLToPath(workerUrl(import.meta.url, './probe-main'));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, probe], { stdio: ['ignore', 'pipe', 'ignore'], timeout: PROBE_MS });
    let text = '';
    child.stdout.on('data', (chunk) => (text += String(chunk)));
    const bad = (detail: string, hint: string | null): void => {
      resolve({ name, verdict, detail: detail.slice(0, REPORTED_CHARACTERS), cure: hint ?? cure });
    };
    child.on('error', (error) => bad(error.message, null));
    child.on('close', (code, signal) => {
      const line = text.trim().split('\n').at(-1) ?? '';
      if (!line.startsWith('{')) {
        bad(`the trial ended with ${signal === null ? `code ${code}` : `signal ${signal}`}`, null);
        return;
      }
      const report = JSON.parse(line) as { found: string } | { problem: string; hint: string | null };
      if ('found' in report) resolve({ name, verdict: 'ok', detail: report.found, cure: null });
      else bad(essence(report.problem), report.hint);
    });
  });
}

/** The first line, without the source positions that native libraries put before what they want to say. */
function essence(problem: string): string {
  const [line] = problem.split('\n') as [string];
  return line.replace(/^.*?(?=Failed to |failed: )/, '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
