/** @file The study that a command line names, with its overrides. */

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { debugStudy } from '../../../recipes/studies/debug.ts';
import { findStudy } from '../../../recipes/studies/index.ts';
import type { Stage, Study } from '../../../recipes/studies/study.ts';
import { VlaError } from '../../base/errors.ts';
import { importModule } from '../../base/user-module.ts';
import { applyOverrides } from '../../training/overrides.ts';

/** Overrides that begin so change every recipe, or every measurement, of the study. */
const RECIPE = 'recipe.';
const MEASUREMENT = 'measurement.';

/**
 * The study of this name (misses suggest the nearest), or the one that a module exports, with its overrides:
 * `recipe.loop.steps=10` changes the recipes of all stages, after their own changes, `measurement.episodes=5` all
 * measurements; any other path is one of the study.
 */
export async function resolveStudy(word: string, overrides: readonly string[]): Promise<Study> {
  const written = /\.[cm]?[jt]s$/.test(word) ? await studyOfModule(word) : findStudy(word);
  const after = (prefix: string): string[] =>
    overrides.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
  const own = overrides.filter((one) => !one.startsWith(RECIPE) && !one.startsWith(MEASUREMENT));
  const study = applyOverrides(written, own);
  const arms = study.arms.map((arm) => ({
    ...arm,
    stages: arm.stages.map((stage): Stage => ({ ...stage, set: [...stage.set, ...after(RECIPE)] })),
    measurements: arm.measurements.map((one) => applyOverrides(one, after(MEASUREMENT))),
  }));
  return { ...study, arms };
}

async function studyOfModule(file: string): Promise<Study> {
  const full = path.resolve(file);
  if (!fs.existsSync(full)) {
    throw new VlaError('not-found', `${file}: expected a module, got no such file.`, { hint: 'Check the path.' });
  }
  const { study } = (await importModule(pathToFileURL(full).href)) as { study?: Partial<Study> };
  const missing = Object.keys(debugStudy).filter((key) => !Object.hasOwn(study ?? {}, key));
  if (study === undefined || missing.length > 0) {
    const got = study === undefined ? 'no such export' : `one without ${missing.join(', ')}`;
    throw new VlaError('bad-argument', `${file}: expected an export \`study\` with all fields, got ${got}.`, {
      hint: 'docs/guides/studies.md shows one.',
    });
  }
  return study as Study;
}
