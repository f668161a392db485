/** @file Whether WebGPU can draw here. */

import { VlaError } from '../src/base/errors.ts';
import { openDevice } from '../src/simulation/rendering/classic/webgpu/device.ts';

/** For `skip`: why it cannot, or false. */
export const noWebGpu: string | false = await openDevice().then(
  ({ close }) => {
    close();
    return false as const;
  },
  (cause: unknown) => {
    if (!(cause instanceof VlaError)) throw cause;
    return `no WebGPU here: ${cause.message}`;
  },
);
