/** @file A headless Chromium for tests and measurements: found on this machine, with WebGPU on a software driver. */

import fs from 'node:fs';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const USUAL = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
const FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-webgpu-adapter=swiftshader',
  '--disable-vulkan-surface',
];
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

const chosen = process.env['CHROMIUM'];
const executablePath = chosen ?? USUAL.find((file) => fs.existsSync(file));

/** Why no browser can be started here, or false. */
export const chromiumMissing: string | false =
  executablePath === undefined
    ? `no Chromium here: none of ${USUAL.slice(0, 3).join(', ')} … exists, and $CHROMIUM is not set`
    : fs.existsSync(executablePath)
      ? false
      : `no Chromium here: $CHROMIUM is ${path.basename(executablePath)}, which does not exist`;

/** Starts the browser; the caller closes it. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath!,
    args: FLAGS,
    env: {
      ...(process.env as Record<string, string>),
      ...(fs.existsSync(SOFTWARE_DRIVER) ? { VK_ICD_FILENAMES: SOFTWARE_DRIVER } : {}),
    },
  });
}
