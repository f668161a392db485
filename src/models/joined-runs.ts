/** @file Runs of a graph that are asked for while another one runs, joined into one run of the same graph for more observations. */

import { invariant } from '../base/errors.ts';
import { zeros, type Tensor } from '../base/tensor.ts';
import type { Session } from '../engine/index.ts';

/** The tensors of one run, by name. */
type Tensors = Readonly<Record<string, Tensor>>;

/** A session whose `run` takes one observation, and may be called again before it has answered. */
export type JoinedSession = Pick<Session, 'run' | 'inputs' | 'close'>;

interface Waiting {
  readonly feeds: Tensors;
  resolve(results: Record<string, Tensor>): void;
  reject(error: unknown): void;
}

/**
 * `one` is for one observation, `many` the same graph for `size`; both are closed with this session. While nothing runs, a run begins at
 * once. Those that wait are joined where they fill at least half of `many`; its other places repeat the first. Numbers are
 * the same up to rounding.
 */
export function joinRuns(one: Session, many: Session, size: number): JoinedSession {
  const waiting: Waiting[] = [];
  let busy = false;
  const next = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    while (waiting.length > 0) {
      const together = waiting.splice(0, 2 * waiting.length >= size ? size : 1);
      try {
        if (together.length === 1) together[0]!.resolve(await one.run(together[0]!.feeds));
        else {
          const results = await many.run(stacked(together, many, size));
          for (const [b, { resolve }] of together.entries()) resolve(rowOf(results, one, b, size));
        }
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    busy = false;
  };
  return {
    inputs: one.inputs,
    run: (feeds) =>
      new Promise((resolve, reject) => {
        waiting.push({ feeds, resolve, reject });
        void next();
      }),
    async close() {
      await Promise.all([one.close(), many.close()]);
    },
  };
}

/** The axis on which shapes of one and of `size` observations differ. */
function batchAxis(one: readonly number[], many: readonly number[], size: number): number {
  const axis = one.findIndex((extent, i) => extent === 1 && many[i] === size);
  invariant(axis >= 0, 'a joined graph has one axis for its observations');
  return axis;
}

function stacked(together: readonly Waiting[], many: Session, size: number): Tensors {
  return Object.fromEntries(
    Object.entries(together[0]!.feeds).map(([name, first]) => {
      const all = zeros(first.dtype, many.inputs[name]!.shape as number[]);
      const axis = batchAxis(first.shape, all.shape, size);
      const inner = first.shape.slice(axis).reduce((product, extent) => product * extent, 1);
      const outer = first.data.length / inner;
      for (let b = 0; b < size; b++) {
        const { data } = (together[b] ?? together[0]!).feeds[name]!;
        for (let o = 0; o < outer; o++) {
          // The two have one element type, which the compiler cannot see.
          (all.data as Float32Array).set(
            (data as Float32Array).subarray(o * inner, (o + 1) * inner),
            (o * size + b) * inner,
          );
        }
      }
      return [name, all];
    }),
  );
}

/** Results have their observations as first axis. */
function rowOf(results: Tensors, one: Session, b: number, size: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(results).map(([name, { dtype, data }]) => {
      const row = data.length / size;
      const own = zeros(dtype, one.outputs[name]!.shape as number[]);
      (own.data as Float32Array).set((data as Float32Array).subarray(b * row, (b + 1) * row));
      return [name, own];
    }),
  );
}
