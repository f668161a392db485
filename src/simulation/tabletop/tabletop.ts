/**
 * @file The built-in world: a robot arm at a table, several tasks over coloured objects, a scripted expert. Runs wherever WASM runs.
 */

import { lookUp, VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { Vector3 } from '../../base/rotation.ts';
import type { EpisodeSpec, ExpertEnvironment, Outcome, Privileged } from '../../interfaces/environment.ts';
import type { Image, Observation } from '../../interfaces/observation.ts';
import { loadMujoco } from '../mujoco/module.ts';
import type { MujocoModule } from '../mujoco/module.ts';
import { cameraOf, project } from '../rendering/camera.ts';
import type { Camera } from '../rendering/camera.ts';
import { lightsOf } from '../rendering/lights.ts';
import { Rasteriser } from '../rendering/rasteriser.ts';
import { rgbOf, World } from './world.ts';
import type { Layout, WorldState } from './world.ts';
import { CONTROL_HZ, tabletopEmbodiment } from './embodiment.ts';
import { instructionFor } from './instruction.ts';
import { actionTowards } from './motion.ts';
import type { Task } from './task.ts';
import { TASKS } from './tasks.ts';

export interface TabletopConfig {
  /** Side of both cameras' square images, pixels; default 64. */
  readonly imageSize?: number;
}

/** A moment of an episode, for `Tabletop.restore`. */
export interface TabletopState {
  readonly world: WorldState;
  readonly episode: EpisodeSpec;
  readonly steps: number;
  readonly outcome: Outcome;
}

/** The tabletop with what only it offers: snapshots. */
export interface Tabletop extends ExpertEnvironment {
  save(): TabletopState;
  restore(state: TabletopState): Promise<void>;
}

type Box = readonly [number, number, number, number];

const CAMERAS = ['front', 'wrist'] as const;
const SKY = [153, 153, 153] as const;

/**
 * Opens the tabletop. Needs the npm package @mujoco/mujoco (`missing-package` otherwise); one per thread is enough.
 */
export async function createTabletop(config: TabletopConfig = {}): Promise<Tabletop> {
  const imageSize = config.imageSize ?? 64;
  if (!Number.isInteger(imageSize) || imageSize < 16 || imageSize > 2048) {
    throw new VlaError(
      'bad-argument',
      `createTabletop: expected an image size from 16 to 2048 pixels, got ${imageSize}.`,
    );
  }
  return new TabletopEnvironment(await loadMujoco(), imageSize);
}

interface Episode {
  readonly spec: EpisodeSpec;
  readonly task: Task;
  readonly world: World;
  readonly instruction: string;
  steps: number;
  outcome: Outcome;
  /** Images of the current state, once rendered. */
  images: Record<string, Image> | null;
}

class TabletopEnvironment implements Tabletop {
  readonly name = 'tabletop';
  readonly embodiment;
  readonly tasks = TASKS.map(({ name }) => name);
  readonly perturbations: readonly string[] = [];
  readonly subtasks = [...new Set(TASKS.flatMap(({ subtasks }) => subtasks))];
  private readonly mujoco: MujocoModule;
  private readonly worlds = new Map<string, World>();
  private readonly rasterisers: Readonly<Record<string, Rasteriser>>;
  private episode: Episode | null = null;
  private closed = false;

  constructor(mujoco: MujocoModule, imageSize: number) {
    this.mujoco = mujoco;
    this.embodiment = tabletopEmbodiment(imageSize);
    this.rasterisers = Object.fromEntries(
      CAMERAS.map((name) => [
        name,
        new Rasteriser({ width: imageSize, height: imageSize, samplesPerSide: 2, background: SKY }),
      ]),
    );
  }

  maxSteps(task: string): number {
    return this.task(task).maxSteps;
  }

  async reset(spec: EpisodeSpec): Promise<void> {
    this.assertOpen();
    const task = this.task(spec.task);
    const taskIndex = TASKS.indexOf(task);
    const layout = task.layout(new Random(spec.seed, taskIndex, 0));
    const world = this.world(layout);
    const start = new Random(spec.seed, taskIndex, 1);
    const position: Vector3 = [start.range(0.46, 0.55), start.range(-0.1, 0.1), start.range(0.12, 0.17)];
    world.arrange(layout, { position, yaw: start.range(-0.3, 0.3) });
    this.paint(world, layout, new Random(spec.seed, taskIndex, 2));
    const words = new Random(spec.seed, taskIndex, 3);
    const named = spec.instructionTarget === 'other' ? words.pick(world.others()) : layout.target;
    const instruction = instructionFor(task, layout, named, spec.phrasing ?? 'train', words);
    this.episode = { spec, task, world, instruction, steps: 0, outcome: 'running', images: null };
  }

  async observe(): Promise<Observation> {
    const episode = this.running('observe', false);
    const images = Object.fromEntries(
      Object.entries(this.render(episode)).map(([name, image]) => [name, { ...image, data: image.data.slice() }]),
    );
    return { images, state: episode.world.robot.state(), instruction: episode.instruction };
  }

  async step(action: ArrayLike<number>): Promise<Outcome> {
    const episode = this.running('step', true);
    checkAction(action);
    episode.images = null;
    episode.world.robot.step(action);
    episode.steps++;
    const judged = episode.task.judge(episode.world);
    episode.outcome = judged === 'running' && episode.steps >= episode.task.maxSteps ? 'timeout' : judged;
    return episode.outcome;
  }

  expert(): Float32Array {
    const { task, world } = this.running('expert', false);
    return actionTowards(world.robot, task.plan(world).aim);
  }

  privileged(): Privileged {
    const episode = this.running('privileged', false);
    const { task, world } = episode;
    const { target } = world.layout;
    const goal = task.goal(world);
    this.render(episode);
    return {
      targetPosition: world.position(target),
      goalPosition: goal?.position ?? null,
      targetBox: this.boxes(world, `object${target}`),
      goalBox: goal?.geom === undefined || goal.geom === null ? nothing() : this.boxes(world, goal.geom),
      subtask: task.plan(world).subtask,
    };
  }

  save(): TabletopState {
    const { world, spec, steps, outcome } = this.running('save', false);
    return { world: world.save(), episode: spec, steps, outcome };
  }

  async restore(state: TabletopState): Promise<void> {
    await this.reset(state.episode);
    const episode = this.running('restore', false);
    episode.world.restore(state.world);
    episode.steps = state.steps;
    episode.outcome = state.outcome;
    episode.images = null;
  }

  async close(): Promise<void> {
    for (const world of this.worlds.values()) world.sim.close();
    this.worlds.clear();
    this.episode = null;
    this.closed = true;
  }

  private task(name: string): Task {
    return lookUp('Tabletop: task', name, Object.fromEntries(TASKS.map((task) => [task.name, task])));
  }

  /** The compiled world of a layout; scenes with the same kinds of things share one. */
  private world(layout: Layout): World {
    const model = { shapes: layout.objects.map(({ shape }) => shape), marks: layout.marks.map(({ half }) => half) };
    const key = JSON.stringify(model);
    let world = this.worlds.get(key);
    if (world === undefined) {
      world = new World(this.mujoco, model);
      this.worlds.set(key, world);
    }
    return world;
  }

  private paint(world: World, layout: Layout, random: Random): void {
    const jitter = (rgb: readonly number[], amount: number): [number, number, number] =>
      [0, 1, 2].map((k) => Math.max(0, Math.min(1, rgb[k]! + random.range(-amount, amount)))) as [
        number,
        number,
        number,
      ];
    for (const [i, object] of layout.objects.entries()) world.paint('object', i, jitter(rgbOf(object), 0.04));
    for (const [i, mark] of layout.marks.entries()) world.paint('mark', i, jitter(mark.rgb, 0.03));
  }

  private render(episode: Episode): Record<string, Image> {
    if (episode.images !== null) return episode.images;
    const { sim, scene } = episode.world;
    const lights = lightsOf(sim);
    const images: Record<string, Image> = {};
    for (const name of CAMERAS) {
      const camera = this.camera(episode.world, name);
      images[name] = this.rasterisers[name]!.render(
        scene,
        sim.data('geom_xpos'),
        sim.data('geom_xmat'),
        camera,
        lights,
      );
    }
    episode.images = images;
    return images;
  }

  private camera(world: World, name: string): Camera {
    return cameraOf(world.sim, world.sim.id('camera', name));
  }

  /** The box of a geom in each camera, clipped to the image; null where no sample sees the geom. */
  private boxes(world: World, geomName: string): Record<string, Box | null> {
    const geom = new Set([world.drawable(geomName).geom]);
    const outline = world.outline(geomName);
    return Object.fromEntries(
      CAMERAS.map((name) => {
        if (this.rasterisers[name]!.visibleSamples(geom) === 0) return [name, null];
        const camera = this.camera(world, name);
        const points = outline.map((point) => project(camera, point)).filter((point) => point !== null);
        const clip = (value: number): number => Math.max(0, Math.min(1, value));
        const [xs, ys] = [points.map(([x]) => clip(x)), points.map(([, y]) => clip(y))];
        return [name, [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]];
      }),
    );
  }

  private assertOpen(): void {
    if (this.closed) {
      throw new VlaError('bad-argument', 'Tabletop: expected an open environment, got one that was closed.', {
        hint: 'Make a new one with createTabletop.',
      });
    }
  }

  private running(what: string, needsRunning: boolean): Episode {
    this.assertOpen();
    const { episode } = this;
    if (episode === null) {
      throw new VlaError('bad-argument', `Tabletop.${what}: expected an episode, got none.`, {
        hint: 'Call reset first.',
      });
    }
    if (needsRunning && episode.outcome !== 'running') {
      throw new VlaError(
        'bad-argument',
        `Tabletop.${what}: expected a running episode, got one that ended (${episode.outcome}).`,
        {
          hint: 'Call reset to start the next one.',
        },
      );
    }
    return episode;
  }
}

function nothing(): Record<string, Box | null> {
  return Object.fromEntries(CAMERAS.map((name) => [name, null]));
}

function checkAction(action: ArrayLike<number>): void {
  if (action.length !== 7) {
    throw new VlaError('bad-shape', `Tabletop.step: expected an action of 7 numbers, got ${action.length}.`);
  }
  for (let i = 0; i < 7; i++) {
    if (!Number.isFinite(action[i])) {
      throw new VlaError('not-finite', `Tabletop.step: expected finite numbers, got ${action[i]} in dimension ${i}.`, {
        hint: 'A policy that answers NaN usually read a NaN state or has diverged in training.',
      });
    }
  }
}

export { CONTROL_HZ };
