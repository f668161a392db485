/** @file Under which licences LIBERO's files stand, for whoever fetches them. */

import { ASSETS, type LiberoFile } from './published-files.ts';

/** What some of the files are, and on which terms. */
export interface Licence {
  /** Stable; what was accepted is recorded by it. */
  readonly id: string;
  readonly what: string;
  /** The licence and what it asks, in one line. */
  readonly terms: string;
  readonly source: string;
  /** Which files it is about: the first that says yes counts. */
  readonly covers: (path: string) => boolean;
}

const below =
  (folder: string) =>
  (path: string): boolean =>
    path.startsWith(folder);

/** In the order in which they are asked whether a file is theirs. */
export const LICENCES: readonly Licence[] = [
  {
    id: 'hope',
    what: 'objects of NVIDIA’s HOPE dataset',
    terms: 'CC BY-NC-SA 4.0: no commercial use; share alike',
    source: 'https://github.com/swtyree/hope-dataset',
    covers: below(`${ASSETS}stable_hope_objects/`),
  },
  {
    id: 'google-scanned-objects',
    what: 'Google Scanned Objects',
    terms: 'CC BY 4.0: name the source',
    source:
      'https://research.google/blog/scanned-objects-by-google-research-a-dataset-of-3d-scanned-common-household-items/',
    covers: below(`${ASSETS}stable_scanned_objects/`),
  },
  {
    id: 'turbosquid',
    what: 'objects from TurboSquid',
    terms: 'TurboSquid royalty-free licence: no redistribution of the models',
    source: 'https://blog.turbosquid.com/turbosquid-3d-model-license/',
    covers: below(`${ASSETS}turbosquid_objects/`),
  },
  {
    id: 'libero-assets',
    what: 'LIBERO’s furniture, scenes and textures',
    terms: 'origin stated in part only, no licence of their own: do not redistribute',
    source: 'https://github.com/Lifelong-Robot-Learning/LIBERO',
    covers: (path) => /^(articulated_objects|scenes|textures)\//.test(path.slice(ASSETS.length)) && below(ASSETS)(path),
  },
  {
    id: 'libero',
    what: 'LIBERO’s tasks and initial states',
    terms: 'MIT',
    source: 'https://github.com/Lifelong-Robot-Learning/LIBERO/blob/master/LICENSE',
    covers: below('LIBERO/'),
  },
  {
    id: 'panda',
    what: 'meshes of the Franka Panda',
    terms: 'Apache-2.0',
    source: 'https://github.com/frankaemika/franka_ros',
    covers: (path) => below('robosuite/')(path) && /\/(panda|panda_gripper)\/.*\.(obj|stl|msh)$/.test(path),
  },
  {
    id: 'robosuite',
    what: 'robosuite’s models',
    terms: 'MIT',
    source: 'https://github.com/ARISE-Initiative/robosuite/blob/master/LICENSE',
    covers: below('robosuite/'),
  },
];

/** The licences of these files. */
export function licencesOf(files: readonly Pick<LiberoFile, 'name'>[]): readonly Licence[] {
  const ids = new Set(files.map(({ name }) => LICENCES.find(({ covers }) => covers(name))?.id));
  return LICENCES.filter(({ id }) => ids.has(id));
}

/** What a person reads before they accept. */
export function licenceText(licences: readonly Licence[]): string {
  const lines = licences.map(({ what, terms, source }) => `  ${what}\n    ${terms}\n    ${source}`);
  return ['LIBERO’s files belong to others. They do not come with vlakit; you fetch them, on these terms:', ...lines]
    .join('\n')
    .concat('\n');
}
