/** @file The classes that LeRobot's robot client pickles, under the modules that its releases had them in. */

import { VlaError } from '../../base/errors.ts';
import { NUMPY_NAMES } from '../../base/pickle/numpy-names.ts';
import { TORCH_NAMES } from '../../base/pickle/torch-names.ts';
import type { Vocabulary } from '../../base/pickle/unpickle.ts';
import { PickleCase, PickleObject, kindOf, type PickleGlobal } from '../../base/pickle/values.ts';

/** Where the messages' classes are: since 0.4, and before. */
const MODULES = ['lerobot.async_inference.helpers', 'lerobot.scripts.server.helpers'];
const CLASSES = ['RemotePolicyConfig', 'TimedObservation', 'TimedAction'];
const FEATURE = 'lerobot.configs.types';

function classOf(globalName: string): PickleGlobal {
  return { globalName, create: () => new PickleObject(globalName) };
}

const names: readonly PickleGlobal[] = [
  ...NUMPY_NAMES,
  ...TORCH_NAMES,
  ...MODULES.flatMap((module) => CLASSES.map((name) => classOf(`${module}.${name}`))),
  classOf(`${FEATURE}.PolicyFeature`),
  {
    globalName: `${FEATURE}.FeatureType`,
    call([value]) {
      if (typeof value === 'string') return new PickleCase(`${FEATURE}.FeatureType`, value);
      throw new VlaError('bad-data', `pickle: expected a FeatureType by its text, got ${kindOf(value)}.`);
    },
  },
];

/** All that a client's pickles may name. */
export const LEROBOT_NAMES: Vocabulary = new Map(names.map((name) => [name.globalName, name]));

/** A message's class without its module, and its module; null for what is none. */
export function messageClass(className: string): { readonly name: string; readonly module: string } | null {
  const at = className.lastIndexOf('.');
  const [module, name] = [className.slice(0, at), className.slice(at + 1)];
  return MODULES.includes(module) && CLASSES.includes(name) ? { name, module } : null;
}
