/**
 * @file Traces a small network, differentiates it, and trains it in one graph whose state stays in the session: is a
 * point inside the circle? Prints the loss as it falls.
 */

import { f32, zeros } from 'vlakit/base/tensor';
import { Random } from 'vlakit/base/random';
import * as engine from 'vlakit/engine';

const POINTS = 256;
const HIDDEN = 16;
const RATE = 1;
const shapes = { w1: [2, HIDDEN], b1: [HIDDEN], w2: [HIDDEN, 1], b2: [1] };

const graph = engine.trace(() => {
  const points = engine.input('points', 'f32', [POINTS, 2]);
  const inside = engine.input('inside', 'f32', [POINTS, 1]);
  const parameters = Object.entries(shapes).map(([name, shape]) => engine.input(name, 'f32', shape));
  const [w1, b1, w2, b2] = parameters as [engine.Value, engine.Value, engine.Value, engine.Value];

  const hidden = engine.tanh(engine.add(engine.matmul(points, w1), b1));
  const guess = engine.sigmoid(engine.add(engine.matmul(hidden, w2), b2));
  const error = engine.sub(guess, inside);
  const loss = engine.reduceMean(engine.mul(error, error));

  // The gradient is part of the same graph, and so is the update.
  const gradients = engine.gradient(loss, parameters);
  engine.output('loss', loss);
  for (const [i, name] of Object.keys(shapes).entries()) {
    engine.output(`${name}.next`, engine.sub(parameters[i]!, engine.mul(gradients[i]!, RATE)));
  }
});

const random = new Random(1);
const draw = (shape: readonly number[]) => {
  const tensor = zeros('f32', shape);
  return { ...tensor, data: tensor.data.map(() => random.normal() * 0.5) };
};
const session = await engine.createSession(graph, {
  runtime: 'cpu',
  state: Object.fromEntries(Object.keys(shapes).map((name) => [name, `${name}.next`])),
  initialState: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, draw(shape)])),
});
for (let step = 0; step <= 2000; step++) {
  const points = Array.from({ length: POINTS }, () => [random.range(-1, 1), random.range(-1, 1)]);
  const { loss } = await session.run({
    points: f32(points.flat(), [POINTS, 2]),
    inside: f32(
      points.map(([x, y]) => Number(Math.hypot(x!, y!) < 0.7)),
      [POINTS, 1],
    ),
  });
  if (step % 400 === 0) console.log(`step ${step}: loss ${Number(loss!.data[0]).toFixed(4)}`);
}
await session.close();
