/** @file A LeRobot dataset of made-up PNG pictures, for measurements. */

import { createLeRobotWriter } from '../src/data/lerobot/writer.ts';

/** Writes 20 episodes of 60 frames, two cameras of `side`² pixels each, with edges, slopes and noise. */
export async function writeImages(folder: string, side: number): Promise<void> {
  const length = 60;
  const cameras = ['front', 'wrist'].map((name) => `observation.images.${name}`);
  const vector = (size: number): { dtype: 'float32'; shape: number[]; names: null } => ({
    dtype: 'float32',
    shape: [size],
    names: null,
  });
  const writer = createLeRobotWriter({
    root: folder,
    fps: 20,
    robotType: 'bench',
    existing: 'refuse',
    features: {
      ...Object.fromEntries(cameras.map((name) => [name, { dtype: 'image', shape: [side, side, 3], names: null }])),
      'observation.state': vector(8),
      action: vector(7),
    },
  });
  for (let episode = 0; episode < 20; episode++) {
    const picture = (frame: number, camera: number): Uint8Array =>
      Uint8Array.from({ length: side * side * 3 }, (_, i) => {
        const [x, y] = [Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
        const inside = Math.abs(x - side / 2) < side / 5 && Math.abs(y - side / 3) < side / 6;
        return (inside ? 200 - camera * 60 : x + y) + ((i * 7919 + frame * 31 + episode) % 7) + (i % 3) * 20;
      });
    const pictures = (camera: number): Uint8Array => {
      const base = picture(0, camera);
      const rgb = new Uint8Array(length * base.length);
      // A picture per tenth frame is enough, shifted by whole rows in between.
      for (let frame = 0; frame < length; frame++) {
        rgb.set(base.subarray((frame % 10) * side * 3), frame * base.length);
      }
      return rgb;
    };
    await writer.addEpisode({
      length,
      task: 'bench',
      columns: {
        'observation.state': Float32Array.from({ length: length * 8 }, (_, i) => Math.sin(i + episode)),
        action: Float32Array.from({ length: length * 7 }, (_, i) => Math.cos(i + episode)),
      },
      images: Object.fromEntries(cameras.map((name, camera) => [name, { rgb: pictures(camera) }])),
    });
  }
  await writer.finish();
}
