/**
 * @file LIBERO's object classes as data: where their MJCF lies, how they are turned when they are placed, from which joint
 * positions on their parts count as open or on. Facts of libero/envs/objects at 8f1084e.
 */

import { lookUp } from '../../base/errors.ts';
import type { Articulation, LiberoObject } from './task-model.ts';

/** One category of BDDL files. */
export interface ObjectClass {
  /** In CamelCase. */
  readonly className: string;
  /** A path of `LiberoFiles`. */
  readonly file: string;
  /** Whether movable instances get a free joint; fixtures never do. */
  readonly freeJoint: boolean;
  readonly rotation: LiberoObject['rotation'];
  readonly rotationAxis: LiberoObject['rotationAxis'];
  readonly articulation: Articulation | null;
  /** LIBERO's word for each state that a site shows → the site's name in the MJCF, and whether it is visible at first. */
  readonly stateSites: LiberoObject['stateSites'];
}

type Change = Partial<Omit<ObjectClass, 'className' | 'file'>>;

/** Of LIBERO's trees in `LiberoFiles`. */
export const LIBERO_ASSETS = 'LIBERO/libero/libero/assets';

const QUARTER = Math.PI / 2;
const LYING = { rotation: [QUARTER, QUARTER], rotationAxis: 'x' } as const;
const FLAT = { rotation: [0, 0], rotationAxis: 'x' } as const;
const UPRIGHT = { rotation: { x: [QUARTER, QUARTER], z: [QUARTER, QUARTER] } } as const;
const HANDLE_ASIDE = { rotation: [-QUARTER, -QUARTER] } as const;
const BOOK = { rotation: [-QUARTER, -Math.PI / 4] } as const;
const NEVER: Articulation = { open: [], close: [], turnOn: [], turnOff: [] };
const DRAWERS: Articulation = { ...NEVER, open: [-0.16, -0.14], close: [0, 0.005] };

/** NVIDIA HOPE. */
const hope = folderOf('stable_hope_objects', LYING);
/** Google Scanned Objects. */
const scanned = folderOf('stable_scanned_objects', LYING);
const turbosquid = folderOf('turbosquid_objects', FLAT);
const articulated = (category: string, change: Change = {}): Entry => {
  const own = { rotation: [Math.PI / 4, QUARTER], rotationAxis: 'x', articulation: NEVER } as const;
  return entry(category, `articulated_objects/${category}.xml`, { ...own, ...change });
};

const CATALOGUE: Readonly<Record<string, ObjectClass>> = Object.fromEntries([
  hope('alphabet_soup', { rotationAxis: 'z' }),
  hope('bbq_sauce'),
  hope('butter', FLAT),
  hope('cherries'),
  hope('chocolate_pudding', FLAT),
  hope('cookies'),
  hope('corn'),
  hope('cream_cheese', FLAT),
  hope('ketchup', { ...UPRIGHT, rotationAxis: null }),
  hope('macaroni_and_cheese', { ...UPRIGHT, rotationAxis: null }),
  hope('mayo', { ...UPRIGHT, rotationAxis: null }),
  hope('milk', UPRIGHT),
  hope('new_salad_dressing', { ...UPRIGHT, rotationAxis: null }),
  hope('orange_juice', UPRIGHT),
  hope('popcorn', FLAT),
  hope('salad_dressing', { ...UPRIGHT, rotationAxis: null }),
  hope('tomato_sauce', { rotationAxis: 'z' }),

  scanned('akita_black_bowl'),
  scanned('basket'),
  scanned('chefmate_8_frypan'),
  scanned('glazed_rim_porcelain_ramekin'),
  scanned('plate'),
  scanned('rack', FLAT, 'simple_rack'),
  scanned('white_bowl'),

  turbosquid('black_book', BOOK),
  turbosquid('bowl_drainer'),
  turbosquid('desk_caddy'),
  turbosquid('dining_set_group'),
  turbosquid('moka_pot'),
  turbosquid('porcelain_mug', HANDLE_ASIDE),
  turbosquid('red_coffee_mug', HANDLE_ASIDE),
  turbosquid('white_storage_box', { rotationAxis: 'y' }),
  turbosquid('white_yellow_mug', HANDLE_ASIDE),
  turbosquid('wine_bottle'),
  turbosquid('wine_rack'),
  turbosquid('wooden_shelf'),
  turbosquid('wooden_tray'),
  turbosquid('wooden_two_layer_shelf'),
  turbosquid('yellow_book', BOOK),

  articulated('basin_faucet', { freeJoint: false }),
  articulated('faucet'),
  articulated('flat_stove', {
    rotation: [0, 0],
    rotationAxis: 'y',
    articulation: { ...NEVER, turnOn: [0.5, 2.1], turnOff: [-0.005, 0] },
    stateSites: { burner: { site: 'burner', visible: false } },
  }),
  articulated('microwave', { articulation: { ...NEVER, open: [-2.094, -1.3], close: [-0.005, 0] } }),
  articulated('short_cabinet', { articulation: { ...NEVER, open: [0.1, 0.16], close: [-0.005, 0] } }),
  articulated('short_fridge', { articulation: { ...NEVER, open: [2, 2.7], close: [-0.005, 0] } }),
  articulated('slide_cabinet'),
  articulated('white_cabinet', { articulation: DRAWERS }),
  articulated('window'),
  articulated('wooden_cabinet', { articulation: DRAWERS }),
]);

/** The class of a category; `not-found` suggests the nearest. */
export function objectClass(category: string): ObjectClass {
  return lookUp('A LIBERO object', category, CATALOGUE);
}

/** The categories that a BDDL file may name beside its workspace. */
export function objectCategories(): string[] {
  return Object.keys(CATALOGUE);
}

type Entry = [category: string, kind: ObjectClass];

function folderOf(collection: string, own: Change): (category: string, change?: Change, folder?: string) => Entry {
  return (category, change = {}, folder = category) =>
    entry(category, `${collection}/${folder}/${folder}.xml`, { ...own, ...change });
}

function entry(category: string, file: string, change: Change): Entry {
  const className = category
    .split('_')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');
  const usual = { className, file: `${LIBERO_ASSETS}/${file}`, freeJoint: true, articulation: null, stateSites: {} };
  return [category, { ...LYING, ...usual, ...change }];
}
