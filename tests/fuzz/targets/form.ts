/** @file DM0's multipart forms, from the body of a request to its pictures. */

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { encodePng } from '../../../src/base/png.ts';
import { dm0Request } from '../../../src/serving/dm0/dm0-messages.ts';
import { decodePicture } from '../../../src/serving/wire/encoded-image.ts';
import { readForm } from '../../../src/serving/wire/form-data.ts';
import { DEFAULT_WIRE_LIMITS } from '../../../src/serving/wire/limits.ts';
import { toyObservation } from '../../serving/toy-observation.ts';
import type { FuzzTarget } from '../fuzz.ts';

const BOUNDARY = 'x-vlakit-boundary';
const PIECES = [
  `--${BOUNDARY}`,
  `\r\n--${BOUNDARY}--\r\n`,
  '\r\n\r\n',
  'Content-Disposition: form-data; name="',
  "filename*=utf-8''%ff",
  'name="__proto__"',
  'Content-Type: text/plain; charset=x',
  'Content-Transfer-Encoding: base64\r\n',
  '[[[[[[',
  '1e999',
];

/** One part of a form. */
function part(name: string, body: Uint8Array, extra = ''): Uint8Array {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${extra}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n')]);
}

function form(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

/** The body of a `POST /process_frame`. */
export function formTarget(): FuzzTarget {
  const { images, instruction } = toyObservation('go');
  const pictures = Object.values(images).map((image) => part('image', encodePng(image), '; filename="image"'));
  const texts = [part('text', Buffer.from(instruction)), part('states', Buffer.from('[0.25, 0.5]'))];
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  return {
    seeds: [
      form([...texts, ...pictures]),
      form([...pictures, ...pictures, part('batch_size', Buffer.from('2')), part('text', Buffer.from('go'))]),
    ],
    pieces: PIECES.map((piece) => Buffer.from(piece)),
    async decode(bytes) {
      const body = Object.assign(Readable.from([bytes]), { headers, complete: true }) as unknown as IncomingMessage;
      const { examples } = dm0Request(await readForm(body, DEFAULT_WIRE_LIMITS));
      for (const { images: files } of examples) {
        for (const file of files) await decodePicture(file, 'image', DEFAULT_WIRE_LIMITS);
      }
      return examples;
    },
  };
}
