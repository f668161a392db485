/** @file Answers: ZR-0's JSON as Python writes it, DM0's order and wordings, what a sample lacks, what the expert reads. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { Random } from '../../base/random.ts';
import type { Annotation, ImagePoint } from '../../interfaces/annotation.ts';
import { createTextTokenizer } from '../text-tokens/text-tokenizer.ts';
import type { AnswerContext, SampleAnswer } from './answer.ts';
import { ANSWERS, type AnswerName } from './index.ts';

const annotation: Annotation = {
  scene: 'a red block and a bowl are on the table',
  subtask: 'lift the red block',
  finished: ['grasp the red block'],
  todo: ['lift the red block', 'place the red block in the bowl'],
  targets: [
    { name: 'red block', boxes: { front: [0.1, 0.2, 0.3, 0.4], wrist: [0.25, 0.5, 1.2, 0.75] } },
    { name: 'bowl', boxes: { front: [1.1, 0.2, 1.4, 0.4] } },
  ],
  goal: { name: 'bowl', boxes: { front: [0.5, 0.5, 1, 1] } },
  trace: {
    front: [
      [0.1, 0.1],
      [0.2, 0.3],
      [0.5, 1.5],
      [0.75, 1],
    ],
  },
};

/** A context; `uniform` is the first draw, which chooses what the expert reads. */
function context(
  uniform: number,
  { seed = 0, ...changes }: Partial<Omit<AnswerContext, 'sample'>> & { seed?: number; annotation?: Annotation } = {},
): AnswerContext {
  const random = new Random(seed);
  const draws = [uniform];
  return {
    sample: {
      images: {},
      state: new Float32Array(1),
      instruction: 'put the red block in the bowl',
      actions: new Float32Array(2),
      actionIsPad: new Uint8Array(2),
      supervision: {},
      ...('annotation' in changes
        ? changes.annotation === undefined
          ? {}
          : { annotation: changes.annotation }
        : { annotation }),
    },
    cameras: [
      { name: 'front', label: 'observation.images.front' },
      { name: 'wrist', label: 'observation.images.wrist' },
    ],
    actionText: () => '<robot_action_3><robot_action_17>',
    project: (_camera, point) => point,
    hasToken: () => false,
    random: Object.assign(Object.create(random) as Random, { uniform: () => draws.shift() ?? random.uniform() }),
    ...changes,
  };
}

const HIDDEN = 0.5;
const READS = 0.05;

function answer(name: AnswerName, given: AnswerContext): SampleAnswer {
  const found = ANSWERS[name](given);
  assert.ok(found !== null);
  return found;
}

test('zr-0 writes what json.dumps(…, indent=2) writes, keys in the open code’s order', () => {
  const { text, ...rest } = answer('zr-0', context(HIDDEN));
  assert.deepEqual(rest, { cue: '', end: '<|im_end|>', expert: 'hidden' });
  assert.equal(
    text,
    `{
  "Chain-of-Thought Reasoning": "A red block and a bowl are on the table. The task is not finished because only this has been done: grasp the red block. The robot should lift the red block, then place the red block in the bowl.",
  "Finished": "No",
  "To-do Actions": [
    "lift the red block",
    "place the red block in the bowl"
  ],
  "Target Objects": {
    "observation.images.front": [
      {
        "bbox_2d": [
          0.1,
          0.2,
          0.3,
          0.4
        ],
        "label": "red block"
      }
    ],
    "observation.images.wrist": [
      {
        "bbox_2d": [
          0.25,
          0.5,
          1,
          0.75
        ],
        "label": "red block"
      }
    ]
  },
  "Discrete Action Tokens": "<robot_action_3><robot_action_17>"
}`,
  );
});

test('a finished task has neither actions to come nor targets, and its subtask is "done"', () => {
  const done: Annotation = { ...annotation, todo: [], finished: ['all'] };
  const json = JSON.parse(answer('zr-0', context(HIDDEN, { annotation: done })).text) as Record<string, unknown>;
  assert.deepEqual(Object.keys(json), ['Chain-of-Thought Reasoning', 'Finished', 'Discrete Action Tokens']);
  assert.equal(json['Finished'], 'Yes');
  assert.equal(answer('subtask', context(HIDDEN, { annotation: done })).text, '<SUB_TASK>done');
});

test('one zr-0 sample in ten names its subtask alone, and the expert reads it', () => {
  const expected = { cue: 'Sub task:', text: '<SUB_TASK>lift the red block', end: '</SUB_TASK>', expert: 'reads' };
  for (const name of ['zr-0', 'zr-0-short', 'subtask'] as const) {
    assert.deepEqual(ANSWERS[name](context(READS)), expected);
  }
  const random = new Random(7);
  const read = Array.from({ length: 4000 }, () => answer('zr-0', { ...context(0), random }).expert === 'reads');
  const share = read.filter(Boolean).length / read.length;
  assert.ok(Math.abs(share - 0.1) < 0.02, `share ${share}`);
});

test('dm0 goes from the subtask over box and trace to actions', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { text, expert, cue } = answer('dm0', context(HIDDEN, { seed }));
    const places = ['ASSISTANT: ', 'lift the red block', '500 500 1000 1000', '100 100 200 300 500 1000 750 1000'].map(
      (part) => text.indexOf(part),
    );
    places.push(text.indexOf('<robot_action_3><robot_action_17>'));
    assert.ok(
      places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1]!)),
      text,
    );
    assert.deepEqual([expert, cue], ['hidden', '']);
  }
});

test('dm0 has hundreds of wordings where all parts are there', () => {
  const texts = new Set(Array.from({ length: 6000 }, (_, seed) => answer('dm0', context(HIDDEN, { seed })).text));
  assert.equal(texts.size, 6 * 5 * 5 * 4);
});

test('dm0 leaves out what a sample lacks, and the expert never reads actions', () => {
  const cases: readonly [Annotation | undefined, string[]][] = [
    [undefined, []],
    [{ subtask: 'lift the red block.' }, ['lift the red block']],
    [{ goal: annotation.goal! }, ['500 500 1000 1000']],
    [{ trace: annotation.trace!, targets: annotation.targets! }, ['100 200 300 400', '100 100 200 300']],
    [{ scene: 'a table' }, []],
  ];
  for (const [given, parts] of cases) {
    const hidden = answer('dm0', context(HIDDEN, { annotation: given! })).text;
    for (const part of parts) assert.ok(hidden.includes(part), hidden);
    assert.ok(!/undefined|null|\.\./.test(hidden), hidden);
    const read = answer('dm0', context(READS, { annotation: given! }));
    assert.equal(read.expert, parts.length === 0 ? 'hidden' : 'reads');
    assert.equal(read.text.includes('<robot_action'), parts.length === 0);
  }
});

test('coordinates are DM0’s tokens where the tokenizer has them', () => {
  const tokens = new Set(['<action>0</action>', '<action>727</action>']);
  const { text } = answer('dm0-short', context(HIDDEN, { hasToken: (token) => tokens.has(token) }));
  const box = '<action>364</action><action>364</action><action>727</action><action>727</action>';
  assert.ok(text.startsWith(`lift the red block; ${box}; <action>73</action>`), text);
});

test('boxes and traces go through the projection, and what the model does not see is left out', () => {
  const halved = (camera: string, [x, y]: ImagePoint): ImagePoint => (camera === 'front' ? [x / 2, y] : [x + 2, y]);
  const given = context(HIDDEN, { project: halved });
  const zr0 = JSON.parse(answer('zr-0', given).text) as { 'Target Objects': Record<string, { bbox_2d: number[] }[]> };
  const front = zr0['Target Objects']['observation.images.front']!;
  assert.deepEqual(Object.keys(zr0['Target Objects']), ['observation.images.front']);
  assert.deepEqual(
    front.map(({ bbox_2d }) => bbox_2d),
    [
      [0.05, 0.2, 0.15, 0.4],
      [0.55, 0.2, 0.7, 0.4],
    ],
  );
  const away = context(HIDDEN, { project: (_camera, [x, y]) => [x - 3, y] });
  assert.equal(answer('dm0-short', away).text, 'lift the red block; <robot_action_3><robot_action_17>');
});

test('a sample about which nothing is known has no answer', () => {
  for (const [name, template] of Object.entries(ANSWERS)) {
    for (const uniform of [HIDDEN, READS]) {
      const nothing = { annotation: undefined as never, actionText: () => null };
      assert.equal(template(context(uniform, nothing)), null, name);
    }
  }
  assert.equal(answer('actions', context(HIDDEN)).text, '<robot_action_3><robot_action_17>');
});

test('the same random stream gives the same answer', () => {
  for (const template of Object.values(ANSWERS)) {
    const twice = [0, 1].map(() => template({ ...context(0), random: new Random(3, 1) }));
    assert.deepEqual(twice[0], twice[1]);
  }
});

test('short answers take at most 50 tokens of the shipped tokenizer beside their action tokens', () => {
  const read = (file: string): Record<string, unknown> =>
    JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'assets/tokenizers/tabletop', file), 'utf8')) as Record<
      string,
      unknown
    >;
  const tokenizer = createTextTokenizer(read('tokenizer.json'), read('tokenizer_config.json'), 'tabletop');
  for (const name of ['zr-0-short', 'dm0-short', 'subtask'] as const) {
    for (const uniform of [HIDDEN, READS]) {
      const { text } = answer(name, context(uniform, { actionText: () => '' }));
      const { length } = tokenizer.encode(text);
      assert.ok(length <= 50, `${name}: ${length} tokens in ${text}`);
    }
  }
});
