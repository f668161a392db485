/** @file Which inputs and outputs a session shows, and the check of what it is fed. */

import { VlaError, lookUp, nearestName } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { shapeText } from './axis-size.ts';
import type { TensorType } from './graph.ts';
import type { Session, SessionOptions } from './session-types.ts';

/** Inputs and outputs of a graph that are not state. */
export function visibleTypes(
  graph: Readonly<Record<'inputs' | 'outputs', Readonly<Record<string, TensorType>>>>,
  { state = {} }: Pick<SessionOptions, 'state'>,
): Pick<Session, 'inputs' | 'outputs'> {
  const hidden = new Set(Object.values(state));
  const pick = (all: Readonly<Record<string, TensorType>>, keep: (name: string) => boolean) =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([name]) => keep(name))
        .map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
    );
  return {
    inputs: pick(graph.inputs, (name) => !Object.hasOwn(state, name)),
    outputs: pick(graph.outputs, (name) => !hidden.has(name)),
  };
}

/** Checks feeds against the inputs and returns what the named axes are in this run. */
export function bindFeeds(
  inputs: Readonly<Record<string, TensorType>>,
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, number> {
  for (const name of Object.keys(feeds)) if (!Object.hasOwn(inputs, name)) lookUp('session: input', name, inputs);
  const sizes: Record<string, number> = {};
  for (const [name, type] of Object.entries(inputs)) {
    const fed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
    if (fed === undefined) {
      const near = nearestName(name, Object.keys(feeds));
      throw new VlaError('not-found', `session: expected an input "${name}", got none.`, {
        hint: near === undefined ? `Feed ${Object.keys(inputs).join(', ')}.` : `There is "${near}".`,
      });
    }
    const fits =
      fed.dtype === type.dtype &&
      fed.shape.length === type.shape.length &&
      type.shape.every((dim, axis) => {
        const size = fed.shape[axis]!;
        return typeof dim === 'number' || !/^\w+$/.test(dim)
          ? dim === size || typeof dim === 'string'
          : (sizes[dim] ??= size) === size;
      });
    if (!fits) {
      throw new VlaError(
        'bad-shape',
        `session: input "${name}": expected ${type.dtype} ${shapeText(type.shape)}, got ${fed.dtype} ${shapeText(fed.shape)}.`,
      );
    }
  }
  return sizes;
}
