/** @file Records the small dataset in a process of its own, to be killed: `node recording-process.js FOLDER EPISODES`. */

import { createLeRobotWriter } from '../src/data/lerobot/writer.ts';
import { FPS, smallEpisode, smallFeatures } from './small-dataset.ts';

const [root, count] = process.argv.slice(2);
const writer = createLeRobotWriter({
  root: root!,
  fps: FPS,
  robotType: 'test-arm',
  features: smallFeatures('image'),
  existing: 'resume',
  dataFileMegabytes: 0.05,
});
while (writer.episodes < Number(count)) {
  await writer.addEpisode(smallEpisode(writer.episodes, 20));
  process.stdout.write(`${writer.episodes}\n`);
}
process.stdout.write('finishing\n');
await writer.finish();
