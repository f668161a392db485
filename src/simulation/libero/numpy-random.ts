/**
 * @file numpy's global generator (`numpy.random.seed`, the legacy RandomState): the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998)
 * and the few distributions that LIBERO's resets draw from, number for number.
 */

const SIZE = 624;
const SHIFT = 397;

/** One stream of numbers, as `numpy.random.seed(seed)` starts it. */
export class NumpyRandom {
  private readonly state = new Uint32Array(SIZE);
  private position = SIZE;
  /** The second number of the last pair of normal numbers; null: drawn. */
  private spareNormal: number | null = null;

  /** `seed`: a whole number from 0 to 2³² − 1. */
  constructor(seed: number) {
    const { state } = this;
    state[0] = seed;
    for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1812433253, state[i - 1]! ^ (state[i - 1]! >>> 30)) + i;
  }

  /** 32 random bits. */
  uint32(): number {
    if (this.position === SIZE) this.renew();
    let y = this.state[this.position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** In [0, 1), 53 bits. */
  random(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** `numpy.random.uniform(low, high)`; draws also where both are the same. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** `numpy.random.randint(count)` for a count below 2³²: with one choice nothing is drawn. */
  randint(count: number): number {
    const most = count - 1;
    if (most === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  /** `numpy.random.randn()`: Marsaglia's polar method, in pairs. */
  normal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.random() - 1;
      const y = 2 * this.random() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.spareNormal = factor * x;
      return factor * y;
    }
  }

  private renew(): void {
    const { state } = this;
    for (let i = 0; i < SIZE; i++) {
      const mixed = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
      state[i] = state[(i + SHIFT) % SIZE]! ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }
}
