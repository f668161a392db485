/** @file Tasks of the LIBERO pack under shared/ as the original Python composed them, and the files that they name. */

import fs from 'node:fs';
import path from 'node:path';
import type { LiberoFiles } from '../src/simulation/libero/files.ts';
import type {
  Articulation,
  LiberoObject,
  LiberoSite,
  LiberoTask,
  Placement,
} from '../src/simulation/libero/task-model.ts';
import { sharedData } from './shared-data.ts';

type Point = [number, number, number];
type Range = [number, number];

interface GoldenObject {
  cls: string;
  root: string;
  joints: string[];
  contact_geoms: string[];
  fixture: boolean;
  props: { articulation?: Record<string, number[]>; vis_site_names: Record<string, [string, boolean]> };
  rotation: Range | Partial<Record<'x' | 'y' | 'z', Range>>;
  rotation_axis: 'x' | 'y' | 'z' | null;
  bottom: Point;
  top: Point;
  hradius: number;
  init_quat: number[] | null;
}

interface Golden {
  problem: string;
  language: string;
  goal: string[][];
  init: string[][];
  interest: string[];
  objs: Record<string, GoldenObject>;
  sites: Record<string, { parent: string | null; joints: string[] | null; size: Point }>;
  samplers: {
    name: string;
    cls: string;
    objs: string[];
    x: Range[];
    y: Range[];
    z: number;
    ref: Point;
    rot: Range | Partial<Record<'x' | 'y' | 'z', Range>>;
    axis: 'x' | 'y' | 'z' | null;
  }[];
}

/** The pack's folder; only where `sharedData('libero')` is there. */
function pack(): string {
  return sharedData('libero')!;
}

/** The pack's files. */
export const packFiles: LiberoFiles = {
  read: (file) => fs.readFileSync(path.join(pack(), file)),
  has: (file) => fs.existsSync(path.join(pack(), file)),
};

/** Suite and name of the 30 tasks that are stored composed. */
export function composedTasks(): [suite: string, task: string][] {
  const root = path.join(pack(), 'golden', 'composed');
  return fs.readdirSync(root).flatMap((suite) =>
    fs
      .readdirSync(path.join(root, suite))
      .filter((file) => file.endsWith('.xml'))
      .map((file): [string, string] => [suite, file.slice(0, -'.xml'.length)]),
  );
}

/** A task as the original composed it. */
export function composedTask(suite: string, name: string): LiberoTask {
  const base = path.join(pack(), 'golden', 'composed', suite, name);
  const golden = JSON.parse(fs.readFileSync(`${base}.json`, 'utf8')) as Golden;
  const xml = fs
    .readFileSync(`${base}.xml`, 'utf8')
    .replace(/meshdir="[^"]*"/, '')
    .replaceAll(/file="([^"]+)"/g, (_, file: string) => `file="${path.posix.normalize(file)}"`);
  return {
    suite,
    name,
    language: golden.language,
    problem: golden.problem,
    goal: golden.goal,
    init: golden.init,
    interest: golden.interest,
    objects: mapped(golden.objs, objectOf),
    sites: mapped(golden.sites, ({ parent, joints, size }): LiberoSite => ({ parent, joints: joints ?? [], size })),
    placements: golden.samplers.map((one): Placement => ({
      name: one.name,
      sampler: one.cls,
      objects: one.objs,
      x: one.x,
      y: one.y,
      zOffset: one.z,
      reference: one.ref,
      rotation: one.rot,
      rotationAxis: one.axis,
    })),
    xml,
  };
}

/** Every file that a task's model names, for `Sim.fromXml`. */
export function taskFiles(task: LiberoTask): Record<string, Uint8Array> {
  const names = [...task.xml.matchAll(/file="([^"]+)"/g)].map(([, file]) => file!);
  return Object.fromEntries(names.map((name) => [name, packFiles.read(name)]));
}

function objectOf(golden: GoldenObject): LiberoObject {
  const ranges = golden.props.articulation;
  const articulation: Articulation | null =
    ranges === undefined
      ? null
      : {
          open: ranges['default_open_ranges'] ?? [],
          close: ranges['default_close_ranges'] ?? [],
          turnOn: ranges['default_turnon_ranges'] ?? [],
          turnOff: ranges['default_turnoff_ranges'] ?? [],
        };
  return {
    className: golden.cls,
    rootBody: golden.root,
    joints: golden.joints,
    contactGeoms: golden.contact_geoms,
    fixture: golden.fixture,
    articulation,
    stateSites: mapped(golden.props.vis_site_names, ([site, visible]) => ({ site, visible })),
    rotation: golden.rotation,
    rotationAxis: golden.rotation_axis,
    bottom: golden.bottom,
    top: golden.top,
    horizontalRadius: golden.hradius,
    initialQuaternion: golden.init_quat,
  };
}

function mapped<T, U>(table: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value)]));
}
