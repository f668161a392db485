/** @file Opens the built-in world, lets its scripted expert play one episode of every task, and saves what it saw last. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { encodePng } from 'vlakit/base/png';
import { createTabletop } from 'vlakit/simulation/tabletop';

const world = await createTabletop({ imageSize: 128 });
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-tabletop-'));
for (const task of world.tasks) {
  // The same task and seed give the same scene, bit for bit.
  await world.reset({ task, seed: 7 });
  let outcome = 'running';
  let ticks = 0;
  for (; outcome === 'running'; ticks++) outcome = await world.step(world.expert());
  const { instruction, images } = await world.observe();
  const picture = path.join(folder, `${task}.png`);
  fs.writeFileSync(picture, encodePng(images['front']!));
  console.log(`${task}: "${instruction}": ${outcome} after ${ticks} ticks, ${picture}`);
}
await world.close();
