/** @file `vlakit run` as a process: outcomes, a page of films, one animated image, mistakes. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { FLATLAND_OPTIONS, vlakit, type Ended } from '../../tests/processes/vlakit.ts';
import { shippedFile } from '../base/shipped-file.ts';
import { createTabletop } from '../simulation/tabletop/index.ts';
import { loadPolicy } from '../training/load-policy.ts';
import { namedPolicy } from './players.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-run-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const run = (args: readonly string[]): Promise<Ended> => vlakit(args, { cwd: folder });

test('run prints the outcomes and writes a page with one film per episode', async () => {
  const { code, out, err } = await run(['run', 'expert', ...FLATLAND_OPTIONS, '--seed', '3', '--episodes', '2']);
  assert.equal(code, 0, err);
  const lines = out.trim().split('\n');
  assert.equal(lines.length, 5);
  assert.match(lines[0]!, /^success {2}“touch the (red|green|blue) dot” \(touch, seed 1000000003\) after 0\.\d s$/);
  assert.equal(lines[4], 'rollout.html');
  const page = fs.readFileSync(path.join(folder, 'rollout.html'), 'utf8');
  assert.equal(page.match(/data:image\/webp/g)!.length, 4);
});

test('run writes one animated image', async () => {
  const args = ['run', 'expert', ...FLATLAND_OPTIONS, '--task', 'stay', '--out', 'one.webp'];
  const { code, err } = await run(args);
  assert.equal(code, 0, err);
  assert.equal(fs.readFileSync(path.join(folder, 'one.webp')).subarray(8, 12).toString('latin1'), 'WEBP');
});

test('what cannot be shown is refused', async () => {
  const [kind, many] = await Promise.all([
    run(['run', 'expert', '--out', 'film.mp4']),
    run(['run', 'expert', ...FLATLAND_OPTIONS, '--out', 'many.webp']),
  ]);
  assert.equal(kind.code, 1);
  assert.match(kind.err, /expected a name that ends in \.html or \.webp, got "film\.mp4"/);
  assert.equal(many.code, 1);
  assert.match(many.err, /expected one episode for a \.webp, got 2/);
  assert.equal(fs.existsSync(path.join(folder, 'many.webp')), false);
});

test('without a policy it plays the checkpoint that ships, in its own world', async () => {
  const { code, out, err } = await run(['run', '--task', 'touch', '--film-size', '64', '--out', 'shipped.html']);
  assert.equal(code, 0, err);
  assert.match(
    out,
    /^(success|wrong|failure|timeout) +“.+” \(touch, seed 1000000000\) after \d+\.\d s\nshipped\.html\n$/,
  );
  const page = fs.readFileSync(path.join(folder, 'shipped.html'), 'utf8');
  assert.equal(page.match(/data:image\/webp/g)!.length, 1);
});

test('every checkpoint that ships is whole, names its tasks and answers', async () => {
  const all = path.dirname(path.dirname(shippedFile('checkpoints/quickstart/model.safetensors')));
  for (const name of fs.readdirSync(all)) {
    const { tasks, imageSize } = await namedPolicy(path.join(all, name));
    assert.ok(tasks.length > 0 && !tasks.includes('all'), `${name} names its tasks`);
    const world = await createTabletop({ imageSize: imageSize! });
    const policy = await loadPolicy(path.join(all, name), { runtime: 'cpu', threads: 1, inWorker: false });
    for (const task of tasks) {
      await world.reset({ task, seed: 1, phrasing: 'train' });
      await policy.reset({ seed: 1 });
      const { dim } = await policy.infer(await world.observe());
      assert.equal(dim, world.embodiment.action.names.length, `${name}: ${task}`);
    }
    await policy.close();
    await world.close();
  }
});
