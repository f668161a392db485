/** @file Dexdata as others write it, and what is wrong with a set told with its file and line. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import zlib from 'node:zlib';
import sharp from 'sharp';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { withFolder } from '../../../tests/small-dataset.ts';
import { readJson } from '../../base/files.ts';
import { INDEX_NAME } from './file-index.ts';
import { findLines, readLine, readLines } from './lines.ts';
import { openDexdata } from './reader.ts';
import { formatRecord, parseRecord, type DexRecord } from './record.ts';
import { writePicture, writeRecords } from './writer.ts';

const PICTURE = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };

test('a line of the documentation is read, and what is not known is kept', () => {
  const line =
    '{"images_1": {"type": "video", "url": "url1", "frame_idx": 21}, "images_2": {"type": "image", "url": "b.png"}, ' +
    '"depths_1": {"type": "video", "url": "d", "frame_idx": 21}, "state": [0.1, -0.0], "prompt": "open the door", "is_robot": true, ' +
    '"answer": "answer text", "action": [0.12, 24], "conversations": [{"from": "human", "value": "<image>\\nColour?"}, {"from": "gpt", "value": "red"}]}';
  const record = parseRecord(line, 'here');
  assert.deepEqual(record, {
    images: { 1: { type: 'video', url: 'url1', frame: 21 }, 2: { type: 'image', url: 'b.png' } },
    isRobot: true,
    state: [0.1, -0],
    action: [0.12, 24],
    prompt: 'open the door',
    answer: 'answer text',
    conversations: [
      { from: 'human', value: '<image>\nColour?' },
      { from: 'gpt', value: 'red' },
    ],
    further: { depths_1: { type: 'video', url: 'd', frame_idx: 21 } },
  });
  assert.ok(Object.is(record.state![1], -0));
  const text = formatRecord(record);
  assert.deepEqual(parseRecord(text, 'again'), record);
  assert.deepEqual(JSON.parse(text), JSON.parse(line), 'nothing but the order of fields differs');
  assert.ok(!text.includes('\n'));
  assert.equal(parseRecord('{"state": [1], "prompt": null}', 'x').isRobot, true);
  assert.equal(parseRecord('{"prompt": "why?"}', 'x').isRobot, false);
});

test('what a line gets wrong is told', () => {
  const wrong: [string, RegExp][] = [
    ['{"state": [1, 2', /^file, line 3: expected a JSON object, got /],
    ['[]', /expected a JSON object, got \[\]/],
    ['{"state": "1"}', /"state": expected a list of numbers, got "1"/],
    ['{"action": [1, null]}', /"action", dimension 1: expected a finite number, got null/],
    ['{"state": [1e999]}', /"state", dimension 0: expected a finite number/],
    ['{"images_1": "a.png"}', /"images_1": expected \{"type", "url"\}, got "a\.png"/],
    ['{"images_1": {"type": "gif", "url": "a"}}', /"type": expected "image" or "video", got "gif"/],
    ['{"images_2": {"type": "video", "url": "a"}}', /"frame_idx": expected a whole number from 0, got nothing/],
    ['{"images_2": {"type": "video", "url": "a", "frame_idx": -1}}', /"frame_idx": .* got -1/],
    ['{"is_robot": 1}', /"is_robot": expected true or false, got 1/],
    ['{"conversations": [{"from": "robot", "value": ""}]}', /turn 0: expected \{"from"/],
    ['{"prompt": 5}', /"prompt": expected a text, got 5/],
  ];
  for (const [line, message] of wrong) {
    assert.throws(() => parseRecord(line, 'file, line 3'), { code: 'bad-data', message }, line);
  }
  const bad = { images: {}, isRobot: true, state: [Number.NaN] };
  assert.throws(() => formatRecord(bad), { code: 'not-finite', message: /"state", dimension 0/ });
});

test('lines are those between newlines, however long, with or without a last one, blank ones counted and passed over', () =>
  withFolder(async (root) => {
    const file = path.join(root, 'lines.jsonl');
    const long = 'x'.repeat(200_000);
    for (const [text, expected] of [
      ['', []],
      ['\n \r\n', []],
      ['a', [[1, 'a']]],
      [
        'a\nb',
        [
          [1, 'a'],
          [2, 'b'],
        ],
      ],
      [
        `\uFEFFa\r\n\n${long}\né\n`,
        [
          [1, 'a\r'],
          [3, long],
          [4, 'é'],
        ],
      ],
      // A line that ends exactly with a block, and one byte later.
      [
        `${'y'.repeat(65_535)}\nz`,
        [
          [1, 'y'.repeat(65_535)],
          [2, 'z'],
        ],
      ],
      [
        `${'y'.repeat(65_536)}\nz`,
        [
          [1, 'y'.repeat(65_536)],
          [2, 'z'],
        ],
      ],
    ] as [string, [number, string][]][]) {
      fs.writeFileSync(file, text);
      assert.deepEqual(
        [...readLines(file)].map(({ number, text: line }) => [number, line]),
        expected,
      );
      assert.deepEqual(
        findLines(file).map((place) => readLine(file, place)),
        expected.map(([number, line]) => ({ number, text: line })),
      );
    }
    fs.writeFileSync(file, Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a]));
    assert.throws(() => [...readLines(file)], { code: 'bad-data', message: /line 2: expected UTF-8 text/ });
    // Whoever stops early leaves no file open (seen where there is such a folder).
    if (!fs.existsSync('/proc/self/fd')) return;
    const before = fs.readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 20; i++) for (const line of readLines(file)) if (line.number === 1) break;
    assert.ok(fs.readdirSync('/proc/self/fd').length <= before + 1);
  }));

const said = (i: number): DexRecord => ({ images: {}, isRobot: false, prompt: `q${i}`, answer: `a${i}` });

test('files are found in folders below, in the order of their names; records by their place and one after the other', () =>
  withFolder(async (root) => {
    writeRecords(root, 'b.jsonl', [said(3)]);
    writeRecords(root, 'a/x.jsonl', [said(0), said(1), said(2)]);
    fs.writeFileSync(path.join(root, 'index_cache.json'), '{"meta_data": {"total_jsonl_files": 99}, "data": {}}');
    const set = openDexdata(root);
    assert.deepEqual(set.files, [
      { name: 'a/x.jsonl', records: 3 },
      { name: 'b.jsonl', records: 1 },
    ]);
    assert.equal(set.count, 4);
    assert.deepEqual(
      [...set.records(0)].map(({ record }) => record.prompt),
      ['q0', 'q1', 'q2'],
    );
    const { record, where } = set.record(0, 2);
    assert.deepEqual([record.answer, path.relative(root, where)], ['a2', path.join('a', 'x.jsonl, line 3')]);
    assert.throws(() => set.record(0, 3), { code: 'bad-argument', message: /expected a record below 3, got 3/ });
    assert.throws(() => set.record(7, 0), { code: 'bad-argument', message: /expected a file below 2, got 7/ });
    set.close();
  }));

test('the index is checked: it counts again what has changed, and a damaged one is made anew', () =>
  withFolder(async (root) => {
    writeRecords(root, 'a.jsonl', [said(0)]);
    assert.equal(openDexdata(root).count, 1);
    const index = path.join(root, INDEX_NAME);
    const { files } = readJson<{ files: Record<string, { records: number }> }>(index);
    // Taken from the index while the file is as it was …
    fs.writeFileSync(index, JSON.stringify({ version: 1, files: { 'a.jsonl': { ...files['a.jsonl'], records: 5 } } }));
    assert.equal(openDexdata(root).count, 5);
    // … and counted when it is not.
    writeRecords(root, 'a.jsonl', [said(0), said(1)]);
    assert.equal(openDexdata(root).count, 2);
    fs.rmSync(path.join(root, 'a.jsonl'));
    writeRecords(root, 'c.jsonl', [said(0), said(1), said(2)]);
    assert.equal(openDexdata(root).count, 3);
    fs.writeFileSync(index, '{"version": 1, "fi');
    assert.equal(openDexdata(root).count, 3);
  }));

test('pictures: PNG and JPEG files, video frames by number, relative and absolute urls, DM0’s folder of videos', () =>
  withFolder(async (root) => {
    writePicture(root, 'p/one.png', PICTURE);
    const jpeg = await sharp(Buffer.alloc(8 * 8 * 3, 200), { raw: { width: 8, height: 8, channels: 3 } })
      .jpeg()
      .toBuffer();
    fs.writeFileSync(path.join(root, 'two.jpg'), jpeg);
    const clip = path.join(repositoryRoot, 'tests', 'golden', 'h264-clip.mp4');
    fs.mkdirSync(path.join(root, 'video'));
    fs.copyFileSync(clip, path.join(root, 'video', 'clip.mp4'));
    writeRecords(root, 'a.jsonl', [said(0)]);
    const set = openDexdata(root);
    const image = (url: string) => set.image({ type: 'image', url }, 'here');
    assert.deepEqual(await image('p/one.png'), PICTURE);
    assert.deepEqual(await image(path.join(root, 'p', 'one.png')), PICTURE);
    assert.ok((await image('two.jpg')).data.every((value) => Math.abs(value - 200) < 4));
    const golden = readJson<Record<string, { frames: { frame: number; crc32: number }[] }>>(
      path.join(repositoryRoot, 'tests', 'golden', 'video-frames.json'),
    );
    for (const { frame, crc32 } of golden['h264-clip']!.frames.slice(0, 4)) {
      const { data } = await set.image({ type: 'video', url: 'clip.mp4', frame }, 'here');
      assert.equal(zlib.crc32(data), crc32);
    }
    await assert.rejects(set.image({ type: 'video', url: 'clip.mp4', frame: 4000 }, 'here'), { code: 'bad-data' });
    set.close();
  }));

test('nothing outside the dataset’s folder is read: not by dots, absolute paths, links or addresses', () =>
  withFolder(async (folder) => {
    const root = path.join(folder, 'set');
    writePicture(folder, 'secret.png', PICTURE);
    writePicture(folder, 'set-beside/secret.png', PICTURE);
    writeRecords(root, 'a.jsonl', [said(0)]);
    fs.symlinkSync(path.join(folder, 'secret.png'), path.join(root, 'link.png'));
    fs.symlinkSync(folder, path.join(root, 'up'));
    const set = openDexdata(root);
    const outside = [
      '../secret.png',
      path.join(folder, 'secret.png'),
      'link.png',
      'up/secret.png',
      '../set-beside/secret.png',
      '.',
      '..',
    ];
    for (const url of outside) {
      await assert.rejects(set.image({ type: 'image', url }, 'a.jsonl, line 1'), {
        code: 'bad-data',
        message: /^a\.jsonl, line 1: expected a file inside .* which lies elsewhere/,
      });
    }
    for (const url of ['https://example.org/x.png', 's3://bucket/x.png']) {
      await assert.rejects(set.image({ type: 'image', url }, 'here'), {
        code: 'unsupported',
        message: /got the address/,
      });
    }
    await assert.rejects(set.image({ type: 'image', url: 'a\0b' }, 'here'), { code: 'bad-data' });
    set.close();
    // Unless the folder is named.
    const named = openDexdata(root, { media: folder });
    assert.deepEqual(await named.image({ type: 'image', url: 'secret.png' }, 'here'), PICTURE);
    named.close();
    assert.throws(() => writePicture(root, '../out.png', PICTURE), { code: 'bad-argument' });
    assert.throws(() => writeRecords(root, '../out.jsonl', []), { code: 'bad-argument' });
  }));

test('missing, cut-off and false pictures and lines end in errors that name them', () =>
  withFolder(async (root) => {
    const whole = writePicture(root, 'whole.png', PICTURE);
    fs.writeFileSync(path.join(root, 'half.png'), fs.readFileSync(path.join(root, whole.url)).subarray(0, 40));
    fs.writeFileSync(path.join(root, 'text.png'), 'no picture');
    fs.writeFileSync(path.join(root, 'cut.mp4'), 'no video');
    writeRecords(root, 'a.jsonl', [said(0), said(1)]);
    const file = path.join(root, 'a.jsonl');
    fs.writeFileSync(file, fs.readFileSync(file).subarray(0, -5));
    const set = openDexdata(root);
    assert.throws(() => [...set.records(0)], { code: 'bad-data', message: /a\.jsonl, line 2: expected a JSON object/ });
    const image = (url: string) => set.image({ type: 'image', url }, 'a.jsonl, line 1');
    await assert.rejects(image('gone.png'), {
      code: 'not-found',
      message: /^a\.jsonl, line 1: expected the file "gone\.png"/,
    });
    await assert.rejects(image('half.png'), { code: 'bad-data', message: /half\.png: expected a whole PNG image/ });
    await assert.rejects(image('text.png'), { code: 'bad-data', message: /text\.png: expected an RGB image/ });
    await assert.rejects(set.image({ type: 'video', url: 'cut.mp4', frame: 0 }, 'x'), {
      code: 'bad-data',
      message: /cut\.mp4/,
    });
    set.close();
    assert.throws(() => openDexdata(path.join(root, 'nowhere')), { code: 'not-found' });
  }));
