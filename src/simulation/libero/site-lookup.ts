/** @file Where regions are before fixtures are placed, asked of the simulation as LIBERO asks it. */

import type { Sim } from '../mujoco/sim.ts';
import type { SiteLookup } from './resets.ts';

/**
 * Looks sites up in a simulation whose model is as it was compiled: make it before fixtures are placed. A lookup moves the simulation to its
 * initial state, and puts fixtures back where the model had them.
 */
export function siteLookup(sim: Sim): SiteLookup {
  const [positions, orientations] = [sim.model('body_pos').slice(), sim.model('body_quat').slice()];
  const known = new Map<string, readonly [number, number, number]>();
  return (site, joints) => {
    const key = `${site} ${JSON.stringify(joints)}`;
    let position = known.get(key);
    if (position === undefined) {
      sim.model('body_pos').set(positions);
      sim.model('body_quat').set(orientations);
      sim.reset();
      for (const [joint, value] of Object.entries(joints)) {
        sim.data('qpos')[sim.model('jnt_qposadr')[sim.id('joint', joint)]!] = value;
      }
      sim.forward();
      const at = 3 * sim.id('site', site);
      const [x, y, z] = sim.data('site_xpos').subarray(at, at + 3);
      position = [x!, y!, z!];
      known.set(key, position);
    }
    return position;
  };
}
