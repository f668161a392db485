/**
 * @file The six problems of LIBERO as data: what lies where before anything is placed. Facts of libero/envs/problems,
 * libero/envs/arenas and libero/envs/robots at 8f1084e.
 */

import { lookUp } from '../../base/errors.ts';

type Point = readonly [x: number, y: number, z: number];

/** Position, metres, and orientation (w, x, y, z) of a camera. */
interface CameraPose {
  readonly pos: Point;
  readonly quat: readonly number[];
}

/** What a problem's name stands for. */
export interface Workspace {
  /** The fixture of BDDL files that things are put on, which is a part of the arena. */
  readonly surface: string;
  /** That fixture's category. */
  readonly category: string;
  /** The arena's body that region sites belong to. */
  readonly body: string;
  /** MJCF file below LIBERO's assets. */
  readonly scene: string;
  readonly floorTexture: string;
  readonly wallTexture: string;
  /** Whether the arm stands on a pedestal; on the ground otherwise. */
  readonly pedestal: boolean;
  readonly robotBase: Point;
  /** The middle of the surface. */
  readonly offset: Point;
  /** Added to the height at which fixtures are placed, metres. */
  readonly fixtureHeight: number;
  /** Where the arena's table is built from its measures. */
  readonly table: { readonly fullSize: Point; readonly friction: Point } | null;
  /** What is added to the middle of a region's rectangle to get the position of its site. */
  readonly regionOffset: Point;
  /** The sampler of movable objects. */
  readonly sampler: string;
  readonly cameras: Readonly<Record<string, CameraPose>>;
}

/** Length and width that the places below are reckoned from, metres. */
const TABLE: Point = [1, 1.2, 0.05];
const LOW_TABLE: Point = [0.7, 1.6, 0.024];
/** Region sites of three problems lie in the surface. */
const SITE_HEIGHT = 0.02;
const FIXTURE_GAP = 0.01;

const FROM_ABOVE = [0.6380177736282349, 0.3048497438430786, 0.30484986305236816, 0.6380177736282349];
const FROM_BESIDE = [0.6182166934013367, 0.3432307541370392, 0.3432314395904541, 0.6182177066802979];
const FROM_FRONT = [0.56, 0.43, 0.43, 0.56];
const ON_PAPER = [0.513, 0.353, 0.443, 0.645];
const GALLERY: CameraPose = {
  pos: [2.844547668904445, 2.1279684793440667, 3.128616846013882],
  quat: [0.42261379957199097, 0.23374411463737488, 0.41646939516067505, 0.7702690958976746],
};
const DESK_HEIGHT_CAMERAS = {
  frontview: { pos: [1, 0, 1.48], quat: FROM_FRONT },
  galleryview: GALLERY,
} as const;
const PAPER = { paperview: { pos: [2.1, 0.535, 2.075], quat: ON_PAPER } } as const;

const WORKSPACES: Readonly<Record<string, Workspace>> = {
  libero_tabletop_manipulation: {
    surface: 'main_table',
    category: 'table',
    body: 'table',
    scene: 'scenes/libero_tabletop_base_style.xml',
    floorTexture: 'light-gray-floor-tile.png',
    wallTexture: 'light-gray-plaster.png',
    pedestal: true,
    robotBase: [-0.16 - TABLE[0] / 2, 0, 0],
    offset: [0, 0, 0.9],
    fixtureHeight: FIXTURE_GAP - TABLE[2],
    table: { fullSize: TABLE, friction: [0.6, 0.005, 0.0001] },
    regionOffset: [0, 0, SITE_HEIGHT],
    sampler: 'TableRegionSampler',
    cameras: {
      agentview: { pos: [0.6586131746834771, 0, 1.6103500240372424], quat: FROM_ABOVE },
      ...DESK_HEIGHT_CAMERAS,
    },
  },
  libero_kitchen_tabletop_manipulation: {
    surface: 'kitchen_table',
    category: 'kitchen_table',
    body: 'table',
    scene: 'scenes/libero_kitchen_tabletop_base_style.xml',
    floorTexture: 'gray_ceramic_tile.png',
    wallTexture: 'yellow_linen_wall_texture.png',
    pedestal: true,
    robotBase: [-0.16 - TABLE[0] / 2, 0, 0],
    offset: [0, 0, 0.9],
    fixtureHeight: FIXTURE_GAP - TABLE[2],
    table: { fullSize: TABLE, friction: [1, 0.005, 0.0001] },
    regionOffset: [0, 0, 0],
    sampler: 'Libero100TableRegionSampler',
    cameras: {
      agentview: { pos: [0.6586131746834771, 0, 1.6103500240372424], quat: FROM_ABOVE },
      ...DESK_HEIGHT_CAMERAS,
      ...PAPER,
    },
  },
  libero_study_tabletop_manipulation: {
    surface: 'study_table',
    category: 'study_table',
    body: 'study_table',
    scene: 'scenes/libero_study_base_style.xml',
    floorTexture: 'light-gray-floor-tile.png',
    wallTexture: 'light-gray-plaster.png',
    pedestal: true,
    robotBase: [-0.25 - TABLE[0] / 2, 0, 0],
    offset: [-0.2, 0, 0.867],
    fixtureHeight: FIXTURE_GAP - TABLE[2],
    table: null,
    regionOffset: [-0.2, 0, 0.867],
    sampler: 'Libero100TableRegionSampler',
    cameras: {
      agentview: { pos: [0.4586131746834771, 0, 1.6103500240372424], quat: FROM_ABOVE },
      ...DESK_HEIGHT_CAMERAS,
      ...PAPER,
    },
  },
  libero_living_room_tabletop_manipulation: {
    surface: 'living_room_table',
    category: 'living_room_table',
    body: 'living_room_table',
    scene: 'scenes/libero_living_room_tabletop_base_style.xml',
    floorTexture: 'seamless_wood_planks_floor.png',
    wallTexture: 'light-gray-plaster.png',
    pedestal: false,
    robotBase: [-0.16 - LOW_TABLE[0] / 2, 0, 0.42],
    offset: [0, 0, 0.41],
    fixtureHeight: FIXTURE_GAP - LOW_TABLE[2],
    table: null,
    regionOffset: [0, 0, 0.41],
    sampler: 'Libero100TableRegionSampler',
    cameras: {
      agentview: { pos: [0.6065773716836134, 0, 0.96], quat: FROM_BESIDE },
      frontview: { pos: [1.5, 0, 0.9], quat: FROM_FRONT },
      galleryview: GALLERY,
      paperview: { pos: [2.1, 0.735, 1.875], quat: ON_PAPER },
    },
  },
  libero_coffee_table_manipulation: {
    surface: 'coffee_table',
    category: 'coffee_table',
    body: 'coffee_table',
    scene: 'scenes/libero_coffee_table_base_style.xml',
    floorTexture: 'seamless_wood_planks_floor.png',
    wallTexture: 'light-gray-plaster.png',
    pedestal: false,
    robotBase: [-0.16 - LOW_TABLE[0] / 2, 0, 0.41],
    offset: [0, 0, 0.41],
    fixtureHeight: FIXTURE_GAP - LOW_TABLE[2],
    table: null,
    regionOffset: [0, 0, SITE_HEIGHT],
    sampler: 'TableRegionSampler',
    cameras: {
      agentview: { pos: [1.5, 0, 0.9], quat: FROM_FRONT },
      galleryview: GALLERY,
      canonical_agentview: { pos: [0.5386131746834771, 0, 0.7903500240372423], quat: FROM_ABOVE },
    },
  },
  libero_floor_manipulation: {
    surface: 'floor',
    category: 'floor',
    body: 'floor',
    scene: 'scenes/libero_floor_base_style.xml',
    floorTexture: 'light-gray-floor-tile.png',
    wallTexture: 'light-gray-plaster.png',
    pedestal: false,
    robotBase: [-0.6, 0, 0],
    offset: [0, 0, -0.035],
    fixtureHeight: -0.025,
    table: null,
    regionOffset: [0, 0, SITE_HEIGHT],
    sampler: 'TableRegionSampler',
    cameras: {
      agentview: { pos: [0.8965773716836134, 5.216182733499864e-7, 0.65], quat: FROM_BESIDE },
      frontview: { pos: [1, 0, 0.65], quat: FROM_FRONT },
      galleryview: GALLERY,
    },
  },
};

/** The workspace of a BDDL problem's name, in lower case; `not-found` suggests the nearest. */
export function workspaceOf(problem: string): Workspace {
  return lookUp('A LIBERO problem', problem, WORKSPACES);
}
