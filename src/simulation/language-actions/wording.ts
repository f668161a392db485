/**
 * @file How places, sizes, turns and things are said. There is no picture, so the text holds every number that the motion depends on; an
 * instruction keeps to one way of saying numbers, its voice. Places: x (or "ahead") from the robot's base forwards, y (or "left") to its left.
 */

import type { Random } from '../../base/random.ts';
import type { Place, SceneObject } from './scene.ts';

/** One way of saying numbers. */
export interface Voice {
  /** With its preposition: "at (0.42, -0.10) m". */
  at(place: Place): string;
  /** The same as where something goes: "to …". */
  to(place: Place): string;
  length(metres: number): string;
  angle(degrees: number): string;
}

const centimetres = (metres: number): number => Math.round(metres * 1000) / 10;

const coordinates = ([x, y]: Place): string => `(${x.toFixed(2)}, ${y.toFixed(2)}) m`;
const pair = ([x, y]: Place): string => `(${centimetres(x)}, ${centimetres(y)}) cm`;
const ahead = ([x, y]: Place): string => {
  const [forward, aside] = [centimetres(x), centimetres(Math.abs(y))];
  const side = aside === 0 ? 'straight in front' : `${aside} cm to the ${y > 0 ? 'left' : 'right'}`;
  return `${forward} cm ahead and ${side}`;
};

const VOICES: readonly Voice[] = [
  {
    at: (place) => `at ${coordinates(place)}`,
    to: (place) => `to ${coordinates(place)}`,
    length: (metres) => `${metres.toFixed(2)} m`,
    angle: (degrees) => `${degrees} degrees`,
  },
  {
    at: (place) => `at ${pair(place)}`,
    to: (place) => `to ${pair(place)}`,
    length: (metres) => `${centimetres(metres)} cm`,
    angle: (degrees) => `${degrees}°`,
  },
  {
    at: ahead,
    to: (place) => `to the spot ${ahead(place)}`,
    length: (metres) => `${centimetres(metres)} cm`,
    angle: (degrees) => `${degrees} degrees`,
  },
];

/** Draws the way in which an instruction says its numbers. */
export function drawVoice(random: Random): Voice {
  return random.pick(VOICES);
}

/** "the red cup". */
export function called({ colour, noun }: SceneObject): string {
  return `the ${colour} ${noun}`;
}

/** "6 wide, 8 cm tall" or "8 x 5 x 3 cm". */
export function sizeOf({ size, round }: SceneObject): string {
  const [length, width, height] = size.map(centimetres);
  return round ? `${length} wide, ${height} cm tall` : `${length} x ${width} x ${height} cm`;
}

/** "turned 30° counter-clockwise"; what faces straight ahead or looks the same all round needs no words. */
export function turnOf({ turn, front }: SceneObject, voice: Voice): string {
  if (turn === 0 || front !== null) return '';
  return ` turned ${voice.angle(Math.abs(turn))} ${turn > 0 ? 'counter-clockwise' : 'clockwise'}`;
}

/** A sentence that says what there is, and where. */
export function introduction(object: SceneObject, voice: Voice, random: Random): string {
  const { colour, noun, place } = object;
  const article = /^[aeiou]/.test(colour) ? 'an' : 'a';
  const size = sizeOf(object);
  const where = voice.at(place) + comma(turnOf(object, voice));
  return random.pick([
    `${article === 'a' ? 'A' : 'An'} ${colour} ${noun} (${size}) is ${where}`,
    `${article === 'a' ? 'A' : 'An'} ${colour} ${noun}, ${size}, stands ${where}`,
    `The ${colour} ${noun} (${size}) is ${where}`,
  ]);
}

/** The thing with all that there is to say of it, in the middle of a sentence. */
export function inFull(object: SceneObject, voice: Voice): string {
  return `${called(object)} (${sizeOf(object)}, ${voice.at(object.place)}${comma(turnOf(object, voice))})`;
}

function comma(words: string): string {
  return words === '' ? '' : `,${words}`;
}

/** The four directions that have names, in degrees counter-clockwise from straight ahead. */
export const DIRECTIONS: readonly { readonly degrees: number; readonly words: readonly string[] }[] = [
  { degrees: 0, words: ['forward', 'straight ahead', 'to the far side'] },
  { degrees: 90, words: ['to the left', 'left'] },
  { degrees: 180, words: ['back', 'backwards', 'to the near side'] },
  { degrees: -90, words: ['to the right', 'right'] },
];

/** A direction in words; others than the four are said by their angle to straight ahead. */
export function directionWords(degrees: number, voice: Voice, random: Random): string {
  const named = DIRECTIONS.find((one) => one.degrees === degrees);
  if (named !== undefined) return random.pick(named.words);
  const side = degrees > 0 ? 'left' : 'right';
  return random.pick([
    `in the direction ${voice.angle(Math.abs(degrees))} to the ${side} of straight ahead`,
    `${voice.angle(Math.abs(degrees))} to the ${side} of straight ahead`,
  ]);
}

/** "to the left of the blue box": the four sides of a thing, seen from the robot, with the step that each stands for. */
export const SIDES: readonly { readonly step: Place; readonly words: readonly string[] }[] = [
  { step: [0, 1], words: ['to the left of', 'left of'] },
  { step: [0, -1], words: ['to the right of', 'right of'] },
  { step: [1, 0], words: ['behind', 'beyond'] },
  { step: [-1, 0], words: ['in front of', 'nearer to the robot than'] },
];

/** How fast, in words, and the factor on the usual speed. */
export interface Pace {
  readonly factor: number;
  readonly adverb: string | null;
}

/** Mostly the usual pace. */
export function drawPace(random: Random): Pace {
  const draw = random.uniform();
  if (draw < 0.7) return { factor: 1, adverb: null };
  if (draw < 0.85) return { factor: 0.6, adverb: random.pick(['slowly', 'gently', 'carefully']) };
  return { factor: 1.5, adverb: random.pick(['quickly', 'swiftly', 'fast']) };
}

/** The sentences as one instruction, each with a capital; no full stop at its end, where prompts have their own. */
export function instructionOf(sentences: readonly string[], command: string, { adverb }: Pace, random: Random): string {
  const whole =
    adverb === null
      ? command
      : random.uniform() < 0.5 && adverb !== 'fast'
        ? `${adverb} ${command}`
        : `${command}, ${adverb}`;
  return [...sentences, whole].map((text) => text.charAt(0).toUpperCase() + text.slice(1)).join('. ');
}
