/**
 * @file Trains the small tokenizer that ships with the package, on the kind of sentences that people say to a robot at
 * a table and on the prompt templates: `npm run build && node tools/train-tokenizer.mjs [folder]`.
 * The same words give the same files, byte for byte (a test holds the shipped ones to this).
 */
import fs from 'node:fs';
import path from 'node:path';
import { zr0Prompt } from '../dist/src/codec/prompts/zr-0.js';
import { trainBpe } from '../dist/src/codec/text-tokens/train-bpe.js';

/** At most; the words below need a few less to become one token each. */
const VOCABULARY_SIZE = 576;
const SPECIAL_TOKENS = [
  '<|pad|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|vision_start|>',
  '<|vision_end|>',
  '<|image_pad|>',
  '<SUB_TASK>',
  '</SUB_TASK>',
];

const COLOURS = 'red green blue yellow purple white orange pink black cyan grey brown'.split(' ');
const OBJECTS = 'block cube box ball cylinder bowl drawer lid button bottle can plate tray handle'.split(' ');
const PLACES = ['zone', 'dark zone', 'square', 'bowl', 'tray', 'box', 'drawer', 'marked area', 'plate'];
/** $c: colour, $o: object, $d and $p: another colour and a place. */
const SENTENCES = [
  'touch the $c $o',
  'reach out and touch the $c $o',
  'tap the $c $o with the gripper',
  'move to the $c $o',
  'push the $c $o into the $p',
  'slide the $c $o to the $p',
  'move the $c $o into the $d $p',
  'shove the $c $o over to the $p',
  'lift the $c $o',
  'lift up the $c $o',
  'pick up the $c $o',
  'pick the $c $o up from the table',
  'raise the $c $o off the table',
  'grab the $c $o',
  'put the $c $o in the $p',
  'put the $c $o on the $d $o',
  'place the $c $o onto the $p',
  'place the $c $o in the $d $p',
  'pick up the $c $o and place it on the $d $p',
  'stack the $c $o on the $d $o',
  'set the $c $o on top of the $d one',
  'drop the $c $o into the $p',
  'open the $c $o',
  'pull the $c $o open',
  'close the $c $o',
  'push the $c $o shut',
  'shut the $c $o',
  'slide the $c $o gently into the dark zone',
  'please put the $c $o next to the $d one',
  'carefully set the $c $o down beside the $p',
  'hold the $c $o above the $p',
  'press the $c $o',
  'turn the $c $o to the left',
  'rotate the $c $o to the right',
  'bring the $c $o here please',
  'Pick up the $c $o on the table.',
];

/** The training texts: every sentence with every colour and object, the rest taken in turn; templates between them. */
function* texts() {
  const cameras = ['front', 'wrist', 'left', 'right', 'head'].flatMap((name) => [
    { name, label: name },
    { name, label: `observation.images.${name}` },
  ]);
  const template = zr0Prompt({ cameras })
    .filter((part) => part.kind !== 'cue')
    .map((part) => (part.kind === 'text' ? part.text : part.kind === 'image' ? '<|image_pad|>' : 'lift'))
    .join('');
  let turn = 0;
  for (const sentence of SENTENCES) {
    for (const colour of COLOURS) {
      for (const object of OBJECTS) {
        turn++;
        const text = sentence
          .replace('$c', colour)
          .replaceAll('$o', object)
          .replace('$d', COLOURS[(turn * 5 + 1) % COLOURS.length])
          .replace('$p', PLACES[turn % PLACES.length]);
        // Both places where a sentence stands: after `<TASK> ` and at the start of a text.
        yield `<TASK> ${text} <\\TASK>\n`;
        if (turn % 4 === 0) yield text;
        if (turn % 16 === 0) yield template;
        if (turn % 16 === 8) yield `Sub task: ${text}, done`;
      }
    }
  }
}

const folder = process.argv[2] ?? 'assets/tokenizers/tabletop';
const { tokenizer, config } = trainBpe({
  texts: texts(),
  vocabularySize: VOCABULARY_SIZE,
  specialTokens: SPECIAL_TOKENS,
});
fs.mkdirSync(folder, { recursive: true });
fs.writeFileSync(path.join(folder, 'tokenizer.json'), `${JSON.stringify(tokenizer, null, 1)}\n`);
fs.writeFileSync(path.join(folder, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`);
const count = Object.keys(tokenizer.model.vocab).length + SPECIAL_TOKENS.length;
console.log(`${folder}: ${count} tokens, ${tokenizer.model.merges.length} merges`);
