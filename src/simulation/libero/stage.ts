/** @file One compiled task: its physics, its robot, and the beginning of its episodes. */

import { VlaError } from '../../base/errors.ts';
import type { MujocoModule } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import type { LiberoFiles } from './files.ts';
import { NumpyRandom } from './numpy-random.ts';
import { readInitialStates } from './initial-states.ts';
import type { InitialStates } from './initial-states.ts';
import type { EpisodeStart } from './perturbations/perturbation.ts';
import { modelFiles, physicsXml } from './physics-model.ts';
import { Resets } from './resets.ts';
import type { Placed } from './resets.ts';
import { LiberoRobot } from './robot.ts';
import { siteLookup } from './site-lookup.ts';
import { SETTLE_ACTION, SETTLE_STEPS } from './suite-protocol.ts';
import type { LiberoTask } from './task-model.ts';
import { LiberoWorld } from './world.ts';

/** mjtJoint. */
const FREE = 0;

/** The physics of a task. */
export class Stage {
  readonly task: LiberoTask;
  readonly sim: Sim;
  readonly world: LiberoWorld;
  readonly robot: LiberoRobot;
  private readonly states: InitialStates;
  /** How many joint positions and velocities an initial state has. */
  private readonly size: { readonly nq: number; readonly nv: number };
  private readonly site: ReturnType<typeof siteLookup>;

  /**
   * Compiles a task and reads its initial states; those of another task are `bad-data`. A changed task begins in the states of the one that
   * it was made of (`base`): its further joints come last.
   */
  constructor(mujoco: MujocoModule, files: LiberoFiles, task: LiberoTask, base: Stage | null = null) {
    const xml = physicsXml(task.xml);
    this.task = task;
    this.sim = Sim.fromXml(mujoco, xml, { files: modelFiles(files, xml) });
    try {
      this.size = base?.size ?? { nq: this.sim.count('nq'), nv: this.sim.count('nv') };
      this.states = base?.states ?? readInitialStates(files, task.suite, task.name, this.size);
    } catch (error) {
      this.sim.close();
      throw error;
    }
    this.world = new LiberoWorld(task, this.sim);
    this.robot = new LiberoRobot(this.sim);
    this.site = siteLookup(this.sim);
  }

  /**
   * Begins episode `row` of a task: the (row + 1)-th reset after `numpy.random.seed(harnessSeed)`, then row `row` of the initial states, then the
   * settling. `change` may change the state before it settles.
   */
  begin(row: number, harnessSeed: number, change: (start: EpisodeStart) => void = () => {}): void {
    const { sim, states, size } = this;
    if (!Number.isInteger(row) || row < 0 || row >= states.count) {
      const expected = `a seed from 0 to ${states.count - 1}`;
      throw new VlaError('bad-argument', `${this.task.name}: expected ${expected}, got ${row}.`, {
        hint: 'A seed is a row of the task’s published initial states.',
      });
    }
    this.placeFixtures(row, harnessSeed);
    this.settle(() => {
      const state = states.state(row);
      sim.data('qpos').set(state.subarray(1, 1 + size.nq));
      sim.data('qvel').set(state.subarray(1 + size.nq));
      change(this.start());
    });
  }

  /**
   * Begins an episode that is none of the published ones: everything is put where the first reset after `numpy.random.seed(seed)` puts it, as
   * for the original's demonstrations. `change` as for `begin`.
   */
  beginSampled(seed: number, change: (start: EpisodeStart) => void = () => {}): void {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new VlaError('bad-argument', `${this.task.name}: expected a seed from 0 to 2³² − 1, got ${seed}.`);
    }
    const { places, joints } = new Resets(this.task, new NumpyRandom(seed), this.site).next();
    this.putFixtures(places);
    this.settle(() => {
      const positions = this.sim.data('qpos');
      for (const [joint, position] of Object.entries(joints)) {
        positions[this.sim.model('jnt_qposadr')[this.sim.id('joint', joint)]!] = position;
      }
      for (const { fixture, name, jointAddresses } of Object.values(this.world.objects)) {
        const place = places[name];
        if (fixture || place === undefined) continue;
        positions.set([...place.position, ...place.quaternion], jointAddresses[0]!);
      }
      change(this.start());
    });
  }

  /** One control period. */
  step(action: ArrayLike<number>): void {
    this.robot.step(action);
    this.world.moved();
  }

  close(): void {
    this.sim.close();
  }

  /** robosuite's reset, then the state that `place` sets, then the settling. */
  private settle(place: () => void): void {
    const { sim, robot } = this;
    sim.reset();
    robot.placeAtStart();
    sim.forward();
    robot.reset();
    place();
    sim.forward();
    for (let step = 0; step < SETTLE_STEPS; step++) this.step(SETTLE_ACTION);
  }

  private start(): EpisodeStart {
    const { sim, world } = this;
    return {
      joint: (name) => {
        const joint = sim.id('joint', name);
        const at = sim.model('jnt_qposadr')[joint]!;
        return sim.data('qpos').subarray(at, at + (sim.model('jnt_type')[joint] === FREE ? 7 : 1));
      },
      fixture: (name) => {
        const { id } = world.object(name);
        return sim.model('body_pos').subarray(3 * id, 3 * id + 3);
      },
    };
  }

  private placeFixtures(row: number, harnessSeed: number): void {
    const resets = new Resets(this.task, new NumpyRandom(harnessSeed), this.site);
    let places: Readonly<Record<string, Placed>> = {};
    for (let reset = 0; reset <= row; reset++) places = resets.next().places;
    this.putFixtures(places);
  }

  private putFixtures(places: Readonly<Record<string, Placed>>): void {
    for (const { fixture, id, name } of Object.values(this.world.objects)) {
      const place = places[name];
      if (!fixture || place === undefined) continue;
      this.sim.model('body_pos').set(place.position, 3 * id);
      this.sim.model('body_quat').set(place.quaternion, 4 * id);
    }
  }
}
