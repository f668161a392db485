/**
 * @file Draws docs/images/worlds.webp: one episode of each built-in world beside the tabletop, and of made-up human hands, a row each.
 *
 *     npm run build && node tools/world-pictures.mjs
 */
import { Random } from '../dist/src/base/random.js';
import { drawHandEpisode } from '../dist/src/simulation/human-hands/episode.js';
import { HandsView } from '../dist/src/simulation/human-hands/view.js';
import { openWorld } from '../dist/src/simulation/worlds.js';
import sharp from 'sharp';

const SIZE = 160;
const COLUMNS = 6;
const ROWS = [
  ['six-joint', 'stack', 4],
  ['two-arms', 'hand-over', 3],
  ['rooms', 'visit', 6],
];

/** Evenly spaced ones of a list, the first and the last among them. */
const spread = (list) =>
  Array.from({ length: COLUMNS }, (_, i) => list[Math.round((i * (list.length - 1)) / (COLUMNS - 1))]);

async function play([world, task, seed]) {
  const environment = await openWorld({ world, imageSize: SIZE });
  await environment.reset({ task, seed });
  const camera = environment.embodiment.cameras[0].name;
  const shots = [];
  for (let outcome = 'running'; ; outcome = await environment.step(environment.expert())) {
    const { images, instruction } = await environment.observe();
    if (shots.length === 0) console.log(`${world}: ${instruction}`);
    shots.push(images[camera]);
    if (outcome !== 'running') break;
  }
  await environment.close();
  return spread(shots);
}

function hands(seed) {
  const episode = drawHandEpisode(new Random(seed, 0, 0));
  console.log(`human-hands: ${episode.instruction}`);
  const view = new HandsView(SIZE, episode, new Random(seed, 0, 1));
  return spread(episode.frames).map((frame) => view.render(frame));
}

const rows = [...(await Promise.all(ROWS.map(play))), hands(1)];
const tiles = rows.flatMap((shots, row) =>
  shots.map(({ data }, column) => ({
    input: Buffer.from(data),
    raw: { width: SIZE, height: SIZE, channels: 3 },
    left: column * (SIZE + 2),
    top: row * (SIZE + 2),
  })),
);
await sharp({
  create: { width: COLUMNS * (SIZE + 2) - 2, height: rows.length * (SIZE + 2) - 2, channels: 3, background: '#fff' },
})
  .composite(tiles)
  .webp({ quality: 80, effort: 6 })
  .toFile('docs/images/worlds.webp');
