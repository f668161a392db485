/** @file Records two episodes of the tabletop's expert as a LeRobot v3.0 dataset, then opens it and reads it back. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openLeRobot } from 'vlakit/data/lerobot/reader';
import { createLeRobotWriter } from 'vlakit/data/lerobot/writer';
import type { Feature } from 'vlakit/interfaces/episode';
import { createTabletop } from 'vlakit/simulation/tabletop';

const SIZE = 64;
const world = await createTabletop({ imageSize: SIZE });
const { embodiment } = world;
const picture: Feature = { dtype: 'image', shape: [SIZE, SIZE, 3], names: ['height', 'width', 'channels'] };
const vector = (names: readonly string[]): Feature => ({ dtype: 'float32', shape: [names.length], names });

const root = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-record-')), 'two-episodes');
const writer = createLeRobotWriter({
  root,
  fps: embodiment.controlHz,
  robotType: embodiment.name,
  features: {
    'observation.images.front': picture,
    'observation.state': vector(embodiment.state.names),
    action: vector(embodiment.action.names),
  },
  existing: 'refuse',
});
for (const seed of [1, 2]) {
  await world.reset({ task: 'touch', seed });
  const rgb: Uint8Array[] = [];
  const states: number[] = [];
  const actions: number[] = [];
  const { instruction } = await world.observe();
  for (let outcome = 'running'; outcome === 'running';) {
    const { images, state } = await world.observe();
    const action = world.expert();
    rgb.push(images['front']!.data);
    states.push(...state);
    actions.push(...action);
    outcome = await world.step(action);
  }
  await writer.addEpisode({
    length: rgb.length,
    task: instruction,
    columns: { 'observation.state': states, action: actions },
    images: { 'observation.images.front': { rgb: Buffer.concat(rgb) } },
  });
}
await writer.finish();
await world.close();

const dataset = await openLeRobot(root, { episodes: 'all' });
for (const { index, length, tasks } of dataset.episodes)
  console.log(`episode ${index}: ${length} frames, ${tasks.join()}`);
const { q01, q99 } = await dataset.statistics('action');
for (const [i, name] of embodiment.action.names.entries()) {
  console.log(`${name.padEnd(10)} 1 % … 99 %: ${q01[i]!.toFixed(3)} … ${q99[i]!.toFixed(3)}`);
}
const frame = await dataset.image('observation.images.front', 1, 0);
console.log(`first frame of episode 1: ${frame.width} × ${frame.height}`);
await dataset.close();
console.log(`the dataset is in ${root}`);
