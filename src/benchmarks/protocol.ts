/** @file What an evaluation plays: conditions, seeds apart from training, and the ordered list of episodes. */

import { VlaError, lookUp } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import type { EpisodeSpec } from '../interfaces/environment.ts';

/**
 * Evaluation seeds start here; recorders of training data use seeds below it, so that no scene of the evaluation was
 * ever trained on.
 */
export const FIRST_EVALUATION_SEED = 1_000_000_000;

/** The whole plan is held in memory. */
const MOST_EPISODES = 1_000_000;

/** Salts of the streams drawn from an episode's seed. */
const NOISE_STREAM = 0x6e6f6973;
const SHUFFLE_STREAM = 0x73687566;

/** `n` below the first evaluation seed counts from it; a larger one is a seed as records name it. */
export function unseenSeed(n: number): number {
  if (!Number.isSafeInteger(n) || n < 0) {
    throw new VlaError('bad-argument', `seed: expected a whole number from 0, got ${n}.`, {
      hint: 'Choose another seed.',
    });
  }
  return n < FIRST_EVALUATION_SEED ? FIRST_EVALUATION_SEED + n : n;
}

/** One way of asking: what is changed in the world or in the instruction. */
export interface Condition {
  /** As on the command line, for example "base" or "other". */
  readonly name: string;
  /** One sentence for a reader of the report. */
  readonly meaning: string;
  /** What it changes in the episode. */
  readonly change: Pick<EpisodeSpec, 'perturbation' | 'phrasing' | 'instructionTarget'>;
  /** The policy hears the instruction of another episode of the run. */
  readonly shuffled: boolean;
  /** False where a policy that listens must NOT reach the scene's own goal. */
  readonly wantsSuccess: boolean;
}

const INSTRUCTION_CONDITIONS: readonly Condition[] = [
  { name: 'base', meaning: 'As in training, on unseen seeds.', change: {}, shuffled: false, wantsSuccess: true },
  {
    name: 'other',
    meaning:
      'The instruction names another object of the scene; counted is whether the true target was served all the same.',
    change: { instructionTarget: 'other' },
    shuffled: false,
    wantsSuccess: false,
  },
  {
    name: 'shuffled',
    meaning: 'Each episode gets the instruction of another episode; a policy that listens falls to chance.',
    change: {},
    shuffled: true,
    wantsSuccess: false,
  },
  {
    name: 'held-out',
    meaning: 'Phrasings that were never trained on.',
    change: { phrasing: 'held-out' },
    shuffled: false,
    wantsSuccess: true,
  },
];

/** All conditions of an environment: four about the instruction, then one per perturbation. */
export function allConditions(perturbations: readonly string[]): Condition[] {
  const own = perturbations.map((name): Condition => {
    return {
      name,
      meaning: `The world is changed: ${name.replaceAll('-', ' ')}.`,
      change: { perturbation: name },
      shuffled: false,
      wantsSuccess: true,
    };
  });
  return [...INSTRUCTION_CONDITIONS, ...own];
}

/** The conditions of these names, in the given order; `['all']` is all of them. A miss suggests the nearest name. */
export function chooseConditions(names: readonly string[], perturbations: readonly string[]): Condition[] {
  const all = allConditions(perturbations);
  if (names.length === 1 && names[0] === 'all') return all;
  const table = Object.fromEntries(all.map((condition) => [condition.name, condition]));
  return unique(names).map((name) => lookUp('condition', name, table));
}

/** What a benchmark's words for conditions mean; `own` are those of the four about the instruction that its environment can play. */
export function benchmarkConditions(
  names: readonly string[],
  own: readonly string[],
  perturbations: readonly string[],
): readonly string[] {
  const [word] = names;
  if (names.length !== 1 || (word !== 'all' && word !== 'degradation')) return names;
  const table = INSTRUCTION_CONDITIONS.filter(({ name }) => own.includes(name));
  const chosen = word === 'all' ? table : table.filter(({ wantsSuccess }) => wantsSuccess);
  const found = [...chosen.map(({ name }) => name), ...perturbations];
  if (word === 'all' || found.length > 1) return found;
  throw new VlaError('bad-argument', 'degradation: expected a world with perturbations, got none.', {
    hint: 'Play another benchmark.',
  });
}

/** The tasks of these names, in the environment's order; `['all']` is all of them. */
export function chooseTasks(names: readonly string[], tasks: readonly string[]): string[] {
  if (names.length === 1 && names[0] === 'all') return [...tasks];
  const table = Object.fromEntries(tasks.map((task) => [task, task]));
  const chosen = new Set(names.map((name) => lookUp('task', name, table)));
  return tasks.filter((task) => chosen.has(task));
}

/** One episode of the plan. Everything random in it follows from `spec.seed`. */
export interface PlannedEpisode {
  /** Its place in the plan and in the result. */
  readonly index: number;
  readonly condition: string;
  readonly spec: EpisodeSpec;
  /** The seed of the policy's own random numbers; the same in every condition, so that conditions compare in pairs. */
  readonly noiseSeed: number;
  /** The episode whose instruction is given instead of the own one (condition "shuffled"). */
  readonly instructionOf: EpisodeSpec | null;
}

/**
 * The list of episodes: `episodes` seeds from `firstSeed` for every task and condition. Tasks take turns within a
 * condition, so that a run that is stopped early has seen all of them; with `byTask` one follows the other.
 */
export function planEpisodes(plan: {
  readonly tasks: readonly string[];
  readonly conditions: readonly Condition[];
  readonly episodes: number;
  readonly firstSeed: number;
  readonly byTask?: boolean;
}): PlannedEpisode[] {
  const { tasks, conditions, episodes, firstSeed, byTask = false } = plan;
  if (!Number.isInteger(episodes) || episodes < 1 || episodes > MOST_EPISODES) {
    throw new VlaError('bad-argument', `evaluate: expected 1 to ${MOST_EPISODES} episodes per task, got ${episodes}.`, {
      hint: '100 episodes give an interval of about ± 5 % near the top.',
    });
  }
  if (tasks.length === 0 || conditions.length === 0) {
    throw new VlaError('bad-argument', 'evaluate: expected at least one task and one condition, got none.', {
      hint: 'Name them, or say "all".',
    });
  }
  if (!Number.isSafeInteger(firstSeed) || !Number.isSafeInteger(firstSeed + (episodes - 1))) {
    throw new VlaError(
      'bad-argument',
      `evaluate: expected ${episodes} seeds below 2⁵³, got such that begin at ${firstSeed}.`,
      { hint: 'Larger numbers are not told apart: begin lower.' },
    );
  }
  const seeds = Array.from({ length: episodes }, (_, i) => firstSeed + i);
  const scenes = byTask
    ? tasks.flatMap((task) => seeds.map((seed) => ({ task, seed })))
    : seeds.flatMap((seed) => tasks.map((task) => ({ task, seed })));
  const shuffled = conditions.find((condition) => condition.shuffled);
  if (shuffled !== undefined && scenes.length < 2) {
    throw new VlaError('bad-argument', `evaluate: condition "${shuffled.name}": expected at least 2 episodes, got 1.`, {
      hint: 'With one there is no other whose instruction it could get: raise --episodes, or add a task.',
    });
  }
  const sources = shuffledSources(scenes, firstSeed);
  const planned: PlannedEpisode[] = [];
  for (const condition of conditions) {
    for (const [i, scene] of scenes.entries()) {
      planned.push({
        index: planned.length,
        condition: condition.name,
        spec: { ...scene, ...condition.change },
        noiseSeed: new Random(scene.seed, NOISE_STREAM).bits(),
        instructionOf: condition.shuffled ? sources[i]! : null,
      });
    }
  }
  return planned;
}

/** For each scene another one of the list, each taken once (one cycle through all of them, Sattolo 1986). */
function shuffledSources(scenes: readonly EpisodeSpec[], seed: number): EpisodeSpec[] {
  const order = [...scenes];
  const random = new Random(seed, SHUFFLE_STREAM);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
