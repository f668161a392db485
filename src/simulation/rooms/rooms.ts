/** @file The built-in world for navigation: a base on wheels in a room of coloured landmarks, waypoint by waypoint. Needs no physics engine. */

import { lookUp, VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type {
  EpisodeSpec,
  NarratingEnvironment,
  Narration,
  Outcome,
  Privileged,
} from '../../interfaces/environment.ts';
import type { Image, Observation } from '../../interfaces/observation.ts';
import { checkAction } from '../check-action.ts';
import type { Rasteriser } from '../rendering/rasteriser.ts';
import { absolutePose, drive, relativePose } from './base.ts';
import { roomsEmbodiment } from './embodiment.ts';
import { planWaypoint, VISITED } from './expert.ts';
import { errandSteps, roomSentence } from './narration.ts';
import { apartBy, type Point, type Pose2 } from './planar.ts';
import { landmarkName, wayThrough } from './room.ts';
import {
  alternatives,
  distanceToGoal,
  drawErrand,
  GOAL_RADIUS,
  goalPlace,
  ROOM_SUBTASKS,
  ROOM_TASKS,
  roomInstruction,
} from './tasks.ts';
import type { Errand, RoomTask } from './tasks.ts';
import { EGO, ROOM_PERTURBATIONS, RoomView, roomRasteriser, USUAL_ROOM } from './view.ts';

/** How to open the rooms. */
export interface RoomsConfig {
  /** Side of the camera's square image, pixels; default 64. */
  readonly imageSize?: number;
}

/** Waypoints shorter than this (metres, radians) are no motion; after so many in a row the base has stopped. */
const STILL = [0.05, 0.1] as const;
const STOPPED_AFTER = 2;
/** Of a random stream: keeps these draws apart from other worlds'. */
const STREAM = 100;

interface Episode {
  readonly task: RoomTask;
  readonly errand: Errand;
  readonly instruction: string;
  readonly view: RoomView;
  /** The shortest way to the end, metres. */
  readonly shortest: number;
  pose: Pose2;
  visited: boolean;
  /** Motionless waypoints in a row. */
  still: number;
  travelled: number;
  steps: number;
  outcome: Outcome;
  image: Image | null;
}

/** Opens the rooms. */
export async function createRooms(config: RoomsConfig = {}): Promise<NarratingEnvironment> {
  const imageSize = config.imageSize ?? 64;
  if (!Number.isInteger(imageSize) || imageSize < 16 || imageSize > 2048) {
    throw new VlaError('bad-argument', `createRooms: expected an image size from 16 to 2048 pixels, got ${imageSize}.`);
  }
  return new RoomsEnvironment(imageSize);
}

class RoomsEnvironment implements NarratingEnvironment {
  readonly name = 'rooms';
  readonly embodiment;
  readonly tasks = ROOM_TASKS.map(({ name }) => name);
  readonly perturbations = Object.keys(ROOM_PERTURBATIONS);
  readonly subtasks = ROOM_SUBTASKS;
  private readonly rasteriser: Rasteriser;
  private episode: Episode | null = null;
  private closed = false;

  constructor(imageSize: number) {
    this.embodiment = roomsEmbodiment(imageSize);
    this.rasteriser = roomRasteriser(imageSize);
  }

  maxSteps(task: string): number {
    return findTask(task).maxSteps;
  }

  async reset(spec: EpisodeSpec): Promise<void> {
    if (this.closed) throw closedError();
    const task = findTask(spec.task);
    const { perturbation } = spec;
    const look =
      perturbation === undefined ? USUAL_ROOM : lookUp('Rooms: perturbation', perturbation, ROOM_PERTURBATIONS);
    // One stream per concern, so that a change of look or of words leaves the room as it was; the same for all tasks.
    const stream = (concern: number): Random => new Random(spec.seed, STREAM, concern);
    const errand = drawErrand(task, stream(0));
    const words = stream(2);
    const named = spec.instructionTarget === 'other' ? words.pick(alternatives(errand)) : errand.target;
    this.episode = {
      task,
      errand,
      instruction: roomInstruction(task, errand, named, spec.phrasing ?? 'train', words),
      view: new RoomView(errand.room, look, stream(1)),
      shortest: shortestLength(errand),
      pose: errand.room.start,
      visited: errand.first === null,
      still: 0,
      travelled: 0,
      steps: 0,
      outcome: 'running',
      image: null,
    };
  }

  async observe(): Promise<Observation> {
    const episode = this.current('observe');
    const { x, y, heading } = relativePose(episode.errand.room.start, episode.pose);
    const image = this.render(episode);
    return {
      images: { [EGO]: { ...image, data: image.data.slice() } },
      state: Float32Array.of(x, y, Math.cos(heading), Math.sin(heading)),
      instruction: episode.instruction,
    };
  }

  async step(action: ArrayLike<number>): Promise<Outcome> {
    const episode = this.current('step');
    if (episode.outcome !== 'running') {
      throw new VlaError(
        'bad-argument',
        `Rooms.step: expected a running episode, got one that ended (${episode.outcome}).`,
        { hint: 'Call reset to start the next one.' },
      );
    }
    checkAction(this.embodiment, action);
    const { room, first } = episode.errand;
    const before = episode.pose;
    episode.pose = drive(room, before, action);
    episode.image = null;
    episode.steps++;
    episode.travelled += apartBy([before.x, before.y], [episode.pose.x, episode.pose.y]);
    const here: Point = [episode.pose.x, episode.pose.y];
    if (first !== null && distanceToGoal(room, first, null, here) < VISITED) episode.visited = true;
    const rests = Math.hypot(action[0]!, action[1]!) < STILL[0] && Math.abs(action[2]!) < STILL[1];
    episode.still = rests ? episode.still + 1 : 0;
    episode.outcome = judge(episode);
    return episode.outcome;
  }

  expert(): Float32Array {
    const { errand, visited, pose } = this.current('expert');
    return Float32Array.from(planWaypoint(errand, visited, pose).waypoint);
  }

  /** Places are in the frame of the start, as the state is; the "hand" is the base itself. */
  privileged(): Privileged {
    const episode = this.current('privileged');
    const { errand, visited, pose, view } = episode;
    const { room, target, side } = errand;
    const inStart = ([x, y]: Point): [number, number, number] => {
      const at = relativePose(room.start, { x, y, heading: 0 });
      return [at.x, at.y, 0];
    };
    this.render(episode);
    const landmark = room.landmarks[target]!;
    return {
      handPosition: inStart([pose.x, pose.y]),
      targetPosition: inStart([landmark.x, landmark.y]),
      targetHeading: null,
      goalPosition: inStart(goalPlace(room, target, side, [pose.x, pose.y])),
      targetBox: { [EGO]: view.box(this.rasteriser, pose, target) },
      goalBox: { [EGO]: null },
      subtask: planWaypoint(errand, visited, pose).subtask,
    };
  }

  narrate(): Narration {
    const episode = this.current('narrate');
    const { errand, visited, pose, view } = episode;
    const { room, target } = errand;
    this.render(episode);
    const box = view.box(this.rasteriser, pose, target);
    const locate = view.locator(pose);
    return {
      scene: roomSentence(room),
      ...errandSteps(errand, planWaypoint(errand, visited, pose).subtask),
      targets: [{ name: landmarkName(room.landmarks[target]!), boxes: box === null ? {} : { [EGO]: box } }],
      goal: null,
      locate([x, y, z]) {
        const at = absolutePose(room.start, { x, y, heading: 0 });
        return { [EGO]: locate([at.x, at.y, z]) };
      },
    };
  }

  /** `spl`: success weighted by path length (Anderson et al. 2018, arXiv 1807.06757), 0 unless the episode succeeded. */
  metrics(): Record<string, number> {
    const { outcome, shortest, travelled } = this.current('metrics');
    return { spl: outcome === 'success' ? shortest / Math.max(shortest, travelled) : 0 };
  }

  async close(): Promise<void> {
    this.episode = null;
    this.closed = true;
  }

  private render(episode: Episode): Image {
    episode.image ??= episode.view.render(this.rasteriser, episode.pose);
    return episode.image;
  }

  private current(what: string): Episode {
    if (this.closed) throw closedError();
    if (this.episode !== null) return this.episode;
    throw new VlaError('bad-argument', `Rooms.${what}: expected an episode, got none.`, { hint: 'Call reset first.' });
  }
}

function closedError(): VlaError {
  return new VlaError('bad-argument', 'Rooms: expected an open environment, got one that was closed.', {
    hint: 'Make a new one with createRooms.',
  });
}

function findTask(name: string): RoomTask {
  return lookUp('Rooms: task', name, Object.fromEntries(ROOM_TASKS.map((task) => [task.name, task])));
}

/** Stopped at the goal is success (after the first landmark, where there is one), at another landmark's it is wrong. */
function judge({ task, errand, visited, pose, still, steps }: Episode): Outcome {
  const here: Point = [pose.x, pose.y];
  if (still >= STOPPED_AFTER) {
    const near = (index: number): boolean => distanceToGoal(errand.room, index, errand.side, here) < GOAL_RADIUS;
    if (near(errand.target)) return visited ? 'success' : 'failure';
    if (alternatives(errand).some(near)) return 'wrong';
  }
  return steps >= task.maxSteps ? 'timeout' : 'running';
}

/** Metres of the shortest way that ends the errand: to within the goal's radius by way of the first landmark. */
function shortestLength({ room, target, first, side }: Errand): number {
  let from: Point = [room.start.x, room.start.y];
  let length = 0;
  if (first !== null) {
    const place = goalPlace(room, first, null, from);
    length += wayThrough(room, from, place)?.length ?? apartBy(from, place);
    from = place;
  }
  const place = goalPlace(room, target, side, from);
  return length + (wayThrough(room, from, place)?.length ?? apartBy(from, place));
}
