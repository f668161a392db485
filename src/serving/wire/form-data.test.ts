/** @file Tests of the reader of forms. */

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import test from 'node:test';
import { readForm } from './form-data.ts';
import { DEFAULT_WIRE_LIMITS } from './limits.ts';

function request(body: string): IncomingMessage {
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  return Object.assign(Readable.from([Buffer.from(body)]), { headers, complete: true }) as unknown as IncomingMessage;
}

test('a long part without a name is skipped, and does not keep the form from its end', async () => {
  for (const length of [10, 20_000, 200_000]) {
    for (const head of ['', 'Content-Disposition: f\r\n']) {
      const skipped = `--x\r\n${head}\r\n${'a'.repeat(length)}\r\n`;
      const named = '--x\r\nContent-Disposition: form-data; name="text"\r\n\r\ngo\r\n';
      // Node ends a test whose promise nothing can settle any more.
      const { fields } = await readForm(request(`${skipped}${named}--x--\r\n`), DEFAULT_WIRE_LIMITS);
      assert.deepEqual(fields.get('text'), ['go'], `${head.length > 0 ? 'odd' : 'no'} header, ${length} bytes`);
    }
  }
});
