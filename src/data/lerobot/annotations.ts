/**
 * @file Annotations beside a LeRobot dataset: `meta/annotations/episode-000012.jsonl`, a file that other readers never open. One JSON
 * line per frame at which something changes: `{ "from": 7, "subtask": "…" }` holds what is new from frame 7 on, null what is known
 * no longer; the rest goes on.
 */

import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import type { Annotation } from '../../interfaces/annotation.ts';
import { ByteBudget } from '../byte-budget.ts';

const point = z.tuple([z.number(), z.number()]).readonly();
const box = z.tuple([z.number(), z.number(), z.number(), z.number()]).readonly();
const object = z.strictObject({ name: z.string(), boxes: z.record(z.string(), box).readonly() }).readonly();
const texts = z.array(z.string()).readonly();

/** Every part of an annotation. */
const parts = {
  scene: z.string(),
  subtask: z.string(),
  finished: texts,
  todo: texts,
  progress: z.number().min(0).max(1),
  plan: z.string(),
  targets: z.array(object).readonly(),
  goal: object,
  trace: z.record(z.string(), z.array(point).readonly()).readonly(),
} satisfies { readonly [K in keyof Required<Annotation>]: z.ZodType<Annotation[K]> };

const PARTS = Object.keys(parts) as (keyof Annotation)[];

const line = z.strictObject({
  from: z.number().int().min(0),
  ...(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.nullish()])) as {
    [K in keyof typeof parts]: z.ZodOptional<z.ZodNullable<(typeof parts)[K]>>;
  }),
});

/** Decimals that are kept of coordinates and shares: a tenth of a pixel in images of a thousand. */
const DECIMALS = 4;

/** Where the annotations of an episode lie in the dataset's folder `root`. */
export function annotationFile(root: string, episode: number): string {
  return path.join(root, 'meta', 'annotations', annotationFileName(episode));
}

/** The name of that file. */
export function annotationFileName(episode: number): string {
  return `episode-${String(episode).padStart(6, '0')}.jsonl`;
}

/** The file's text: an annotation per frame, null where nothing is known. */
export function annotationLines(annotations: readonly (Annotation | null)[]): string {
  let before: Readonly<Record<string, string>> = {};
  const lines: string[] = [];
  for (const [from, annotation] of annotations.entries()) {
    const now = Object.fromEntries(
      PARTS.flatMap((name) => {
        const value = annotation?.[name];
        return value === undefined ? [] : [[name, JSON.stringify(value, shortened)]];
      }),
    );
    const changed = PARTS.filter((name) => now[name] !== before[name]);
    if (changed.length > 0) {
      const values = changed.map((name) => `,"${name}":${now[name] ?? 'null'}`);
      lines.push(`{"from":${from}${values.join('')}}\n`);
    }
    before = now;
  }
  return lines.join('');
}

function shortened(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(DECIMALS)) : value;
}

/** The annotation of each of the `length` frames; undefined where nothing is known. Throws `bad-data`, naming `file` and line. */
export function parseAnnotationLines(text: string, length: number, file: string): (Annotation | undefined)[] {
  requireLines(text, length, file);
  const frames = Array<Annotation | undefined>(length).fill(undefined);
  replay(text, length - 1, (from, annotation) => frames.fill(annotation, from));
  return frames;
}

/** Annotations of a dataset, read when they are asked for. */
export interface AnnotationFiles {
  /** Of a frame of an episode with `length` frames; undefined where nothing is known. Throws `bad-data` for a damaged file. */
  at(episode: number, frame: number, length: number): Promise<Annotation | undefined>;
}

/** Bytes of text that are held in memory; what goes beyond is read again. */
const HELD_BYTES = 64e6;

/** Those below the folder `root`. */
export function openAnnotationFiles(root: string): AnnotationFiles {
  const texts = new ByteBudget<string | null>(HELD_BYTES);
  const checked = new Set<number>();
  return {
    async at(episode, frame, length) {
      const file = annotationFile(root, episode);
      const text = await texts.get(file, async () => {
        const value = await readText(file);
        return { value, bytes: value?.length ?? 0 };
      });
      if (text === null) return undefined;
      if (!checked.has(episode)) requireLines(text, length, file);
      checked.add(episode);
      let found: Annotation | undefined;
      replay(text, frame, (_from, annotation) => {
        found = annotation;
      });
      return found;
    },
  };
}

async function readText(file: string): Promise<string | null> {
  try {
    return await fs.promises.readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw fileError('read', file, cause);
  }
}

/** Tells what is known from each changed frame on, up to the frame `last`; of checked lines. */
function replay(text: string, last: number, tell: (from: number, annotation: Annotation | undefined) => void): void {
  let known: Record<string, unknown> = {};
  for (const source of lines(text)) {
    const { from, ...changes } = JSON.parse(source) as { from: number };
    if (from > last) return;
    known = { ...known, ...changes };
    const rest = Object.entries(known).filter(([, value]) => value !== null);
    tell(from, rest.length === 0 ? undefined : (Object.fromEntries(rest) as Annotation));
  }
}

const lines = (text: string): string[] => text.split('\n').filter((source) => source.trim() !== '');

/** Throws `bad-data` unless every line is one, and they go up. */
function requireLines(text: string, length: number, file: string): void {
  let last = -1;
  for (const [i, source] of lines(text).entries()) {
    const where = `${file}, line ${i + 1}`;
    const { from } = parseLine(source, where);
    if (from <= last || from >= length) {
      throw new VlaError('bad-data', `${where}: expected a frame after ${last} and below ${length}, got ${from}.`, {
        hint: 'These annotations are of another recording, or were cut: make them again.',
      });
    }
    last = from;
  }
}

function parseLine(source: string, where: string): z.infer<typeof line> {
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch (cause) {
    throw new VlaError('bad-data', `${where}: expected a JSON object, got "${source.slice(0, 40)}".`, {
      cause,
      hint: 'The file was damaged: make the annotations again.',
    });
  }
  const parsed = line.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path: at, message } = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${where}: ${at.join('.') || 'whole'}: ${message}.`, {
    cause: parsed.error,
    hint: 'docs/guides/annotations.md says what an annotation holds; correct the line, or make the annotations again.',
  });
}
