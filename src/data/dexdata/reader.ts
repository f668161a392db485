/** @file Opens a folder of Dexdata files: records one after the other, or any record by its place; pictures when they are asked for. */

import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import type { Image } from '../../interfaces/observation.ts';
import { indexFiles, type DexFile } from './file-index.ts';
import { findLines, readLine, readLines, type LinePlace } from './lines.ts';
import { openMedia } from './media.ts';
import { parseRecord, type DexImage, type DexRecord } from './record.ts';

/** How to open a dataset. */
export interface DexdataOptions {
  /** The folder from which relative urls go; default the dataset's own (or `video` in it). */
  readonly media?: string;
}

/** A record and where it stands. */
export interface PlacedRecord {
  readonly record: DexRecord;
  /** The file and line, for errors. */
  readonly where: string;
}

/** A Dexdata dataset. Memory does not grow with its size. */
export interface Dexdata {
  readonly root: string;
  /** Its files, in the order of their names; one episode each where it is robot data. */
  readonly files: readonly DexFile[];
  /** Records of all files. */
  readonly count: number;
  /** The records of a file (by its place in `files`), read as they are asked for. */
  records(file: number): Iterable<PlacedRecord>;
  /** One record, counted from 0 among the lines of its file that are not blank. */
  record(file: number, index: number): PlacedRecord;
  /** A picture of a record. */
  image(reference: DexImage, where: string): Promise<Image>;
  /** The file of a picture. */
  resolve(url: string, where: string): string;
  close(): void;
}

/** Bytes for the places of lines in files that were asked for single records. */
const PLACES_BYTES = 64e6;
const PLACE_BYTES = 48;

/** Opens the dataset in the folder `root`; its lines are checked when they are read. */
export function openDexdata(root: string, options: DexdataOptions = {}): Dexdata {
  const files = indexFiles(root);
  const media = openMedia(root, options.media);
  const places = new PlaceMemory();
  const fileOf = (file: number): { at: string; records: number } => {
    const found = files[file];
    if (found !== undefined) return { at: path.join(root, found.name), records: found.records };
    throw new VlaError('bad-argument', `${root}: expected a file below ${files.length}, got ${file}.`, {
      hint: 'Files count from 0 in the order of their names.',
    });
  };
  return {
    root,
    files,
    count: files.reduce((sum, { records }) => sum + records, 0),
    *records(file) {
      const { at } = fileOf(file);
      for (const { number, text } of readLines(at)) {
        const where = `${at}, line ${number}`;
        yield { record: parseRecord(text, where), where };
      }
    },
    record(file, index) {
      const { at, records } = fileOf(file);
      const place = places.of(at)[index];
      if (place === undefined) {
        throw new VlaError('bad-argument', `${at}: expected a record below ${records}, got ${index}.`, {
          hint: 'Records count from 0; open the dataset again if its files have changed.',
        });
      }
      const where = `${at}, line ${place.number}`;
      return { record: parseRecord(readLine(at, place).text, where), where };
    },
    image: (reference, where) => media.image(reference, where),
    resolve: (url, where) => media.resolve(url, where),
    close: () => media.close(),
  };
}

/** The places of lines in the files used last. */
class PlaceMemory {
  private readonly files = new Map<string, LinePlace[]>();
  private bytes = 0;

  of(file: string): readonly LinePlace[] {
    let places = this.files.get(file);
    if (places === undefined) {
      places = findLines(file);
      this.bytes += places.length * PLACE_BYTES;
    } else {
      this.files.delete(file);
    }
    this.files.set(file, places);
    for (const [other, held] of this.files) {
      if (this.bytes <= PLACES_BYTES || other === file) break;
      this.files.delete(other);
      this.bytes -= held.length * PLACE_BYTES;
    }
    return places;
  }
}
