/**
 * @file One line of a Dexdata file (the episodic JSONL of DM0's training code): a frame of a robot, or a conversation about pictures. Format:
 * docs/Data.md of github.com/dexmal/dexbotic.
 */

import { VlaError } from '../../base/errors.ts';

/** Where a picture is: a file, or one frame of a video, counted from 0 in the order of presentation. */
export type DexImage =
  | { readonly type: 'image'; readonly url: string }
  | { readonly type: 'video'; readonly url: string; readonly frame: number };

/** One turn of a conversation. */
export interface DexTurn {
  readonly from: 'human' | 'gpt';
  readonly value: string;
}

/** A line. What a line does not have is left out. */
export interface DexRecord {
  /** Key without its prefix (`images_1` → "1", `images` → "") → picture. */
  readonly images: Readonly<Record<string, DexImage>>;
  /** True for robot data, false for conversations; lines without the field count as robot data when they have a state. */
  readonly isRobot: boolean;
  readonly state?: readonly number[];
  readonly action?: readonly number[];
  readonly prompt?: string;
  readonly answer?: string;
  readonly conversations?: readonly DexTurn[];
  /** What only its writer understands; other readers pass over it. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Fields that are not known here (depth, for example), as they were. */
  readonly further?: Readonly<Record<string, unknown>>;
}

const IMAGE_KEY = /^images(?:_(.+))?$/;
const KNOWN = new Set(['is_robot', 'state', 'action', 'prompt', 'answer', 'conversations', 'extra']);

/** Reads a line; `where` (file and line) names it in errors. */
export function parseRecord(line: string, where: string): DexRecord {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (cause) {
    throw new VlaError('bad-data', `${where}: expected a JSON object, got ${(cause as Error).message}.`, {
      cause,
      hint: 'The file was cut off or damaged; fetch or write it again.',
    });
  }
  if (!isObject(content)) throw wrong(where, 'a JSON object', content);
  const images: Record<string, DexImage> = {};
  const further: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(content)) {
    const image = IMAGE_KEY.exec(key);
    if (image !== null) images[image[1] ?? ''] = parseImage(value, `${where}, "${key}"`);
    else if (!KNOWN.has(key)) further[key] = value;
  }
  const { state, action, prompt, answer, conversations, extra } = content;
  return {
    images,
    isRobot: optional(content['is_robot'], parseFlag, `${where}, "is_robot"`) ?? state !== undefined,
    ...given('state', optional(state, parseNumbers, `${where}, "state"`)),
    ...given('action', optional(action, parseNumbers, `${where}, "action"`)),
    ...given('prompt', optional(prompt, parseText, `${where}, "prompt"`)),
    ...given('answer', optional(answer, parseText, `${where}, "answer"`)),
    ...given('conversations', optional(conversations, parseTurns, `${where}, "conversations"`)),
    ...given('extra', optional(extra, parseExtra, `${where}, "extra"`)),
    ...(Object.keys(further).length === 0 ? {} : { further }),
  };
}

/** The line of a record, without the line's end. Numbers are written so that reading gives the same float64, and so the same float32. */
export function formatRecord(record: DexRecord): string {
  const { isRobot, state, action, prompt, answer, conversations, extra, further } = record;
  const fields: [string, string | undefined][] = [
    ...Object.entries(record.images).map(([key, image]): [string, string] => [
      key === '' ? 'images' : `images_${key}`,
      JSON.stringify(image.type === 'image' ? image : { type: 'video', url: image.url, frame_idx: image.frame }),
    ]),
    ...Object.entries(further ?? {}).map(([key, value]): [string, string] => [key, JSON.stringify(value)]),
    ['state', state === undefined ? undefined : formatNumbers('state', state)],
    ['action', action === undefined ? undefined : formatNumbers('action', action)],
    ['prompt', JSON.stringify(prompt)],
    ['answer', JSON.stringify(answer)],
    ['conversations', JSON.stringify(conversations)],
    ['is_robot', JSON.stringify(isRobot)],
    ['extra', JSON.stringify(extra)],
  ];
  const present = fields.filter(([, text]) => text !== undefined);
  return `{${present.map(([key, text]) => `${JSON.stringify(key)}: ${text}`).join(', ')}}`;
}

/** JSON.stringify would forget the sign of a zero, and write null for what is no number. */
function formatNumbers(name: string, values: readonly number[]): string {
  const texts = values.map((value, i) => {
    if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
    throw new VlaError('not-finite', `Dexdata: "${name}", dimension ${i}: expected a finite number, got ${value}.`, {
      hint: 'Repair the frame, or leave its episode out.',
    });
  });
  return `[${texts.join(', ')}]`;
}

function given<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

/** JSON's null says as little as a missing field. */
function optional<T>(value: unknown, parse: (value: unknown, where: string) => T, where: string): T | undefined {
  return value === undefined || value === null ? undefined : parse(value, where);
}

function parseImage(value: unknown, where: string): DexImage {
  if (!isObject(value) || typeof value['url'] !== 'string' || value['url'] === '') {
    throw wrong(where, '{"type", "url"}', value);
  }
  const { type, url, frame_idx: frame } = value as { type?: unknown; url: string; frame_idx?: unknown };
  if (type === 'image') return { type, url };
  if (type !== 'video') throw wrong(`${where}, "type"`, '"image" or "video"', type);
  // Other writers store 3.0 or "3": their reader takes the whole part.
  const index = typeof frame === 'string' && /^\d+$/.test(frame) ? Number(frame) : frame;
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0) {
    throw wrong(`${where}, "frame_idx"`, 'a whole number from 0', frame);
  }
  return { type, url, frame: index };
}

function parseFlag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw wrong(where, 'true or false', value);
  return value;
}

function parseText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw wrong(where, 'a text', value);
  return value;
}

function parseNumbers(value: unknown, where: string): number[] {
  if (!Array.isArray(value)) throw wrong(where, 'a list of numbers', value);
  const bad = value.findIndex((entry) => typeof entry !== 'number' || !Number.isFinite(entry));
  if (bad >= 0) throw wrong(`${where}, dimension ${bad}`, 'a finite number', value[bad]);
  return value as number[];
}

function parseTurns(value: unknown, where: string): DexTurn[] {
  if (!Array.isArray(value)) throw wrong(where, 'a list of turns', value);
  return value.map((turn: unknown, i): DexTurn => {
    const from = isObject(turn) ? turn['from'] : undefined;
    const text = isObject(turn) ? turn['value'] : undefined;
    if ((from !== 'human' && from !== 'gpt') || typeof text !== 'string') {
      throw wrong(`${where}, turn ${i}`, '{"from": "human" or "gpt", "value": a text}', turn);
    }
    return { from, value: text };
  });
}

function parseExtra(value: unknown, where: string): Record<string, unknown> {
  if (!isObject(value)) throw wrong(where, 'an object', value);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(where: string, expected: string, got: unknown): VlaError {
  const text = JSON.stringify(got) ?? 'nothing';
  return new VlaError(
    'bad-data',
    `${where}: expected ${expected}, got ${text.length > 80 ? `${text.slice(0, 80)} …` : text}.`,
    { hint: 'The line does not follow the Dexdata format: correct it, or leave its file out.' },
  );
}
