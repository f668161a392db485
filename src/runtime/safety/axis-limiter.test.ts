/** @file An axis keeps its limits whatever is wanted of it, and leaves alone what keeps them by itself; judged by differences of what it sends. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { AxisLimiter, type AxisLimits } from './axis-limiter.ts';
import { brakingSpan, largestChange } from './braking.ts';

const TICKS = 6_000;

/** A random walk of wishes: smooth, jumping, saturated and stuck stretches. */
function* wishes(random: Random, { low, high, velocity, reference }: AxisLimits): Generator<number> {
  const absolute = reference === 'absolute';
  const span = absolute ? high - low : velocity;
  const middle = absolute ? (low + high) / 2 : 0;
  let at = middle;
  for (;;) {
    const kind = random.integer(6);
    const length = 1 + random.integer(60);
    const goal = middle + span * random.range(-0.7, 0.7);
    const phase = random.range(0, 6);
    for (let i = 0; i < length; i++) {
      if (kind === 0) at += (goal - at) / 10;
      else if (kind === 1) at = middle + span * random.range(-0.8, 0.8);
      else if (kind === 2) at = goal;
      else if (kind === 3) at = random.uniform() < 0.5 ? 1e30 : -1e30;
      else if (kind === 4) at = middle + 0.55 * span * Math.sin(phase + i / 5);
      else at += velocity * random.normal();
      yield Math.fround(at);
      if (Math.abs(at) > 1e20) at = goal;
    }
  }
}

function drawLimits(random: Random, reference: AxisLimits['reference']): AxisLimits {
  const velocity = 10 ** random.range(-3, -0.5);
  const acceleration = velocity * 10 ** random.range(-1.5, 0.3);
  const jerk = acceleration * 10 ** random.range(-1.2, 0.3);
  const half = 10 ** random.range(-0.7, 0.6);
  const centre = random.range(-1, 1);
  return { reference, velocity, acceleration, jerk, low: centre - half, high: centre + half };
}

for (const reference of ['absolute', 'delta'] as const) {
  test(`${reference}: 60,000 ticks of random wishes under ten random sets of limits keep every limit`, () => {
    for (let draw = 0; draw < 10; draw++) {
      const random = new Random(11, draw);
      const limits = drawLimits(random, reference);
      const axis = new AxisLimiter('test', limits);
      const wanted = wishes(random, limits);
      // In doubles, from the numbers as they are sent.
      let place = (limits.low + limits.high) / 2;
      let [v, a] = [0, 0];
      axis.anchor(place);
      for (let tick = 0; tick < TICKS; tick++) {
        const { acceleration } = axis.choose(wanted.next().value as number);
        assert.ok(axis.isInside(acceleration));
        const sent = Math.fround(axis.take(acceleration));
        const step = reference === 'absolute' ? sent - place : sent;
        const change = step - v;
        const told = `draw ${draw}, tick ${tick}`;
        assert.ok(Math.abs(step) <= limits.velocity, `${told}: velocity ${step} of ${limits.velocity}`);
        assert.ok(Math.abs(change) <= limits.acceleration, `${told}: acceleration ${change} of ${limits.acceleration}`);
        assert.ok(Math.abs(change - a) <= limits.jerk, `${told}: jerk ${change - a} of ${limits.jerk}`);
        place += step;
        assert.ok(place >= limits.low && place <= limits.high, `${told}: position ${place}`);
        [v, a] = [step, change];
        axis.measure(place);
      }
    }
  });
}

const LIMITS: AxisLimits = { reference: 'absolute', velocity: 0.05, acceleration: 0.01, jerk: 0.004, low: -2, high: 2 };

test('what keeps the limits is sent as it is', () => {
  const axis = new AxisLimiter('test', LIMITS);
  axis.anchor(0);
  for (let tick = 1; tick < 2000; tick++) {
    // Largest velocity 0.03, acceleration 0.0009, jerk 3e-5.
    const wanted = Math.fround(1 - Math.cos(0.03 * tick));
    const { acceleration, breaches } = axis.choose(wanted);
    assert.deepEqual(breaches, []);
    assert.equal(Math.fround(axis.take(acceleration)), wanted);
  }
});

test('a target that jumps is reached as fast as it goes, without going past, and stays reached', () => {
  const axis = new AxisLimiter('test', LIMITS);
  axis.anchor(0);
  let highest = 0;
  let arrived = 0;
  for (let tick = 1; tick < 200; tick++) {
    const at = axis.take(axis.choose(1).acceleration);
    highest = Math.max(highest, at);
    if (arrived === 0 && at >= 1 - 1e-6) arrived = tick;
  }
  assert.ok(highest <= 1 + 1e-6);
  // 1 unit at 0.05 per tick, and about 5 + 2.5 ticks each to get there and away.
  assert.ok(arrived >= 20 && arrived <= 32, `arrived at tick ${arrived}`);
  assert.equal(Math.fround(axis.sent), 1);
});

test('a target that moves on is caught up with', () => {
  const axis = new AxisLimiter('test', LIMITS);
  axis.anchor(0);
  let left = 0;
  for (let tick = 1; tick < 60; tick++) {
    const wanted = 0.3 + 0.02 * tick;
    left = wanted - axis.take(axis.choose(wanted).acceleration);
  }
  assert.ok(Math.abs(left) < 1e-6, `${left} behind`);
});

test('the breaches are named', () => {
  const axis = new AxisLimiter('test', LIMITS);
  axis.anchor(0);
  assert.deepEqual(axis.choose(3).breaches, ['position', 'velocity', 'acceleration', 'jerk']);
  axis.anchor(0);
  assert.deepEqual(axis.choose(0.006).breaches, ['jerk']);
  axis.anchor(0);
  assert.deepEqual(axis.choose(0.003).breaches, []);
});

test('from outside the only way is back', () => {
  const axis = new AxisLimiter('test', LIMITS);
  axis.anchor(2.1);
  let at = 2.1;
  for (let tick = 0; tick < 100; tick++) {
    const next = axis.take(axis.choose(5).acceleration);
    assert.ok(next <= at + 1e-12);
    at = next;
  }
  assert.ok(at <= 2);
});

test('the largest change is where the sum over the ramp says', () => {
  const random = new Random(3);
  for (let draw = 0; draw < 1000; draw++) {
    const jerk = random.range(0.01, 1);
    const distance = random.range(0, 5);
    const x = largestChange(distance, jerk);
    let sum = 0;
    for (let change = x; change > 0; change -= jerk) sum += change;
    assert.ok(Math.abs(sum - distance) < 1e-9);
  }
});

test('no other way of braking that never goes back stops much sooner', () => {
  // By brute force: jerks on a grid, all sequences of seven ticks.
  const limits = { velocity: 4, acceleration: 2, jerk: 1 };
  const shortest = (velocity: number, acceleration: number, position: number, depth: number): number => {
    if (velocity === 0 && acceleration === 0) return position;
    if (depth === 0) return Infinity;
    let best = Infinity;
    for (const jerk of [-1, -0.5, 0, 0.5, 1]) {
      const a = acceleration + jerk;
      if (Math.abs(a) > 2 || velocity + a < 0) continue;
      best = Math.min(best, Math.max(position, shortest(velocity + a, a, position + velocity + a, depth - 1)));
    }
    return best;
  };
  for (const velocity of [0.5, 1, 2, 3, 4]) {
    for (const acceleration of [-0.5, 0, 1]) {
      const best = shortest(velocity, acceleration, 0, 7);
      const { high } = brakingSpan({ position: 0, velocity, acceleration }, limits);
      assert.ok(high <= best + 0.1 * velocity, `from ${velocity}, ${acceleration}: ${high}, best ${best}`);
    }
  }
});

test('limits that 32-bit numbers cannot resolve are refused', () => {
  assert.throws(() => new AxisLimiter('x', { ...LIMITS, jerk: 1e-7 }), { code: 'bad-argument' });
});
