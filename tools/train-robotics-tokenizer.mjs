/**
 * @file Trains the tokenizer of the training stages, which ships with the package: words of the tabletop, of its questions and
 * answers, of language-action data and of reasoning, and tokens of actions and views. It plays the tabletop for its texts:
 * `npm run build && node tools/train-robotics-tokenizer.mjs [folder]`, about three minutes.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ANSWERS } from '../dist/src/codec/answers/index.js';
import { PROMPTS } from '../dist/src/codec/prompts/index.js';
import { qwenQuestion } from '../dist/src/codec/prompts/qwen-chat.js';
import { dm0Question } from '../dist/src/codec/prompts/dm0.js';
import { trainBpe } from '../dist/src/codec/text-tokens/train-bpe.js';
import { openLeRobot } from '../dist/src/data/lerobot/reader.js';
import { Random } from '../dist/src/base/random.js';
import { createTrajectoryGenerator } from '../dist/src/simulation/language-actions/generate.js';
import { ROBOTS } from '../dist/src/simulation/language-actions/robots.js';
import { TEMPLATES } from '../dist/src/simulation/language-actions/templates.js';

const VOCABULARY_SIZE = 1536;
const count = (n, name) => Array.from({ length: n }, (_, i) => name(i));
const SPECIAL_TOKENS = [
  '<|pad|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|vision_start|>',
  '<|vision_end|>',
  '<|image_pad|>',
  '<SUB_TASK>',
  '</SUB_TASK>',
  ...['ego', 'cam_left_wrist', 'cam_right_wrist'].flatMap((view) => [`<|${view}_start|>`, `<|${view}_end|>`]),
  // DM0's 255 uniform bins, and a FAST vocabulary fitted to small chunks.
  ...count(255, (i) => `<action_${i}>`),
  ...count(256, (i) => `<robot_action_${i}>`),
];
const CLI = new URL('../dist/src/cli/main.js', import.meta.url).pathname;
const vlakit = (...args) => execFileSync(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
const lines = (file) =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Questions and answers about pictures. */
function* conversations(folder) {
  for (const name of fs.readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.jsonl'))) {
    for (const { conversations: turns } of lines(path.join(folder, name))) for (const { value } of turns) yield value;
  }
}

/** Instructions of demonstrations, and what every answer template says about their frames. */
async function* reasoning(folder) {
  const dataset = await openLeRobot(folder, { episodes: 'all' });
  const known = new Set(SPECIAL_TOKENS);
  for (const { index, length } of dataset.episodes) {
    const instruction = await dataset.instruction(index, 0);
    yield instruction;
    yield `<TASK> ${instruction} <\\TASK>\n`;
    for (let frame = 0; frame < length; frame += 8) {
      const annotation = (await dataset.annotation(index, frame)) ?? undefined;
      if (annotation === undefined) throw new Error(`${folder}: episode ${index} has no annotations.`);
      for (const [t, template] of Object.values(ANSWERS).entries()) {
        const answer = template({
          sample: { instruction, annotation },
          cameras: [{ name: 'front', label: 'front' }],
          actionText: () => null,
          project: (_, point) => point,
          hasToken: (token) => known.has(token),
          random: new Random(index, frame, t),
        });
        if (answer !== null) yield `${answer.cue}${answer.text}${answer.end}`;
      }
    }
  }
  await dataset.close();
}

/** Instructions that say every place and size. */
function* languageActions(episodes) {
  for (const robot of Object.keys(ROBOTS)) {
    const generator = createTrajectoryGenerator(robot);
    for (const template of Object.keys(TEMPLATES)) {
      for (let episode = 0; episode < episodes; episode++) yield generator.generate(template, 7, episode).instruction;
    }
  }
}

/** The words of the prompts themselves. */
function* prompts() {
  const cameras = [
    { name: 'front', label: 'front' },
    { name: 'wrist', label: 'wrist' },
  ];
  const body = { tag: 'Franka Panda', arms: 1, waist: false, mobileBase: false };
  const context = { cameras, embodiment: { name: 'panda', controlHz: 20, body }, horizon: 8 };
  const parts = [
    ...Object.values(PROMPTS).map((prompt) => prompt(context)),
    qwenQuestion(cameras),
    dm0Question(cameras),
  ];
  for (const prompt of parts) {
    const text = prompt.map((part) =>
      part.kind === 'text' ? part.text : part.kind === 'image' ? '<|image_pad|>' : '',
    );
    for (let i = 0; i < 300; i++) yield text.join('');
  }
}

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'tokenizer-'));
const [recorded, asked] = ['recorded', 'asked'].map((name) => path.join(temporary, name));
vlakit('record', 'tabletop', '--set', 'record.episodes=270', '--annotations', '--out', recorded);
vlakit('generate', 'vision-language', '--samples', '12000', '--seed', '9', '--out', asked);
const texts = [...conversations(asked), ...languageActions(60), ...prompts()];
for await (const text of reasoning(recorded)) texts.push(text);
fs.rmSync(temporary, { recursive: true });

const folder = process.argv[2] ?? 'assets/tokenizers/robotics';
const { tokenizer, config } = trainBpe({ texts, vocabularySize: VOCABULARY_SIZE, specialTokens: SPECIAL_TOKENS });
fs.mkdirSync(folder, { recursive: true });
fs.writeFileSync(path.join(folder, 'tokenizer.json'), `${JSON.stringify(tokenizer, null, 1)}\n`);
fs.writeFileSync(path.join(folder, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`);
const tokens = Object.keys(tokenizer.model.vocab).length + SPECIAL_TOKENS.length;
console.log(`${folder}: ${tokens} tokens, ${tokenizer.model.merges.length} merges, from ${texts.length} texts`);
