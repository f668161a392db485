/** @file Scenes that show one effect of MuJoCo's classic renderer each, and MuJoCo's own pictures of them, 128 × 96. */

import fs from 'node:fs';
import path from 'node:path';
import type { MujocoModule } from '../src/simulation/mujoco/module.ts';
import { Sim } from '../src/simulation/mujoco/sim.ts';
import type { ClassicOptions } from '../src/simulation/rendering/classic/scene.ts';
import { repositoryRoot } from './shared-data.ts';

const folder = path.join(repositoryRoot, 'tests', 'golden', 'rendering', 'effects');

/** The scenes. */
export const EFFECTS: readonly string[] = fs
  .readdirSync(folder)
  .filter((file) => file.endsWith('.xml'))
  .map((file) => path.basename(file, '.xml'));

/** Their groups of geoms and sites; the pictures show all of them. */
export const EFFECT_GROUPS: readonly number[] = [0, 1, 2];
export const EFFECT_OPTIONS: ClassicOptions = { geomGroups: EFFECT_GROUPS, siteGroups: EFFECT_GROUPS };

/** Pixels of the pictures. */
export const EFFECT_SIZE = { width: 128, height: 96 } as const;

/** A scene at its first moment. Its camera is called eye. */
export function effectSim(mujoco: MujocoModule, name: string): Sim {
  const files = { 'letter.png': fs.readFileSync(path.join(folder, '..', 'letter.png')) };
  const xml = fs.readFileSync(path.join(folder, `${name}.xml`), 'utf8');
  return Sim.fromXml(mujoco, xml.replaceAll('../letter.png', 'letter.png'), { files });
}

/** The file of MuJoCo's picture. */
export function effectPicture(name: string): string {
  return path.join(folder, `${name}.png`);
}
