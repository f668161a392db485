/** @file Records two episodes of the tabletop's expert as a LeRobot v3.0 dataset, then opens it and reads it back. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openLeRobot } from 'vlakit/data/lerobot/reader';
import { createLeRobotWriter } from 'vlakit/data/lerobot/writer';
import { embodimentFeatures, recordEpisode } from 'vlakit/data/record';
import { createTabletop } from 'vlakit/simulation/tabletop';

const world = await createTabletop({ imageSize: 64 });
const { embodiment } = world;
const features = embodimentFeatures(embodiment, 'image');

const root = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-record-')), 'two-episodes');
const writer = createLeRobotWriter({
  root,
  fps: embodiment.controlHz,
  robotType: embodiment.name,
  features,
  existing: 'refuse',
});
for (const seed of [1, 2]) {
  await world.reset({ task: 'touch', seed });
  const recorder = recordEpisode(features);
  for (let outcome = 'running'; outcome === 'running';) {
    const action = world.expert();
    recorder.add(await world.observe(), action);
    outcome = await world.step(action);
  }
  await writer.addEpisode(recorder.episode());
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
