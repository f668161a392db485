/**
 * @file The built-in world: a robot arm at a table, several tasks over coloured objects, a scripted expert. Runs wherever WASM runs.
 */

import { lookUp, VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type {
  EpisodeSpec,
  NarratingEnvironment,
  Narration,
  Outcome,
  Privileged,
} from '../../interfaces/environment.ts';
import type { Image, Observation } from '../../interfaces/observation.ts';
import { checkAction } from '../check-action.ts';
import { requireEpisode, requireOpen } from '../episode-at-hand.ts';
import { loadMujoco } from '../mujoco/module.ts';
import type { MujocoModule } from '../mujoco/module.ts';
import type { Light } from '../rendering/lights.ts';
import { dressWorld, drawClutter, PERTURBATIONS, USUAL } from './appearance.ts';
import { instructionFor } from './instruction.ts';
import type { Layout } from './layout.ts';
import { narrate } from './narration.ts';
import { seenScene } from './questions/scene.ts';
import type { SeenScene } from './questions/scene.ts';
import { subtaskNow } from './questions/subtask-words.ts';
import type { SubtaskWords } from './questions/subtask-words.ts';
import type { RobotModel, TableRobot } from './robot-model.ts';
import { SCENE_KINDS } from './scenes.ts';
import { requestsIn, understand } from './sentences.ts';
import type { AnyTask } from './sentences.ts';
import { sevenJointArm } from './arm-model.ts';
import { TASKS } from './tasks.ts';
import { Views } from './views.ts';
import { World } from './world.ts';
import type { WorldState } from './world.ts';

/** A robot at the table and what it can be asked: a world of its own. */
export interface TabletopSetting {
  readonly name: string;
  readonly robot: RobotModel;
  readonly tasks: readonly AnyTask[];
}

/** The 7-joint arm with all tasks for one arm. */
export const SEVEN_JOINT_TABLETOP: TabletopSetting = { name: 'tabletop', robot: sevenJointArm, tasks: TASKS };

/** How to open the tabletop. */
export interface TabletopConfig {
  /** Side of all cameras' square images, pixels; default 64. */
  readonly imageSize?: number;
}

/** A moment of an episode, for `Tabletop.restore`. */
export interface TabletopState {
  readonly world: WorldState;
  readonly episode: EpisodeSpec;
  readonly steps: number;
  readonly outcome: Outcome;
  readonly asked: Asked | null;
}

/** What was asked for in place of the episode's own instruction. */
export interface Asked {
  readonly sentence: string;
  /** The task that the sentence means in this scene; null when it is none of the tabletop's sentences, or its outcome is there already. */
  readonly task: string | null;
}

/** The tabletop with what only it offers: snapshots, and instructions that a person types. */
export interface Tabletop extends NarratingEnvironment {
  save(): TabletopState;
  restore(state: TabletopState): Promise<void>;
  /** What is on the table and in the gripper now, and how the front camera sees it; see `questions/`. */
  seen(): SeenScene;
  /** What the expert does now, in words. */
  subtask(): SubtaskWords;
  /** Every sentence of training that the scene on the table may be asked. */
  sentences(): readonly string[];
  /**
   * Goes on from the moment at hand, also after an outcome, with another instruction and its full time. A sentence that is one of
   * the tabletop's about this scene is judged; with any other (`task` null) the episode can only fail or time out.
   */
  ask(sentence: string): Asked;
}

/**
 * Opens the tabletop, by default with the 7-joint arm. Needs the npm package @mujoco/mujoco (`missing-package` otherwise); one per thread is enough.
 */
export async function createTabletop(
  config: TabletopConfig = {},
  setting: TabletopSetting = SEVEN_JOINT_TABLETOP,
): Promise<Tabletop> {
  const imageSize = config.imageSize ?? 64;
  if (!Number.isInteger(imageSize) || imageSize < 16 || imageSize > 2048) {
    throw new VlaError(
      'bad-argument',
      `createTabletop: expected an image size from 16 to 2048 pixels, got ${imageSize}.`,
    );
  }
  return new TabletopEnvironment(await loadMujoco(), setting, imageSize);
}

/** The unit of `Task.maxSteps`, seconds. */
const TASK_SECONDS = 0.05;
/** A thing whose centre is lower than this fell off the table, metres. */
const FALLEN = -0.05;

interface Episode {
  readonly spec: EpisodeSpec;
  task: AnyTask;
  readonly world: World<TableRobot>;
  instruction: string;
  asked: Asked | null;
  readonly lights: readonly Light[];
  steps: number;
  outcome: Outcome;
  /** Images of the current state, once rendered. */
  images: Record<string, Image> | null;
}

class TabletopEnvironment implements Tabletop {
  readonly name;
  readonly embodiment;
  readonly tasks;
  readonly perturbations = Object.keys(PERTURBATIONS);
  readonly subtasks;
  private readonly mujoco: MujocoModule;
  private readonly setting: TabletopSetting;
  private readonly worlds = new Map<string, World<TableRobot>>();
  private readonly views: Views;
  private episode: Episode | null = null;
  private closed = false;

  constructor(mujoco: MujocoModule, setting: TabletopSetting, imageSize: number) {
    const { name, robot, tasks } = setting;
    this.mujoco = mujoco;
    this.setting = setting;
    this.name = name;
    this.embodiment = robot.embodiment(imageSize);
    this.tasks = tasks.map((task) => task.name);
    this.subtasks = [...new Set(tasks.flatMap(({ subtasks }) => subtasks))];
    this.views = new Views(
      robot.cameras.map((camera) => camera.name),
      imageSize,
    );
  }

  maxSteps(task: string): number {
    return Math.ceil(this.task(task).maxSteps * TASK_SECONDS * this.embodiment.controlHz);
  }

  async reset(spec: EpisodeSpec): Promise<void> {
    this.assertOpen();
    const task = this.task(spec.task);
    const look =
      spec.perturbation === undefined ? USUAL : lookUp('Tabletop: perturbation', spec.perturbation, PERTURBATIONS);
    // One stream per concern, so that a change of look or of words leaves the scene as it was; the same for all tasks of a kind of scene.
    const stream = (concern: number): Random => new Random(spec.seed, SCENE_KINDS.indexOf(task.scene), concern);
    const plain = task.layout(stream(0));
    const layout = { ...plain, clutter: drawClutter(look, plain, this.setting.robot.clutter, stream(4)) };
    const world = this.world(layout);
    world.arrange(layout, this.setting.robot.start(stream(1)));
    const lights = dressWorld(world, look, stream(2));
    const words = stream(3);
    const named = spec.instructionTarget === 'other' ? words.pick(layout.alternatives) : layout.target;
    const instruction = instructionFor(task, layout, named, spec.phrasing ?? 'train', words);
    this.episode = { spec, task, world, instruction, asked: null, lights, steps: 0, outcome: 'running', images: null };
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
    checkAction(this.embodiment, action);
    episode.images = null;
    try {
      episode.world.robot.step(action);
    } catch (error) {
      // The simulation diverged and was reset: what follows would not be this episode.
      episode.outcome = 'failure';
      throw error;
    }
    episode.steps++;
    episode.outcome = judge(episode, this.maxSteps(episode.task.name));
    return episode.outcome;
  }

  expert(): Float32Array {
    const { task, world } = this.running('expert', false);
    return world.robot.towards(task.plan(world).aim);
  }

  privileged(): Privileged {
    const episode = this.running('privileged', false);
    const { task, world } = episode;
    const { target } = world.layout;
    const goal = task.goal(world);
    const place = world.position(target);
    this.render(episode);
    return {
      handPosition: world.robot.handAt(place).position(),
      targetPosition: place,
      targetHeading: world.heading(target),
      goalPosition: goal?.position ?? null,
      targetBox: this.views.boxes(world, `object${target}`),
      goalBox: goal === null || goal.geom === null ? this.views.noBoxes() : this.views.boxes(world, goal.geom),
      subtask: task.plan(world).subtask,
    };
  }

  narrate(): Narration {
    const episode = this.running('narrate', false);
    this.render(episode);
    return narrate(episode.task, episode.world, this.views);
  }

  save(): TabletopState {
    const { world, spec, steps, outcome, asked } = this.running('save', false);
    return { world: world.save(), episode: spec, steps, outcome, asked };
  }

  async restore(state: TabletopState): Promise<void> {
    await this.reset(state.episode);
    const episode = this.running('restore', false);
    if (state.asked !== null) this.hear(episode, state.asked.sentence);
    episode.asked = state.asked;
    episode.world.restore(state.world);
    episode.steps = state.steps;
    episode.outcome = state.outcome;
    episode.images = null;
  }

  seen(): SeenScene {
    const episode = this.running('seen', false);
    this.render(episode);
    return seenScene(episode.world, this.views);
  }

  subtask(): SubtaskWords {
    const { task, world } = this.running('subtask', false);
    return subtaskNow(task, world);
  }

  sentences(): readonly string[] {
    const { task, world } = this.running('sentences', false);
    return requestsIn(this.setting.tasks, task, world.layout, 'train').map(({ sentence }) => sentence);
  }

  ask(sentence: string): Asked {
    const episode = this.running('ask', false);
    const task = this.hear(episode, sentence);
    const judged = task !== null && task.judge(episode.world) === 'running';
    episode.asked = { sentence, task: judged ? task.name : null };
    episode.steps = 0;
    episode.outcome = 'running';
    return episode.asked;
  }

  async close(): Promise<void> {
    for (const world of this.worlds.values()) world.sim.close();
    this.worlds.clear();
    this.episode = null;
    this.closed = true;
  }

  private task(name: string): AnyTask {
    return lookUp('Tabletop: task', name, Object.fromEntries(this.setting.tasks.map((task) => [task.name, task])));
  }

  /** Makes the episode about what the sentence says, where that is a sentence about its scene. */
  private hear(episode: Episode, sentence: string): AnyTask | null {
    const { task, world } = episode;
    episode.instruction = sentence;
    const meant = understand(sentence, this.setting.tasks, task, world.layout);
    if (meant === null) return null;
    episode.task = meant.task;
    world.assign(meant.layout);
    return meant.task;
  }

  /** The compiled world of a layout; scenes with the same kinds of things share one. */
  private world(layout: Layout): World<TableRobot> {
    const shapes = layout.objects.map(({ shape }) => shape);
    const key = shapes.join(' ');
    let world = this.worlds.get(key);
    if (world === undefined) {
      world = new World(this.mujoco, shapes, this.setting.robot);
      this.worlds.set(key, world);
    }
    return world;
  }

  private render(episode: Episode): Record<string, Image> {
    episode.images ??= this.views.render(episode.world, episode.lights);
    return episode.images;
  }

  private assertOpen(): void {
    requireOpen('Tabletop', this.closed, 'createTabletop');
  }

  private running(what: string, needsRunning: boolean): Episode {
    this.assertOpen();
    return requireEpisode(`Tabletop.${what}`, this.episode, needsRunning);
  }
}

function judge({ task, world, steps, asked }: Episode, maxSteps: number): Outcome {
  const judged = asked !== null && asked.task === null ? 'running' : task.judge(world);
  if (judged !== 'running') return judged;
  if (world.layout.objects.some((_, object) => world.position(object)[2] < FALLEN)) return 'failure';
  return steps >= maxSteps ? 'timeout' : 'running';
}
