/** @file Tests of the preview: a mixture of robots, language alone and conversations is described as training would read it. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  FPS,
  FRONT,
  HEIGHT,
  WIDTH,
  WRIST,
  actionAt,
  pictureAt,
  smallEpisode,
  smallFeatures,
  stateAt,
  writeSmallDataset,
} from '../../../../tests/small-dataset.ts';
import { smallRecipe } from '../../../../tests/small-recipe.ts';
import { decodeImage } from '../../../base/png.ts';
import { writePicture, writeRecords } from '../../../data/dexdata/writer.ts';
import { createLeRobotWriter } from '../../../data/lerobot/writer.ts';
import type { Zr0Config } from '../../../models/zr-0/config.ts';
import type { ConversationsShare, DatasetShare } from '../../../training/recipe.ts';
import { previewData, type DataPreview, type PreviewRecipe } from './data-preview.ts';
import { renderPreview } from './page.ts';
import { previewText } from './text.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'preview-'));
const at = (name: string): string => path.join(root, name);

const base = smallRecipe(at('robot'));
const talk: ConversationsShare = {
  root: at('talk'),
  cameras: base.codec.cameras,
  questionTokens: 16,
  answerTokens: 6,
  samplesPerStep: 2,
};
const blind: DatasetShare = {
  ...base.data.datasets[0]!,
  root: at('blind'),
  samplesPerStep: 2,
  own: {
    codec: {
      cameras: [],
      clamp: 0.5,
      embodiment: { ...(base.codec.embodiment as object), controlHz: FPS / 2 } as never,
    },
    weight: 0.7,
  },
};
const prompt = { attention: 'causal', stateToken: false, learnedPositions: false } as const;
const recipe: PreviewRecipe = {
  ...base,
  name: 'mixed',
  data: {
    ...base.data,
    datasets: [{ ...base.data.datasets[0]!, heldOut: [2], samplesPerStep: 4 }, blind],
    conversations: [talk],
  },
  codec: {
    ...base.codec,
    instructionTokens: 3,
    answer: {
      template: 'actions',
      maxTokens: 90,
      actionText: { kind: 'fit-fast', token: '<a%>', vocabulary: 300, scale: 4 },
    },
  },
  model: { ...base.model, config: { ...(base.model.config as Zr0Config), prompt } as Zr0Config },
  loop: { ...base.loop, steps: 12 },
};

let preview: DataPreview;
before(async () => {
  await writeSmallDataset(at('robot'), 'image', [8, 3, 5]);
  const { [FRONT]: _front, [WRIST]: _wrist, ...features } = smallFeatures('image');
  const writer = createLeRobotWriter({
    root: at('blind'),
    fps: FPS / 2,
    robotType: null,
    features,
    existing: 'refuse',
  });
  await writer.addEpisode({ ...smallEpisode(0, 7), images: {} });
  await writer.finish();
  writer.close();
  const image = { width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, 0, 0) };
  writeRecords(
    at('talk'),
    'part-0.jsonl',
    ['red', 'blue', 'the blue cube on the left'].map((answer, i) => ({
      images: { 1: writePicture(at('talk'), `${i}.png`, image) },
      isRobot: false,
      conversations: [
        { from: 'human', value: `what is block ${i}` },
        { from: 'gpt', value: answer },
      ],
      extra: { kind: i === 0 ? 'colour' : 'place' },
    })),
  );
  preview = await previewData(recipe, () => undefined);
});
after(() => fs.rmSync(root, { recursive: true }));

test('shares, weights and epochs follow from samples per step, steps and frames', () => {
  assert.deepEqual(
    preview.members.map(({ name, kind, share, weight, epochs }) => [name, kind, share, weight, epochs]),
    [
      ['robot', 'robot', 4 / 8, 4 / 8, (12 * 4) / 11],
      ['blind', 'robot', 2 / 8, 0.7, (12 * 2) / 7],
      ['talk', 'conversations', 2 / 8, 2 / 8, (12 * 2) / 3],
    ],
  );
});

test('a robot’s facts are those of its training episodes, in the model’s numbers', () => {
  const [robot, alone] = preview.members;
  assert.ok(robot?.kind === 'robot' && alone?.kind === 'robot');
  assert.deepEqual([robot.episodes, robot.heldOut, robot.frames], [2, 1, 11]);
  assert.equal(robot.hours, 11 / FPS / 3600);
  assert.deepEqual(robot.cameras, [{ name: 'front', width: WIDTH, height: HEIGHT }]);
  // Brute force: what of the numbers lies where, after quantile normalisation by their own quantiles.
  const xs = [8, 3]
    .flatMap((length, episode) => Array.from({ length }, (_, t) => stateAt(episode, t)[0]!))
    .sort((a, b) => a - b);
  const q = (share: number): number => {
    const place = share * (xs.length - 1);
    const low = Math.floor(place);
    return xs[low]! + (place - low) * ((xs[low + 1] ?? xs[low]!) - xs[low]!);
  };
  const normalised = (x: number): number => (2 * (x - q(0.01))) / (q(0.99) - q(0.01)) - 1;
  const [x] = robot.state;
  assert.equal(x!.name, 'x');
  for (const [got, wanted] of [
    [x!.min, normalised(xs[0]!)],
    [x!.q01, -1],
    [x!.median, normalised(q(0.5))],
    [x!.q99, 1],
    [x!.max, normalised(xs.at(-1)!)],
  ] as const) {
    assert.ok(Math.abs(got - wanted) < 1e-5, `${got}, expected ${wanted}`);
  }
  assert.equal(x!.clamped, 0);
  // With a clamp of 0.5 the two values of a gripper, ±1, are both beyond it.
  const gripper = alone.action.find(({ name }) => name === 'grip')!;
  assert.equal(gripper.clamped, 1);
  assert.ok(alone.notes.includes('"grip": 100.0 % of the values are clamped.'));
});

test('what training would refuse or hardly learn is noted', () => {
  const [robot, , words] = preview.members;
  assert.ok(robot?.kind === 'robot' && words?.kind === 'conversations');
  assert.equal(robot.instructions.texts, 2);
  assert.ok(robot.instructions.unfit > 0, 'three tokens are too few for an instruction');
  assert.match(robot.notes.join('\n'), /Training will refuse an instruction: "push the blue cube": .*at most 3 tokens/);
  assert.match(robot.notes.join('\n'), /1 of 2 episodes are shorter than a chunk/);
  assert.deepEqual(words.kinds, { colour: 1, place: 2 });
  assert.equal(words.answers.longestText, 'the blue cube on the left');
  assert.match(words.notes.join('\n'), /refuse 1 of 3 answers: too long/);
});

test('answers are measured as training writes them', async () => {
  const [robot, alone] = preview.members;
  assert.ok(robot?.kind === 'robot' && alone?.kind === 'robot');
  const { texts, longest, room, unfit } = alone.answers!;
  assert.deepEqual([texts, room, unfit], [1, 90, 0]);
  assert.ok(longest > 1 && longest <= 90, `${longest} tokens of actions and their end`);
  assert.equal(robot.answers!.texts, 2);
  const tight = { ...recipe.codec, answer: { ...recipe.codec.answer!, maxTokens: 2 } };
  const refused = await previewData({ ...recipe, codec: tight }, () => undefined);
  assert.match(refused.members[1]!.notes.join('\n'), /Training will refuse an answer: .*at most 2 tokens/);
});

test('odd episodes are found, and pictures are those of the first frames', async () => {
  const [robot] = preview.members;
  assert.ok(robot?.kind === 'robot');
  const odd = Object.fromEntries(robot.odd.map(({ what, episode }) => [what, episode]));
  assert.equal(odd['longest'], 0);
  assert.equal(odd['shortest'], 1);
  assert.ok(Math.abs(actionAt(1, 0)[1]!) > 0);
  assert.deepEqual(
    robot.sheet.map(({ caption }) => caption),
    ['0, front: lift the red cube', '1, front: push the blue cube'],
  );
  const { data } = await decodeImage(Buffer.from(robot.sheet[1]!.png, 'base64'), 'sheet');
  assert.deepEqual(data, pictureAt(FRONT, 1, 0));
});

test('the terminal and the page say the same; the page escapes what datasets bring', () => {
  const text = previewText(preview);
  assert.match(text, /^mixed: 12 steps of 8 samples$/m);
  assert.match(text, /^talk +conversations +2 +25\.0 % +0\.25 +3 +– +8$/m);
  assert.match(text, /^ {2}state x +-1\.\d\d +-1\.00 /m);
  const named = { ...preview, members: [{ ...preview.members[0]!, name: '<b>robot</b>' }] };
  const page = renderPreview(named);
  assert.match(page, /<h2>&lt;b&gt;robot/);
  assert.match(page, /data:image\/png;base64,/);
  assert.ok(!/<script|https?:\/\//.test(page), 'nothing is loaded from elsewhere');
});
