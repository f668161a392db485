/**
 * @file Writes a small LeRobot v3.0 dataset and, beside it, what is in it (expected.json), for tools/check-lerobot.py:
 * `npm run build && node tools/lerobot-sample.mjs FOLDER image|video [av1|h264]`.
 */
import fs from 'node:fs';
import path from 'node:path';
import { AV1_DEFAULT, H264_DEFAULT } from '../dist/src/data/video/encode.js';
import { FRONT, WRIST, actionAt, pictureAt, stateAt, taskOf, writeSmallDataset } from '../dist/tests/small-dataset.js';

const [folder, camera = 'image', codec = 'av1'] = process.argv.slice(2);
if (folder === undefined || !['image', 'video'].includes(camera)) {
  console.error('Usage: node tools/lerobot-sample.mjs FOLDER image|video [av1|h264]');
  process.exit(2);
}
const lengths = [30, 1, 41, 22, 17];
await writeSmallDataset(folder, camera, lengths, {
  existing: 'replace',
  video: codec === 'h264' ? H264_DEFAULT : AV1_DEFAULT,
  // Small enough for several files of each kind.
  dataFileMegabytes: camera === 'image' ? 0.02 : 0.004,
  videoFileMegabytes: codec === 'h264' ? 0.008 : 0.005,
});
const frames = [];
for (const [episode, length] of lengths.entries()) {
  for (let frame = 0; frame < length; frame++) {
    const chunk = [0, 1, 2].map((k) => frame + k);
    frames.push({
      index: frames.length,
      episode,
      frame,
      task: taskOf(episode),
      columns: { 'observation.state': stateAt(episode, frame) },
      actions: chunk.map((row) => actionAt(episode, Math.min(row, length - 1))),
      isPad: chunk.map((row) => row >= length),
      pictures: Object.fromEntries(
        [FRONT, WRIST].map((name) => [name, Buffer.from(pictureAt(name, episode, frame)).toString('base64')]),
      ),
    });
  }
}
fs.writeFileSync(
  path.join(folder, 'expected.json'),
  JSON.stringify({ exact: camera === 'image', total: frames.length, formula: true, frames }),
);
console.log(
  `${folder}: ${lengths.length} episodes, ${frames.length} frames, ${camera} ${camera === 'video' ? codec : ''}`,
);
