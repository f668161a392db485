/** @file The worker of a set of questions: makes the tabletop once, then writes one part per request. */

import path from 'node:path';
import { workerData } from 'node:worker_threads';
import type { DexRecord } from '../../../data/dexdata/record.ts';
import { writePicture, writeRecords } from '../../../data/dexdata/writer.ts';
import { answerRequests } from '../../../data/thread-pool.ts';
import { createTabletop } from '../../../simulation/tabletop/index.ts';
import { questionKinds } from '../../../simulation/tabletop/questions/index.ts';
import { makePart, type PartPicture } from './part.ts';

/** What the worker is started with. */
export interface PartWorkerData {
  readonly root: string;
  readonly seed: number;
  readonly tasks: readonly string[];
  readonly kinds: readonly string[];
  readonly samplesPerPicture: number;
  readonly imageSize: number;
  /** In the order of `images_1`, `images_2`. */
  readonly cameras: readonly string[];
}

/** Which part to write. */
export interface PartRequest {
  readonly part: number;
  readonly samples: number;
}

const { root, kinds, imageSize, cameras, ...settings } = workerData as PartWorkerData;
const opened = createTabletop({ imageSize });

answerRequests<PartRequest>(async ({ part, samples }) => {
  const tabletop = await opened;
  const records: DexRecord[] = [];
  let pictures = 0;
  for await (const picture of makePart(tabletop, { ...settings, kinds: questionKinds(kinds) }, part, samples)) {
    records.push(...writeOne(part, pictures++, picture));
  }
  writeRecords(root, partName(part), records);
  return { value: null, transfer: [] };
});

/** The JSONL file of a part; `images` holds its pictures in a folder of the same number. */
function partName(part: number): string {
  return `part-${numbered(part)}.jsonl`;
}

function writeOne(part: number, number: number, { images, task, seed, step, questions }: PartPicture): DexRecord[] {
  const references = cameras.map((camera, i): [string, DexRecord['images'][string]] => {
    const url = path.posix.join('images', numbered(part), `${String(number).padStart(3, '0')}-${camera}.png`);
    return [String(i + 1), writePicture(root, url, images[camera]!)];
  });
  return questions.map(({ question, answer, kind, topic }) => ({
    images: Object.fromEntries(references),
    isRobot: false,
    conversations: [
      { from: 'human', value: `${'<image>\n'.repeat(cameras.length)}${question}` },
      { from: 'gpt', value: answer },
    ],
    extra: { kind, topic, task, seed, step },
  }));
}

function numbered(part: number): string {
  return String(part).padStart(6, '0');
}
