/**
 * @file What the published models do to camera images before they cut patches, as image steps. All of them then scale
 * bytes to x / 127.5 − 1 (mean and deviation 0.5), as every codec here does.
 *
 * The steps resample as Pillow does. Newer versions of transformers resample with torchvision by default: measured on
 * noise, at most 1 of 255 apart, in 0.5 % of the values or fewer (tools/golden/image-pipelines.py prints it).
 */

import type { ImageStep } from './images.ts';
import type { SmartResizeLimits } from './smart-resize.ts';

/** The limits of Qwen3-VL's and Qwen3.5's processor configuration. */
export const QWEN3_VL_LIMITS: SmartResizeLimits = { factor: 32, minPixels: 65_536, maxPixels: 16_777_216 };

/** Xiaomi-Robotics-0 trains below about 300 × 300 pixels. */
export const XR0_LIMITS: SmartResizeLimits = { ...QWEN3_VL_LIMITS, maxPixels: 90_000 };

/** The grey of DM0's inference helper; it was trained with black (0). They differ for cameras that are not square. */
export const DM0_INFERENCE_FILL = 127;

/** Qwen3-VL's processor; Qwen-VLA's paper says nothing else. */
export const qwen3VlImages = (limits: SmartResizeLimits = QWEN3_VL_LIMITS): readonly ImageStep[] => [
  { kind: 'smart-resize', filter: 'bicubic', ...limits },
];

/** DM0: padded to a square, then 728 × 728. `fill` is black, as in training. */
export const dm0Images = (side = 728, fill = 0): readonly ImageStep[] => [
  { kind: 'pad-to-square', fill },
  { kind: 'resize', width: side, height: side, filter: 'bicubic' },
];

/**
 * Xiaomi-Robotics-0 in training without its random changes. Its clients for CALVIN and SimplerEnv first zoom in by 5 %,
 * the middle of its random crops: `zoom`. That for LIBERO does not.
 */
export const xr0Images = (zoom: boolean, limits: SmartResizeLimits = XR0_LIMITS): readonly ImageStep[] => [
  ...(zoom ? [{ kind: 'centre-zoom', share: 0.95, filter: 'bilinear' } as const] : []),
  ...qwen3VlImages(limits),
];

/** ZR-0: 224 × 224 whatever the aspect ratio. */
export const zr0Images = (side = 224): readonly ImageStep[] => [
  { kind: 'resize', width: side, height: side, filter: 'bicubic' },
];

/** openpi's clients, and ZR-0's for LIBERO (448): padded with black to the wanted shape before they send. */
export const openpiClientImages = (width: number, height: number): readonly ImageStep[] => [
  { kind: 'resize-with-pad', width, height, filter: 'bilinear', fill: 0 },
];
