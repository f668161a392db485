/** @file One part of a set of questions: plays episodes, stops at random moments, asks. A pure function of the settings and the part's number. */

import { VlaError } from '../../../base/errors.ts';
import { Random } from '../../../base/random.ts';
import { FIRST_EVALUATION_SEED } from '../../../benchmarks/protocol.ts';
import type { Image } from '../../../interfaces/observation.ts';
import type { Tabletop } from '../../../simulation/tabletop/index.ts';
import {
  playStory,
  progressAt,
  type Question,
  type QuestionKind,
} from '../../../simulation/tabletop/questions/index.ts';

/** Samples of a part; DM0's code reads a whole file for each sample, so files are short. */
export const PART_SAMPLES = 256;
/** Moments of an episode that become pictures. */
const MOMENTS = 4;
/** The share of moments at the end of the episode, where the task is done. */
const END_SHARE = 0.2;
/** Episodes in a row that may give no question before the kinds asked for are thought never to be answerable. */
const MOST_BARREN = 40;

/** What a set is made of. The same settings and part give the same samples. */
export interface PartSettings {
  readonly seed: number;
  readonly tasks: readonly string[];
  readonly kinds: readonly QuestionKind[];
  readonly samplesPerPicture: number;
}

/** A question about a picture of the part. */
export interface PartQuestion extends Question {
  readonly kind: string;
  readonly topic: string;
}

/** A picture, where it is from, and what is asked about it. */
export interface PartPicture {
  readonly images: Readonly<Record<string, Image>>;
  readonly task: string;
  /** The episode's seed in the tabletop, and the control step before which the picture was taken. */
  readonly seed: number;
  readonly step: number;
  readonly questions: readonly PartQuestion[];
}

/** The pictures of part `part` with `samples` questions in all, one after the other. Fewer samples are the first ones of more. */
export async function* makePart(
  tabletop: Tabletop,
  settings: PartSettings,
  part: number,
  samples: number,
): AsyncGenerator<PartPicture> {
  const { tasks, kinds, samplesPerPicture } = settings;
  const asked = new Map(kinds.map((kind) => [kind, 0]));
  let left = samples;
  let barren = 0;
  for (let episode = 0; left > 0; episode++) {
    const random = new Random(settings.seed, part, episode);
    const task = tasks[(part + episode) % tasks.length]!;
    const seed = random.integer(FIRST_EVALUATION_SEED);
    const story = await playStory(tabletop, { task, seed, phrasing: 'train' });
    const before = left;
    const moments = story.outcome === 'success' ? drawMoments(random, story.steps) : [];
    for (const step of moments) {
      await tabletop.restore(story.states[step]!);
      const moment = { scene: tabletop.seen(), progress: progressAt(story, step) };
      const questions: PartQuestion[] = [];
      for (const kind of leastAskedFirst(asked, random)) {
        if (questions.length >= Math.min(samplesPerPicture, left)) break;
        const question = kind.ask(moment, random);
        if (question === null) continue;
        asked.set(kind, asked.get(kind)! + 1);
        questions.push({ ...question, kind: kind.name, topic: kind.topic });
      }
      if (questions.length === 0) continue;
      left -= questions.length;
      yield { images: (await tabletop.observe()).images, task, seed, step, questions };
      if (left === 0) return;
    }
    barren = left < before ? 0 : barren + 1;
    if (barren > MOST_BARREN) throw barrenError(settings);
  }
}

/** Distinct moments, in no order. */
function drawMoments(random: Random, steps: number): number[] {
  const drawn = Array.from({ length: MOMENTS }, () => (random.uniform() < END_SHARE ? steps : random.integer(steps)));
  return [...new Set(drawn)];
}

/** Kinds that cannot always be asked are asked whenever they can, so that all come about equally often. */
function leastAskedFirst(asked: ReadonlyMap<QuestionKind, number>, random: Random): QuestionKind[] {
  return random.shuffle([...asked.keys()]).sort((a, b) => asked.get(a)! - asked.get(b)!);
}

function barrenError({ tasks, kinds }: PartSettings): VlaError {
  const names = kinds.map(({ name }) => name).join(', ');
  return new VlaError(
    'unsupported',
    `vision-language: ${MOST_BARREN} episodes of ${tasks.join(', ')} answer no question of ${names}.`,
    { hint: 'Ask for further kinds or tasks, or for larger pictures.' },
  );
}
