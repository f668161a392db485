/**
 * @file LIBERO's tasks as environments: the original's physics, controller, resets and goals, on MuJoCo wherever WASM runs. An episode's seed
 * is a row of the task's published initial states, and the reset is the one that the Python harness makes for it.
 */

import { lookUp, VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type {
  EpisodeSpec,
  NarratingEnvironment,
  Narration,
  Outcome,
  Privileged,
} from '../../interfaces/environment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import { checkAction } from '../check-action.ts';
import { requireEpisode, requireOpen } from '../episode-at-hand.ts';
import { loadMujoco } from '../mujoco/module.ts';
import type { MujocoModule } from '../mujoco/module.ts';
import { composeTask } from './compose-task.ts';
import type { DerivedStore } from './derived-store.ts';
import { liberoEmbodiment } from './embodiment.ts';
import { Demonstrator } from './experts/demonstrator.ts';
import { SUBTASKS } from './experts/plan.ts';
import type { LiberoFiles } from './files.ts';
import { LIBERO_PERTURBATIONS, perturbEpisode } from './perturbations/index.ts';
import { paraphrased } from './perturbations/paraphrase.ts';
import { glowingSites, holds, succeeds } from './predicates.ts';
import { openRenderer, type LiberoRendererName } from './renderers.ts';
import { Stage } from './stage.ts';
import { HARNESS_SEED, maxStepsOf } from './suite-protocol.ts';
import { suiteTask, suiteTasks } from './suites.ts';
import type { LiberoTask } from './task-model.ts';
import { LiberoViews } from './views.ts';
import { visualModel } from './visual-model.ts';

/** How LIBERO is opened. */
export interface LiberoConfig {
  readonly files: LiberoFiles;
  /** For example "libero_spatial". */
  readonly suite: string;
  /** Which of its tasks, by name (of the BDDL file); default: all. */
  readonly tasks?: readonly string[];
  /** Side of both cameras' square images, pixels; default 256. */
  readonly imageSize?: number;
  /**
   * Who draws them. `cpu` (default): the same bytes everywhere. `webgpu`: the same pictures to 35 dB or more; in Node it needs the npm package
   * webgpu, and a graphics driver.
   */
  readonly renderer?: LiberoRendererName;
  /**
   * The seed that the Python harness gives numpy's generator once per task; it moves the fixtures by up to a centimetre or so. Default 7
   * (openpi, vla-evaluation-harness); openvla-oft has 0.
   */
  readonly harnessSeed?: number;
  /**
   * Where episodes begin. `published` (default): a seed is a row of the initial states that benchmarks play. `sampled`: drawn anew from the
   * task's regions, with any seed below 2³²; for demonstrations, which must not show what is measured.
   */
  readonly start?: 'published' | 'sampled';
  /** Keeps what tasks look like between runs; null (default): it is made anew, which takes seconds. Pictures do not depend on it. */
  readonly derived?: DerivedStore | null;
}

/** Salt of the stream that words held-out instructions. */
const WORDS = 0x776f7264;
/** Compiled tasks that stay in memory; each holds about 100 MB of the simulator's 2 GB. */
const MOST_STAGES = 3;

/**
 * Opens a suite, or some of its tasks. Needs the npm package @mujoco/mujoco (`missing-package` otherwise); WebGPU may be `missing-package` or
 * `unsupported`, too.
 */
export async function createLibero(config: LiberoConfig): Promise<NarratingEnvironment> {
  const {
    suite,
    imageSize = 256,
    renderer = 'cpu',
    harnessSeed = HARNESS_SEED,
    start = 'published',
    derived = null,
  } = config;
  const tasks = config.tasks?.map((task) => suiteTask(suite, task).name) ?? suiteTasks(suite).map(({ name }) => name);
  if (!Number.isInteger(imageSize) || imageSize < 16 || imageSize > 2048) {
    throw new VlaError(
      'bad-argument',
      `createLibero: expected an image size from 16 to 2048 pixels, got ${imageSize}.`,
    );
  }
  if (!Number.isInteger(harnessSeed) || harnessSeed < 0 || harnessSeed >= 2 ** 32) {
    throw new VlaError('bad-argument', `createLibero: expected a harness seed from 0 to 2³² − 1, got ${harnessSeed}.`);
  }
  const mujoco = await loadMujoco();
  const views = new LiberoViews(await openRenderer(renderer, imageSize));
  return new LiberoEnvironment(mujoco, views, { ...config, tasks, imageSize, renderer, harnessSeed, start, derived });
}

interface Episode {
  readonly stage: Stage;
  /** The task as published, which a perturbation may have changed. */
  readonly usual: LiberoTask;
  readonly demonstrator: Demonstrator;
  readonly instruction: string;
  steps: number;
  outcome: Outcome;
  /** What is seen of the current state, once somebody has looked. */
  seen: Promise<Observation> | null;
}

class LiberoEnvironment implements NarratingEnvironment {
  readonly name: string;
  readonly embodiment: Embodiment;
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[] = Object.keys(LIBERO_PERTURBATIONS);
  readonly subtasks: readonly string[] = SUBTASKS;
  private readonly mujoco: MujocoModule;
  private readonly config: Required<LiberoConfig>;
  private readonly longest: number;
  private readonly views: LiberoViews;
  /** By task; the one that was used last comes last. */
  private readonly stages = new Map<string, Stage>();
  /** What a perturbation has made for the episode at hand. */
  private changed: Stage | null = null;
  private episode: Episode | null = null;
  private closed = false;

  constructor(mujoco: MujocoModule, views: LiberoViews, config: Required<LiberoConfig>) {
    this.mujoco = mujoco;
    this.views = views;
    this.config = config;
    this.name = config.suite;
    this.longest = maxStepsOf(config.suite);
    this.embodiment = liberoEmbodiment(config.imageSize);
    this.tasks = config.tasks;
  }

  maxSteps(task: string): number {
    this.known(task);
    return this.longest;
  }

  async reset({ task, seed, perturbation, phrasing, instructionTarget }: EpisodeSpec): Promise<void> {
    this.assertOpen();
    this.known(task);
    if (instructionTarget === 'other') {
      throw new VlaError('unsupported', 'LIBERO: expected an instruction about the task’s own target, got another.', {
        hint: 'LIBERO judges each scene by the goal of its one task.',
      });
    }
    const { files, suite, harnessSeed } = this.config;
    if (perturbation !== undefined) lookUp('LIBERO: perturbation', perturbation, LIBERO_PERTURBATIONS);
    this.end();
    const usual = this.stage(task);
    const plain = { task: usual.task, instruction: suiteTask(suite, task).instruction, files };
    const changed = perturbation === undefined ? null : perturbEpisode(perturbation, seed, plain);
    const stage = changed === null || changed.task === usual.task ? usual : this.changedStage(changed.task, usual);
    if (this.config.start === 'sampled') stage.beginSampled(seed, changed?.start);
    else stage.begin(seed, harnessSeed, changed?.start);
    const demonstrator = new Demonstrator(stage.sim, stage.task, (proposition) => holds(stage.world, proposition));
    const words = changed?.instruction ?? plain.instruction;
    const instruction = phrasing === 'held-out' ? paraphrased(words, new Random(seed, WORDS)) : words;
    this.episode = { stage, usual: usual.task, demonstrator, instruction, steps: 0, outcome: 'running', seen: null };
  }

  async observe(): Promise<Observation> {
    const episode = this.running('observe', false);
    episode.seen ??= this.look(episode);
    const { images, state, instruction } = await episode.seen;
    return { images: structuredClone(images), state: state.slice(), instruction };
  }

  async step(action: ArrayLike<number>): Promise<Outcome> {
    const episode = this.running('step', true);
    checkAction(this.embodiment, action);
    episode.seen = null;
    episode.demonstrator.moved();
    try {
      episode.stage.step(action);
    } catch (error) {
      // The simulation diverged and was reset: what follows would not be this episode.
      episode.outcome = 'failure';
      throw error;
    }
    episode.steps++;
    if (succeeds(episode.stage.world)) episode.outcome = 'success';
    else if (episode.steps >= this.longest) episode.outcome = 'timeout';
    return episode.outcome;
  }

  expert(): Float32Array {
    return this.running('expert', false).demonstrator.action();
  }

  privileged(): Privileged {
    return this.running('privileged', false).demonstrator.privileged();
  }

  narrate(): Narration {
    return this.running('narrate', false).demonstrator.narrate();
  }

  async close(): Promise<void> {
    this.end();
    for (const stage of this.stages.values()) stage.close();
    this.stages.clear();
    if (!this.closed) this.views.close();
    this.closed = true;
  }

  /** What is seen at the moment of the call. */
  private async look({ stage, usual, instruction }: Episode): Promise<Observation> {
    const { files, derived } = this.config;
    const model = visualModel(this.mujoco, files, stage.task, derived === null ? null : { store: derived, usual });
    const images = this.views.render(stage.sim, model, glowingSites(stage.world));
    const state = stage.robot.state();
    return { images: await images, state, instruction };
  }

  private known(task: string): void {
    lookUp('LIBERO: task', task, Object.fromEntries(this.tasks.map((name) => [name, true])));
  }

  /** The stage of one perturbed episode. */
  private changedStage(task: LiberoTask, usual: Stage): Stage {
    this.changed = new Stage(this.mujoco, this.config.files, task, usual);
    return this.changed;
  }

  private end(): void {
    this.episode = null;
    this.changed?.close();
    this.changed = null;
  }

  private stage(name: string): Stage {
    const { files, suite } = this.config;
    const stage = this.stages.get(name) ?? new Stage(this.mujoco, files, composeTask(files, suite, name));
    this.stages.delete(name);
    this.stages.set(name, stage);
    const [oldest] = this.stages;
    if (this.stages.size > MOST_STAGES) {
      oldest![1].close();
      this.stages.delete(oldest![0]);
    }
    return stage;
  }

  private assertOpen(): void {
    requireOpen('LIBERO', this.closed, 'createLibero');
  }

  private running(what: string, needsRunning: boolean): Episode {
    this.assertOpen();
    return requireEpisode(`LIBERO.${what}`, this.episode, needsRunning);
  }
}
