/** @file A video file in place of a camera: in its own time, scaled, over and over; and what cannot be opened. */

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { inSimulatedTime } from '../../../tests/simulated-time.ts';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { SimulatedClock } from '../../base/clock.ts';
import type { VlaError } from '../../base/errors.ts';
import type { Image } from '../../interfaces/observation.ts';
import type { Camera } from './camera.ts';
import { deviceCamera, fileCamera } from './node-camera.ts';

const file = path.join(repositoryRoot, 'tests/golden/h264-clip.mp4');
const skip = await import('node-av/api').then(
  () => false,
  () => 'node-av is not installed',
);

test('a file plays at its own rate, and begins anew', { skip }, async () => {
  const clock = new SimulatedClock();
  const camera = fileCamera({ name: 'front', width: 20, height: 16, file, clock });
  const heard: { image: Image; time: number }[] = [];
  let enough: () => void = () => undefined;
  const many = new Promise<void>((resolve) => (enough = resolve));
  const opened = camera.open(
    (image, time) => {
      heard.push({ image, time });
      if (heard.length === 60) enough();
    },
    (error) => assert.fail(error),
  );
  await inSimulatedTime(clock, opened);
  assert.ok(heard.length >= 1);
  await inSimulatedTime(clock, many);
  await inSimulatedTime(clock, camera.close());
  const { length } = heard;
  await clock.advance(clock.now() + 5);
  assert.equal(heard.length, length, 'nothing comes after close');
  for (const { image } of heard) assert.deepEqual([image.width, image.height, image.data.length], [20, 16, 960]);
  const steps = heard.slice(1).map(({ time }, i) => time - heard[i]!.time);
  assert.ok(steps.every((step) => step >= 0));
  assert.ok(new Set(heard[0]!.image.data).size > 10, 'the picture is empty');
  const firstAgain = heard.findIndex(({ image }, i) => i > 0 && image.data.join() === heard[0]!.image.data.join());
  assert.ok(firstAgain > 1, 'the film never begins anew');
});

test('what is no video, no file or no device is said at once', { skip }, async () => {
  const options = { name: 'front', width: 20, height: 16 };
  const refused = (camera: Camera): Promise<VlaError> =>
    camera
      .open(() => undefined, assert.fail)
      .then(
        () => assert.fail('opened'),
        (error: VlaError) => error,
      );
  for (const camera of [
    fileCamera({ ...options, file: path.join(repositoryRoot, 'package.json') }),
    fileCamera({ ...options, file: path.join(repositoryRoot, 'no-such-film.mp4') }),
    deviceCamera({ ...options, device: '/dev/no-such-camera' }),
  ]) {
    const error = await refused(camera);
    assert.equal(error.code, 'io');
    assert.match(error.message, /camera front: expected images, got/);
    await camera.close();
  }
});
