/** @file Prompts: the texts of the templates, fixed places, rotary positions, the way back, and instructions that do not fit. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { tinyRobot } from '../../tests/codec-fixtures.ts';
import { tabletopTokenizer } from '../../tests/tabletop-tokenizer.ts';
import { createPromptCodec, promptLength, type PromptPart } from './prompt.ts';
import { PROMPTS, type PromptName } from './prompts/index.ts';
import type { PromptCamera } from './prompts/template.ts';

const tokenizer = tabletopTokenizer();
const cameras = [
  { name: 'front', label: 'front' },
  { name: 'wrist', label: 'wrist' },
];
const grids = { front: [2, 3], wrist: [2, 2] } as const;
const codecOf = (parts: PromptPart[], maxTokens: number) =>
  createPromptCodec({ parts, maxTokens, padToken: '<|pad|>' }, grids, tokenizer);

const template = (name: PromptName, of: readonly PromptCamera[]): PromptPart[] =>
  PROMPTS[name]({ cameras: of, embodiment: tinyRobot, horizon: 4 });

/** The text of ids, with runs of image tokens counted. */
function textOf(ids: BigInt64Array): string {
  return tokenizer
    .decode([...ids].map(Number))
    .replaceAll(/(<\|image_pad\|>)+/g, (run) => `[${run.length / '<|image_pad|>'.length}]`)
    .replaceAll('<|pad|>', '');
}

test('the full form is ZR-0’s in Qwen3-VL’s chat template', () => {
  const { ids } = codecOf(template('zr-0', cameras), 60).encode('lift the red block');
  assert.equal(
    textOf(ids),
    '<|im_start|>user\nfront<|vision_start|>[6]<|vision_end|>wrist<|vision_start|>[4]<|vision_end|>' +
      '<TASK> lift the red block <\\TASK>\n<|im_end|>\n<|im_start|>assistant\n',
  );
});

test('Xiaomi-Robotics-0’s is the string that its server makes', () => {
  const views = [
    { name: 'front', label: 'Base View' },
    { name: 'wrist', label: 'Left-Wrist View' },
  ];
  const { ids } = codecOf(template('xiaomi-robotics-0', views), 160).encode('Pick up the red block.');
  // deploy/server.py, with the counts of image tokens in brackets.
  assert.equal(
    textOf(ids),
    '<|im_start|>user\nThe following observations are captured from multiple views.\n# Base View\n' +
      '<|vision_start|>[6]<|vision_end|>\n# Left-Wrist View\n<|vision_start|>[4]<|vision_end|>\n' +
      'Generate robot actions for the task:\nPick up the red block. /no_cot<|im_end|>\n' +
      '<|im_start|>assistant\n<cot></cot><|im_end|>\n',
  );
});

test('the short form keeps the order in few tokens', () => {
  const { ids, count, mask } = codecOf(template('short', cameras), 40).encode('lift the red block');
  assert.equal(
    textOf(ids),
    'front<|vision_start|>[6]<|vision_end|>wrist<|vision_start|>[4]<|vision_end|>' +
      '<TASK> lift the red block <\\TASK><|im_end|>',
  );
  assert.equal(count, 26);
  assert.deepEqual([...mask], [...Array(26).fill(1), ...Array(14).fill(0)]);
  assert.equal(ids[25], BigInt(tokenizer.id('<|im_end|>')));
  assert.equal(ids[26], BigInt(tokenizer.id('<|pad|>')));
});

test('DM0’s images have no marks, and its pieces are encoded one by one', () => {
  const parts = template('dm0', cameras);
  const codec = codecOf(parts, 220);
  const { ids, count } = codec.encode('lift the red block');
  const system =
    'A chat between a curious user and an artificial intelligence assistant. ' +
    "The assistant gives helpful, detailed, and polite answers to the user's questions. ";
  assert.equal(textOf(ids), `[10]${system}USER: lift the red block `);
  const text = [system, 'USER: ', 'lift the red block '].flatMap((piece) => tokenizer.encode(piece));
  assert.deepEqual([...ids].slice(10, count).map(Number), text);
  // Together, a token would reach from one piece into the next.
  assert.notDeepEqual(tokenizer.encode(`${system}USER: lift the red block `), text);
  assert.deepEqual(
    codec.layout.images.map(({ start, count: tokens }) => [start, tokens]),
    [
      [0, 6],
      [6, 4],
    ],
  );
  assert.equal(codec.decode(ids), 'lift the red block');
  const free = tokenizer.encode('lift the red block').length;
  assert.equal(promptLength(parts, grids, tokenizer) + free, count);
});

test('images stand at fixed places and positions follow mRoPE', () => {
  const { layout } = codecOf(template('short', cameras), 24);
  assert.deepEqual(layout.images, [
    { camera: 'front', start: 2, count: 6, rows: 2, columns: 3 },
    { camera: 'wrist', start: 11, count: 4, rows: 2, columns: 2 },
  ]);
  // label, start, 2 × 3 image at 2, end at 2 + 3; label, start, 2 × 2 image at 8, end at 8 + 2, text.
  assert.deepEqual(layout.positions, [
    [0, 1, 2, 2, 2, 2, 2, 2, 5, 6, 7, 8, 8, 8, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18],
    [0, 1, 2, 2, 2, 3, 3, 3, 5, 6, 7, 8, 8, 9, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
    [0, 1, 2, 3, 4, 2, 3, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
  ]);
});

test('instructions come back out of the ids', () => {
  const instructions = [
    '',
    'lift the red block',
    ' odd  spaces ',
    'Heb den roten Würfel!',
    '拿起红色的积木',
    '<TASK> x <\\TASK>',
  ];
  for (const parts of [template('zr-0', cameras), template('short', cameras)]) {
    const codec = codecOf(parts, 90);
    for (const instruction of instructions) assert.equal(codec.decode(codec.encode(instruction).ids), instruction);
  }
  assert.throws(() => codecOf(template('short', cameras), 40).decode(tokenizer.encode('lift')), { code: 'bad-data' });
});

test('an instruction that is too long says how many tokens fit', () => {
  const parts = template('short', cameras);
  const fixed = promptLength(parts, grids, tokenizer);
  const codec = codecOf(parts, fixed + 4);
  assert.equal(codec.encode('lift the red block').count, fixed + 4);
  assert.throws(() => codec.encode('lift the red block now please'), {
    code: 'bad-argument',
    message:
      /^instruction: expected at most 4 tokens, got \d+ \(the prompt has 26, of which images and template take 22\)\.$/,
    hint: /codec\.instructionTokens/,
  });
});

test('special tokens cannot enter through the instruction', () => {
  assert.throws(() => codecOf(template('short', cameras), 60).encode('lift<|im_end|>'), {
    code: 'bad-argument',
    message: 'instruction: expected plain text, got the special token "<|im_end|>".',
  });
});

test('parts that do not fit the cameras are refused', () => {
  const [front, wrist] = cameras;
  const wrong: PromptPart[][] = [
    template('short', [front!]),
    template('short', [wrist!, front!]),
    [{ kind: 'instruction' }, ...template('short', cameras).filter((part) => part.kind === 'image')],
  ];
  for (const parts of wrong) {
    assert.throws(() => codecOf(parts, 60), { code: 'bad-argument', message: /expected the images of front, wrist/ });
  }
  assert.throws(() => codecOf(template('short', cameras).slice(0, 4), 60), { message: /one instruction part, got 0/ });
  assert.throws(() => codecOf(template('short', cameras), 12), { message: /expected maxTokens above/ });
});
