/**
 * @file Writes what our own reader finds in a LeRobot v3.0 dataset, for tools/check-lerobot.py to compare with what LeRobot
 * finds there: `npm run build && node tools/lerobot-expected.mjs DATASET FILE [frames = 300]`. Frames are spread evenly;
 * the first and the last of the dataset are among them.
 */
import fs from 'node:fs';
import { openLeRobot } from '../dist/src/data/lerobot/reader.js';

const [root, file, most = '300'] = process.argv.slice(2);
if (root === undefined || file === undefined || !(Number(most) >= 2)) {
  console.error('Usage: node tools/lerobot-expected.mjs DATASET FILE [frames]');
  process.exit(2);
}
const dataset = await openLeRobot(root, { episodes: 'all' });
const places = dataset.episodes.flatMap(({ index, length }) =>
  Array.from({ length }, (_, frame) => ({ episode: index, frame, length })),
);
const count = Math.min(Number(most), places.length);
const chosen = Array.from({ length: count }, (_, i) => Math.round((i * (places.length - 1)) / Math.max(1, count - 1)));
const numeric = Object.entries(dataset.features).filter(
  ([, { dtype }]) => !['image', 'video', 'string'].includes(dtype),
);

/** The row of a frame in a numeric feature. */
async function row(name, { episode, frame, length }) {
  const values = await dataset.column(name, episode);
  const size = values.length / length;
  return [...values.subarray(frame * size, (frame + 1) * size)];
}

const frames = [];
for (const index of chosen) {
  const place = places[index];
  const { episode, frame, length } = place;
  const chunk = [0, 1, 2].map((k) => frame + k);
  const others = numeric.filter(([name]) => name !== 'action');
  frames.push({
    index,
    episode,
    frame,
    task: await dataset.instruction(episode, frame),
    columns: Object.fromEntries(await Promise.all(others.map(async ([name]) => [name, await row(name, place)]))),
    actions: await Promise.all(chunk.map((at) => row('action', { ...place, frame: Math.min(at, length - 1) }))),
    isPad: chunk.map((at) => at >= length),
    pictures: Object.fromEntries(
      await Promise.all(
        dataset.cameras.map(async (name) => [
          name,
          Buffer.from((await dataset.image(name, episode, frame)).data).toString('base64'),
        ]),
      ),
    ),
  });
}
await dataset.close();
const exact = Object.values(dataset.features).every(({ dtype }) => dtype !== 'video');
fs.writeFileSync(file, JSON.stringify({ exact, total: places.length, formula: false, frames }));
console.log(`${file}: ${frames.length} of the ${places.length} frames of ${root}`);
