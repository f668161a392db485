/** @file Answers hold against pixels, world positions and a second play of the episode, none of which the questions were made from. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Random } from '../../../base/random.ts';
import type { Outcome } from '../../../interfaces/environment.ts';
import type { Image } from '../../../interfaces/observation.ts';
import { parseBoxText } from '../../../interfaces/box-text.ts';
import { COLOURS, type ColourName } from '../colours.ts';
import { createTabletop, TASKS, type Tabletop } from '../index.ts';
import {
  playStory,
  progressAt,
  QUESTION_KINDS,
  questionKinds,
  type Moment,
  type Question,
  type Story,
} from './index.ts';

const SIZE = 96;

interface Asked extends Moment {
  readonly image: Image;
  readonly task: string;
  readonly story: Story;
  readonly step: number;
  /** Kind → what was asked at this moment, several times. */
  readonly questions: Readonly<Record<string, readonly Question[]>>;
}

let tabletop: Tabletop;
const asked: Asked[] = [];

before(async () => {
  tabletop = await createTabletop({ imageSize: SIZE });
  for (let episode = 0; episode < 3 * TASKS.length; episode++) {
    const random = new Random(11, episode);
    const task = TASKS[episode % TASKS.length]!.name;
    const story = await playStory(tabletop, { task, seed: 500 + episode });
    assert.equal(story.outcome, 'success', `${task}, episode ${episode}`);
    for (const step of [0, random.integer(story.steps), random.integer(story.steps), story.steps]) {
      await tabletop.restore(story.states[step]!);
      const moment = { scene: tabletop.seen(), progress: progressAt(story, step) };
      const image = (await tabletop.observe()).images['front']!;
      const questions = Object.fromEntries(
        QUESTION_KINDS.map((kind) => [
          kind.name,
          Array.from({ length: 6 }, () => kind.ask(moment, random)).filter((question) => question !== null),
        ]),
      );
      asked.push({ ...moment, image, task, story, step, questions });
    }
  }
});
after(() => tabletop.close());

/** Every question of a kind with the moment it was asked at; at least `least`, or the test would show nothing. */
function all(kind: string, least = 60): { moment: Asked; question: string; answer: string }[] {
  const found = asked.flatMap((moment) => moment.questions[kind]!.map((one) => ({ moment, ...one })));
  assert.ok(found.length >= least, `${kind}: ${found.length} questions`);
  return found;
}

/** Hue in degrees and saturation of a pixel; the table is brown (saturation below 0.5), the arm grey. */
function hue(red: number, green: number, blue: number): { degrees: number; saturation: number } {
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const span = most - least;
  const sixth =
    span === 0
      ? 0
      : most === red
        ? ((green - blue) / span + 6) % 6
        : most === green
          ? (blue - red) / span + 2
          : (red - green) / span + 4;
  return { degrees: 60 * sixth, saturation: most === 0 ? 0 : span / most };
}

/** How far the hue of a colour's pixels may be off, whatever the light and the episode's change of colour. */
const HUE_RANGE = 16;

function isColour(image: Image, pixel: number, colour: ColourName): boolean {
  const [red, green, blue] = image.data.subarray(3 * pixel, 3 * pixel + 3);
  const { degrees, saturation } = hue(red!, green!, blue!);
  const { degrees: wanted } = hue(...COLOURS[colour]);
  const off = Math.abs(((degrees - wanted + 540) % 360) - 180);
  return saturation > 0.62 && off < HUE_RANGE;
}

/** Pixels of a colour, and the box around them in fractions. */
function pixels(image: Image, colour: ColourName): { count: number; box: number[] } {
  let [count, x0, y0, x1, y1] = [0, SIZE, SIZE, 0, 0];
  for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
    if (!isColour(image, pixel, colour)) continue;
    const [x, y] = [pixel % SIZE, Math.floor(pixel / SIZE)];
    count++;
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x + 1), Math.max(y1, y + 1)];
  }
  return { count, box: [x0, y0, x1, y1].map((value) => value / SIZE) };
}

/** The names of things in a question. White and dark cannot be told from arm and table by their hue. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/\b(?:red|green|blue|yellow|purple|white|dark) [a-z]+/g)].map(([name]) => name);
}
const isHued = (name: string): boolean => !/^(white|dark)/.test(name);

test('boxes are those of the pixels of the thing’s colour', () => {
  const worst: number[] = [];
  for (const { moment, question, answer } of all('locate')) {
    const [name] = namesIn(question);
    if (!isHued(name!)) continue;
    const { box } = pixels(moment.image, name!.split(' ')[0] as ColourName);
    const claimed = parseBoxText(answer)!;
    worst.push(Math.max(...claimed.map((side, k) => Math.abs(side - box[k]!))));
  }
  worst.sort((a, b) => a - b);
  assert.ok(worst.length > 200, `${worst.length}`);
  // Half a number of the text, and a pixel half covered; what hides a little of a thing costs more.
  assert.ok(worst[Math.floor(0.8 * worst.length)]! < 0.02, `${worst[Math.floor(0.8 * worst.length)]}`);
  assert.ok(worst.at(-1)! < 0.06, `${worst.at(-1)}`);
});

test('what is said to be in a box fills it with its colour', () => {
  for (const { moment, question, answer } of all('identify')) {
    if (!isHued(answer)) continue;
    const [x0, y0, x1, y1] = parseBoxText(question)!;
    let [inside, matching] = [0, 0];
    for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
      const [x, y] = [((pixel % SIZE) + 0.5) / SIZE, (Math.floor(pixel / SIZE) + 0.5) / SIZE];
      if (x < x0 || x > x1 || y < y0 || y > y1) continue;
      inside++;
      matching += Number(isColour(moment.image, pixel, answer.split(' ')[0] as ColourName));
    }
    assert.ok(matching > 0.25 * inside, `${question} ${answer}: ${matching} of ${inside} pixels`);
  }
});

test('what exists has pixels, what does not has none of its colour or another noun', () => {
  for (const { moment, question, answer } of all('existence')) {
    const [name] = namesIn(question) as [string];
    assert.equal(
      answer === 'yes',
      moment.scene.things.some((thing) => thing.name === name),
      question,
    );
    const [colour, noun] = name.split(' ') as [ColourName, string];
    if (!isHued(name)) continue;
    const { count } = pixels(moment.image, colour);
    if (answer === 'yes') assert.ok(count > 10, `${question}: ${count} pixels`);
    const others = moment.scene.things.filter((thing) => thing.colour === colour && thing.noun !== noun);
    if (answer === 'no' && others.length === 0) assert.ok(count < 6, `${question}: ${count} pixels`);
  }
});

test('counts and colours are those of the scene that the seed draws', () => {
  for (const { moment, question, answer } of all('count', 30)) {
    const things = moment.scene.things.filter(({ noun }) => noun !== 'pad' && noun !== 'zone');
    const colour = /(red|green|blue|yellow|purple|white) things/.exec(question)?.[1];
    const noun = /\b(cube|cylinder|box|ball|drawer|button)(?:e?s)\b/.exec(question)?.[1];
    const matching = things.filter(
      (thing) => (colour ?? thing.colour) === thing.colour && (noun ?? thing.noun) === thing.noun,
    );
    assert.equal(answer, String(matching.length), question);
    // A colour that is counted is seen.
    for (const thing of matching)
      if (isHued(thing.name)) assert.ok(pixels(moment.image, thing.colour as ColourName).count > 10);
  }
  for (const { moment, question, answer } of all('colour', 30)) {
    const noun = /\b(cube|cylinder|box|ball|drawer|button|pad)\b/.exec(question)![1]!;
    const alike = moment.scene.things.filter((thing) => thing.noun === noun);
    const sideways = /left/.test(question) ? -1 : /right/.test(question) ? 1 : 0;
    // The picture's right is the robot's left: y.
    const wanted = alike.toSorted((a, b) => sideways * (b.position[1] - a.position[1]))[0]!;
    assert.equal(answer, wanted.colour, question);
  }
});

test('relations hold between the world’s positions: the camera looks at the robot, so its right is y and its front is x', () => {
  for (const { moment, question, answer } of all('relation')) {
    const [a, b] = namesIn(question).map((name) => moment.scene.things.find((thing) => thing.name === name)!);
    const [dx, dy] = (/on which side/.test(question) ? [b!, a!] : [a!, b!]).reduce(
      (sum, { position: [x, y] }, i) => (i === 0 ? [x, y] : [sum[0]! - x, sum[1]! - y]),
      [0, 0],
    ) as [number, number];
    const holds: Record<string, boolean> = {
      left: dy < -0.02,
      right: dy > 0.02,
      'in front': dx > 0.02,
      behind: dx < -0.02,
    };
    const claim = /is the .* (left|right|in front|behind)( of)? the/.exec(question)?.[1];
    if (answer === 'yes' || answer === 'no') {
      const opposite = { left: 'right', right: 'left', 'in front': 'behind', behind: 'in front' }[claim!]!;
      assert.ok(holds[answer === 'yes' ? claim! : opposite], `${question} ${answer}: ${dx} ${dy}`);
    } else {
      assert.ok(holds[answer], `${question} ${answer}: ${dx} ${dy}`);
      const [along, across] = /left|right/.test(answer) ? [dy, dx] : [dx, dy];
      assert.ok(Math.abs(along) > Math.abs(across), question);
    }
  }
});

test('the nearest and the outermost are so among all positions', () => {
  for (const { moment, question, answer } of all('nearest', 30)) {
    const things = moment.scene.things.filter(({ isMark }) => !isMark);
    const [anchor] = namesIn(question);
    const measure = ({ position: [x, y] }: (typeof things)[number]): number => {
      if (anchor !== undefined) {
        const [ax, ay] = moment.scene.things.find(({ name }) => name === anchor)!.position;
        return Math.hypot(x - ax, y - ay);
      }
      if (/left/.test(question)) return y;
      if (/right/.test(question)) return -y;
      return /furthest/.test(question) ? x : -x;
    };
    const candidates = things.filter(({ name }) => name !== anchor).toSorted((a, b) => measure(a) - measure(b));
    assert.equal(answer, candidates[0]!.name, question);
  }
});

test('captions name all things in the order of their pixels', () => {
  for (const { moment, answer } of all('caption', 30)) {
    const names = answer.split(', ');
    assert.deepEqual(
      names.toSorted(),
      moment.scene.things
        .filter(({ isMark }) => !isMark)
        .map(({ name }) => name)
        .sort(),
    );
    const places = names.filter(isHued).map((name) => pixels(moment.image, name.split(' ')[0] as ColourName).box);
    const middles = places.map(([x0, , x1]) => (x0! + x1!) / 2);
    assert.deepEqual(
      middles,
      middles.toSorted((a, b) => a - b),
      answer,
    );
  }
});

test('the gripper is as the fingers of the state say, and what it holds is between them', async () => {
  for (const { moment, question, answer } of all('gripper')) {
    await tabletop.restore(moment.story.states[moment.step]!);
    const { state } = await tabletop.observe();
    const gap = state[6]! - state[7]!;
    if (/open or closed/.test(question)) assert.equal(answer, gap > 0.06 ? 'open' : 'closed', `${gap}`);
    else if (answer === 'nothing')
      assert.ok(gap > 0.06 || moment.scene.things.every(far(state)) || gap < 0.01, `${gap}`);
    else {
      const held = moment.scene.things.find(({ name }) => name === answer)!;
      assert.ok(!far(state)(held) && gap > 0.015 && gap < 0.06, `${answer}: ${gap}`);
    }
  }
  function far(state: Float32Array) {
    return ({ position, isMark }: Moment['scene']['things'][number]): boolean =>
      isMark || Math.hypot(...position.map((value, k) => value - state[k]!)) > 0.035;
  }
});

test('progress, steps and what comes next are what a second play from that moment does', async () => {
  for (const moment of asked) {
    await tabletop.restore(moment.story.states[moment.step]!);
    const words: string[] = [];
    let outcome: Outcome = moment.step === moment.story.steps ? moment.story.outcome : 'running';
    while (outcome === 'running') {
      words.push(tabletop.privileged().subtask);
      outcome = await tabletop.step(tabletop.expert());
    }
    assert.equal(outcome, 'success');
    const answers = (kind: string): string[] => [...new Set(moment.questions[kind]!.map(({ answer }) => answer))];
    const percent = (100 * moment.step) / (moment.step + words.length);
    assert.ok(Math.abs(Number(answers('progress')[0]) - percent) <= 5 + 1e-9);
    assert.equal(moment.progress.isDone, words.length === 0);
    for (const answer of answers('done')) assert.equal(answer, words.length === 0 ? 'yes' : 'no');
    const left = [...new Set(words)];
    const { subtasks } = TASKS.find(({ name }) => name === moment.task)!;
    const finished = subtasks.filter((word) => !left.includes(word) && seenBefore(moment, word));
    assert.deepEqual(answers('steps'), [finished.length === 0 ? 'none' : finished.join(', ')]);
    const { steps } = TASKS.find(({ name }) => name === moment.task)!;
    const matches = (answer: string | undefined, word: string | undefined): boolean =>
      word === undefined
        ? answer === 'nothing'
        : new RegExp(`^${steps[word]!.instruction.replaceAll(/\{\w+\}/g, '[a-z ]+')}$`).test(answer!);
    assert.ok(matches(answers('activity')[0], left[0]), `${answers('activity')[0]}: ${left[0]}`);
    assert.ok(
      matches(
        answers('next')[0],
        words.find((word) => word !== left[0]),
      ),
      answers('next')[0],
    );
  }
  function seenBefore({ story, step }: Asked, word: string): boolean {
    return story.subtasks.slice(0, step).some(({ name }) => name === word);
  }
});

test('each kind has several wordings, answers are short, and no place is left unfilled', () => {
  for (const { name } of QUESTION_KINDS) {
    const wordings = new Set(
      all(name, 30).map(({ moment, question }) =>
        question.replaceAll(moment.story.instruction, 'T').replaceAll(/\d+/g, '#'),
      ),
    );
    assert.ok(wordings.size >= 5, `${name}: ${wordings.size}`);
    for (const { question, answer } of all(name, 30)) {
      assert.doesNotMatch(question + answer, /[{}()|]|undefined/);
      assert.ok(answer.split(/[\s,]+/).length <= 10, answer);
    }
  }
});

test('the same moment and stream give the same questions', () => {
  const [first] = asked;
  for (const kind of QUESTION_KINDS) {
    assert.deepEqual(kind.ask(first!, new Random(4)), kind.ask(first!, new Random(4)), kind.name);
  }
});

test('kinds are found by their names and topics, and a wrong one is an error with the nearest', () => {
  assert.deepEqual(
    questionKinds(['grounding', 'count']).map(({ name }) => name),
    ['locate', 'identify', 'count'],
  );
  assert.equal(new Set(QUESTION_KINDS.map(({ name }) => name)).size, QUESTION_KINDS.length);
  assert.throws(() => questionKinds(['captions']), { code: 'not-found', hint: /Did you mean caption\?/ });
});
