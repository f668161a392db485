/** @file Qwen-VLA's prompt and codec: the sentence of the embodiment, marked views, clipped actions in the leading channels. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign, tinyRobot, tinySample } from '../../../tests/codec-fixtures.ts';
import { tabletopTokenizer } from '../../../tests/tabletop-tokenizer.ts';
import { Random } from '../../base/random.ts';
import { createPromptCodec, type PromptPart } from '../prompt.ts';
import { qwenVlaPrompt } from './qwen-vla.ts';

const body = { tag: 'Franka Panda', arms: 1, waist: false, mobileBase: false } as const;
const design = {
  ...tinyDesign,
  embodiment: { ...tinyRobot, body },
  prompt: qwenVlaPrompt,
  clamp: 1,
  instructionTokens: 40,
};
const cameras = [
  { name: 'front', label: 'ego' },
  { name: 'wrist', label: 'cam_left_wrist' },
];
const text = (parts: readonly PromptPart[]): string =>
  parts.map((part) => (part.kind === 'text' ? part.text : `[${part.kind}]`)).join('');

test('the prompt marks each view and speaks of the body, the rate and the horizon', () => {
  const of = (changes: object): string =>
    text(qwenVlaPrompt({ cameras, embodiment: { ...tinyRobot, body: { ...body, ...changes } }, horizon: 16 }));
  assert.equal(
    of({}),
    '<|im_start|>user\n<|ego_start|>[image]<|ego_end|><|cam_left_wrist_start|>[image]<|cam_left_wrist_end|>' +
      'The robot is Franka Panda with single arm. The control frequency is 20 Hz. Please predict the next 16 control actions ' +
      'to execute the following task: [instruction].<|im_end|>\n<|im_start|>assistant\n',
  );
  assert.match(of({ arms: 2, waist: true, mobileBase: true }), /with dual arms, waist, and mobile base\./);
  assert.match(of({ mobileBase: true }), /with single arm, and mobile base\./);
});

test('an embodiment without a body is refused', () => {
  assert.throws(() => qwenVlaPrompt({ cameras, embodiment: tinyRobot, horizon: 16 }), {
    code: 'bad-argument',
    message: 'prompt qwen-vla: expected the body of "tiny-robot", got none.',
  });
});

test('its codec clips actions to [-1, 1] and puts them into the leading channels', () => {
  const codec = codecOf({ ...design, actionSize: 64 });
  const { actions, actionMask } = codec.collate([tinySample(1)], [new Random(1)]);
  assert.deepEqual(actions!.shape, [1, 4, 64]);
  (actions!.data as Float32Array).forEach((value, i) => {
    assert.ok(Math.abs(value) <= 1);
    assert.ok(i % 64 < 3 || (value === 0 && actionMask!.data[i] === 0));
  });
});

test('instructions come back out of the ids', () => {
  const { config } = codecOf(design);
  const prompt = createPromptCodec(config.prompt, { front: [4, 4], wrist: [2, 2] }, tabletopTokenizer());
  for (const instruction of ['', 'lift the red block', ' odd  spaces ', '拿起红色的积木']) {
    assert.equal(prompt.decode(prompt.encode(instruction).ids), instruction);
  }
});
