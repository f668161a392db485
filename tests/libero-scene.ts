/** @file Scenes of the LIBERO pack under shared/: a task's model at its recorded state, and the pictures made of it. */

import fs from 'node:fs';
import path from 'node:path';
import type { MujocoModule } from '../src/simulation/mujoco/module.ts';
import { Sim } from '../src/simulation/mujoco/sim.ts';
import { sharedData } from './shared-data.ts';

/** The cameras whose pictures are stored, 256 × 256, of geom group 1. */
export const LIBERO_CAMERAS = ['agentview', 'robot0_eye_in_hand'] as const;
export const LIBERO_GROUPS: readonly number[] = [1];

interface Shot {
  readonly suite: string;
  readonly fixtures: Record<string, { body: string; pos: number[]; quat: number[] }>;
  readonly qpos: number[];
  readonly qvel: number[];
}

function renderFolder(): string {
  return path.join(sharedData('libero')!, 'golden', 'render');
}

/** The tasks with stored pictures. */
export function liberoShots(): string[] {
  const names = fs.readdirSync(renderFolder()).filter((name) => name.endsWith('.json'));
  return names.map((name) => name.slice(0, -'.json'.length)).sort();
}

/** The file of a stored picture. */
export function liberoPicture(task: string, camera: (typeof LIBERO_CAMERAS)[number]): string {
  return path.join(renderFolder(), `${task}-${camera}.png`);
}

/** A task's scene at the moment of its pictures. */
export function liberoScene(mujoco: MujocoModule, task: string): Sim {
  const pack = sharedData('libero')!;
  const shot = JSON.parse(fs.readFileSync(path.join(renderFolder(), `${task}.json`), 'utf8')) as Shot;
  const files: Record<string, Uint8Array> = {};
  const composed = fs.readFileSync(path.join(pack, 'golden', 'composed', shot.suite, `${task}.xml`), 'utf8');
  const xml = composed.replace(/meshdir="[^"]*"/, '').replaceAll(/file="([^"]+)"/g, (_, file: string) => {
    const normal = path.normalize(file);
    files[normal] ??= fs.readFileSync(path.join(pack, normal));
    return `file="${normal}"`;
  });
  const sim = Sim.fromXml(mujoco, xml, { files });
  for (const { body, pos, quat } of Object.values(shot.fixtures)) {
    sim.model('body_pos').set(pos, 3 * sim.id('body', body));
    sim.model('body_quat').set(quat, 4 * sim.id('body', body));
  }
  sim.data('qpos').set(shot.qpos);
  sim.data('qvel').set(shot.qvel);
  sim.forward();
  return sim;
}
