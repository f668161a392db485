/**
 * @file Vision-language data for training: the questions and answers of a Dexdata folder, one sample per answer, and a loader with the contract of
 * the robots' one (./loader.ts).
 */

import { VlaError } from '../base/errors.ts';
import type { ConversationSample } from '../codec/sample.ts';
import type { Image } from '../interfaces/observation.ts';
import { ByteBudget } from './byte-budget.ts';
import { openDexdata, type Dexdata, type PlacedRecord } from './dexdata/reader.ts';
import type { DexRecord, DexTurn } from './dexdata/record.ts';
import { permuted } from './order.ts';
import { prefetchBatches, type PrefetchOptions } from './prefetching.ts';
import { createImageResizer, type ImageSize } from './samples.ts';

/** A sample and what kind of question it is: the record's `extra.kind`, or "other". */
export interface KindedSample extends ConversationSample {
  readonly kind: string;
}

/** What is in a set of conversations. */
export interface ConversationStatistics {
  /** Kind → samples. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Samples without any picture. */
  readonly textOnly: number;
  /** Characters of all questions and of all answers: what can be said without a tokenizer. */
  readonly questionCharacters: number;
  readonly answerCharacters: number;
}

/** An opened set of conversations. */
export interface Conversations {
  readonly root: string;
  /** Samples: one per answer. */
  readonly count: number;
  readonly statistics: ConversationStatistics;
  /** Sample `index`, in the order of files and lines. Images may be shared: do not write into them. */
  sample(index: number): Promise<KindedSample>;
  /** Its words alone; `where` names the line. */
  words(index: number): { readonly question: string; readonly answer: string; readonly where: string };
  close(): void;
}

/** How to open conversations. */
export interface ConversationOptions {
  /** The folder from which relative urls go; default the dataset's own. */
  readonly media?: string;
  /** What the pictures `images_1`, `images_2` … are called; further ones are left out. Default front and wrist. */
  readonly cameras?: readonly string[];
  /** Resize pictures to this size (Pillow's bilinear filter); null, the default, leaves them as they are. */
  readonly imageSize?: ImageSize | null;
  /** Bytes of decoded pictures kept in memory; default 512 MB. */
  readonly pictureBytes?: number;
}

const CAMERAS = ['front', 'wrist'];
const PICTURE_BYTES = 512e6;
const OTHER = 'other';

/** Opens the conversations of a Dexdata folder; every line is read and checked once. Robot frames in it are passed over. */
export function openConversations(root: string, options: ConversationOptions = {}): Conversations {
  const dataset = openDexdata(root, options.media === undefined ? {} : { media: options.media });
  const { places, statistics } = takeStock(dataset);
  const count = places.length / 3;
  if (count === 0) {
    throw new VlaError('bad-data', `${root}: expected conversations, but no line has a question with an answer.`, {
      hint: 'Lines need "is_robot": false, and "conversations" or "prompt" with "answer".',
    });
  }
  const cameras = options.cameras ?? CAMERAS;
  const pictures = new ByteBudget<Image>(options.pictureBytes ?? PICTURE_BYTES);
  const resize = createImageResizer();
  const find = (index: number): PlacedRecord & { readonly asked: Asked } => {
    const [file, line, turn] = places.subarray(3 * index, 3 * index + 3);
    if (file === undefined) {
      throw new VlaError('bad-argument', `${root}: expected a sample below ${count}, got ${index}.`, {
        hint: 'Samples count from 0.',
      });
    }
    const placed = dataset.record(file, line!);
    const asked = questions(placed.record)[turn!];
    if (asked === undefined) {
      throw new VlaError(
        'bad-data',
        `${placed.where}: expected the answer that was there when the dataset was opened.`,
        { hint: 'The files have changed: open the dataset again.' },
      );
    }
    return { ...placed, asked };
  };
  return {
    root,
    count,
    statistics,
    words(index) {
      const { asked, where } = find(index);
      return { ...asked, where };
    },
    async sample(index) {
      const { record, where, asked } = find(index);
      const images: Record<string, Image> = {};
      for (const [i, reference] of pictureList(record).slice(0, cameras.length).entries()) {
        const key = reference.type === 'image' ? reference.url : `${reference.url}\n${reference.frame}`;
        images[cameras[i]!] = await pictures.get(key, async () => {
          const value = resize(await dataset.image(reference, where), options.imageSize ?? null);
          return { value, bytes: value.data.length };
        });
      }
      return { images, ...asked, kind: kindOf(record) };
    },
    close: () => dataset.close(),
  };
}

/** Batches of conversations as a pure function of the step. */
export interface ConversationLoader {
  /** Samples of an epoch. */
  readonly samples: number;
  /** The batch of step `step` (from 0). Asking for steps in order finds them prefetched. */
  batch(step: number): Promise<readonly KindedSample[]>;
  close(): Promise<void>;
}

/** Loads in this thread, epoch after epoch, each in another order. `conversations` stay open when the loader closes. */
export function createConversationLoader(
  conversations: Conversations,
  options: PrefetchOptions & { readonly seed: number },
): ConversationLoader {
  const { count } = conversations;
  const { batchSize, seed } = options;
  const at = (position: number): number => permuted(position % count, count, seed, Math.floor(position / count));
  const batches = prefetchBatches(options, (first) =>
    Promise.all(Array.from({ length: batchSize }, (_, i) => conversations.sample(at(first + i)))),
  );
  return {
    samples: count,
    batch: (step) => batches.batch(step),
    async close() {
      batches.close();
    },
  };
}

/** Reads all records once: file, line and turn of every sample, three numbers each, and the statistics. */
function takeStock(dataset: Dexdata): { places: Int32Array; statistics: ConversationStatistics } {
  let places = new Int32Array(3 * Math.max(1, dataset.count));
  let used = 0;
  const kinds: Record<string, number> = {};
  let [textOnly, questionCharacters, answerCharacters] = [0, 0, 0];
  for (const file of dataset.files.keys()) {
    let line = 0;
    for (const { record } of dataset.records(file)) {
      for (const [turn, { question, answer }] of questions(record).entries()) {
        if (used === places.length) {
          const larger = new Int32Array(2 * places.length);
          larger.set(places);
          places = larger;
        }
        places.set([file, line, turn], used);
        used += 3;
        const kind = kindOf(record);
        kinds[kind] = (kinds[kind] ?? 0) + 1;
        if (Object.keys(record.images).length === 0) textOnly++;
        questionCharacters += question.length;
        answerCharacters += answer.length;
      }
      line++;
    }
  }
  return {
    places: places.slice(0, used),
    statistics: { kinds, textOnly, questionCharacters, answerCharacters },
  };
}

interface Asked {
  readonly question: string;
  readonly answer: string;
}

/** The questions of a record with their answers. What was said before a question stands before it. */
function questions(record: DexRecord): Asked[] {
  if (record.isRobot) return [];
  const turns: readonly DexTurn[] = record.conversations ?? [
    { from: 'human', value: record.prompt ?? '' },
    { from: 'gpt', value: record.answer ?? '' },
  ];
  const said: string[] = [];
  const found: Asked[] = [];
  let open = false;
  for (const { from, value } of turns) {
    const text = withoutPlaceholders(value);
    if (from === 'gpt' && open && text !== '') found.push({ question: said.join('\n'), answer: text });
    if (text !== '') said.push(text);
    open = from === 'human';
  }
  return found;
}

/** `<image>` says where DM0's code puts the pictures; here the prompt's template does. */
function withoutPlaceholders(text: string): string {
  return text.replaceAll(/\s*<image>\s*/g, ' ').trim();
}

/** Pictures in the order of their keys, as DM0's code sorts them. */
function pictureList({ images }: DexRecord): DexRecord['images'][string][] {
  return Object.entries(images)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, image]) => image);
}

function kindOf({ extra }: DexRecord): string {
  const kind = extra?.['kind'];
  return typeof kind === 'string' && kind !== '' ? kind : OTHER;
}
