/** @file Writes a study's results into its folder: study.json, study.md and the figures. Node only. */

import path from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { studyFigures } from './figures.ts';
import type { StudyResult } from './study-result.ts';
import { studyPage } from './study-table.ts';

/** Writes each file atomically; called after every job, so that what is there always fits what is done. */
export function writeStudy(folder: string, result: StudyResult): void {
  const figures = studyFigures(result);
  for (const [name, text] of Object.entries(figures)) writeFileAtomic(path.join(folder, name), text);
  writeFileAtomic(path.join(folder, 'study.json'), `${JSON.stringify(result, null, 1)}\n`);
  writeFileAtomic(path.join(folder, 'study.md'), studyPage(result, Object.keys(figures)));
}
