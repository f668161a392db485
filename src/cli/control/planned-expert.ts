/**
 * @file The scripted expert as a policy that may think for a while: it plays ahead in a twin of the world, so that its chunks are as long as a
 * real policy's, and it keeps committed actions as they are.
 */

import { VlaError } from '../../base/errors.ts';
import { checkObservation } from '../../interfaces/check-observation.ts';
import type { EpisodeSpec, Environment, ExpertEnvironment, Outcome } from '../../interfaces/environment.ts';
import type { Policy } from '../../interfaces/policy.ts';

/** Actions of a chunk. */
const HORIZON = 24;

/** A world whose moments can be saved, as the tabletops' can. */
interface Savable {
  save(): unknown;
  restore(moment: unknown): Promise<void>;
}

/** A world with all that happened in its episode. */
export interface FollowedWorld extends ExpertEnvironment {
  readonly past: { readonly spec: EpisodeSpec | null; readonly actions: readonly (readonly number[])[] };
}

/** `world`, whose episode can be followed by a twin. */
export function followedWorld(world: ExpertEnvironment): FollowedWorld {
  let spec: EpisodeSpec | null = null;
  let actions: (readonly number[])[] = [];
  const followed: Partial<FollowedWorld> = {
    async reset(episode) {
      await world.reset(episode);
      [spec, actions] = [episode, []];
    },
    step(action) {
      actions.push(Array.from(action));
      return world.step(action);
    },
  };
  return new Proxy(world, {
    get(target, key) {
      if (key === 'past') return { spec, actions };
      const value: unknown = Reflect.get(Object.hasOwn(followed, key) ? followed : target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as FollowedWorld;
}

/** The expert of `world`, which plays ahead in `twin`: another world that was opened alike. Closing it closes the twin. */
export function plannedExpert(world: FollowedWorld, twin: ExpertEnvironment): Policy {
  const dim = world.embodiment.action.names.length;
  return {
    name: 'expert',
    embodiment: world.embodiment,
    continues: { kind: 'prefix', longest: HORIZON },
    reset: () => {},
    async infer(observation, { continuation } = {}) {
      checkObservation('expert', world.embodiment, observation);
      let outcome = await catchUp(world, twin);
      const committed = continuation?.committed ?? 0;
      const data = new Float32Array(HORIZON * dim);
      for (let i = 0; i < HORIZON; i++) {
        const action =
          i < committed ? continuation!.actions.subarray(i * dim, (i + 1) * dim) : wanted(twin, outcome, data, i, dim);
        data.set(action, i * dim);
        if (outcome === 'running') outcome = await twin.step(action);
      }
      return { horizon: HORIZON, dim, data };
    },
    close: () => twin.close(),
  };
}

/** What the expert does next; when its task is done, it stays. */
function wanted(
  twin: ExpertEnvironment,
  outcome: Outcome,
  data: Float32Array,
  i: number,
  dim: number,
): ArrayLike<number> {
  const { holdAction } = twin.embodiment;
  if (outcome === 'running' || i === 0) return twin.expert();
  return holdAction ?? data.subarray((i - 1) * dim, i * dim);
}

/** Brings the twin to where the world is. */
async function catchUp(world: FollowedWorld, twin: ExpertEnvironment): Promise<Outcome> {
  const { spec, actions } = world.past;
  if (spec === null) throw new VlaError('bad-argument', 'expert: expected an episode, got none.');
  if (isSavable(world) && isSavable(twin)) {
    await twin.restore(world.save());
    return 'running';
  }
  await twin.reset(spec);
  let outcome: Outcome = 'running';
  for (const action of actions) if (outcome === 'running') outcome = await twin.step(action);
  return outcome;
}

function isSavable(world: Environment): world is Environment & Savable {
  return 'save' in world && 'restore' in world;
}
