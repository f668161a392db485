/** @file A policy that tells a listener what it was asked and what it answered, so that a recording can be played again. */

import { systemClock, type Clock } from '../base/clock.ts';
import type { InferenceRecord, LoopListener } from '../interfaces/loop-listener.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Continuation, Policy } from '../interfaces/policy.ts';

/** `policy`, heard by `listener`: each reset begins an episode, each inference that was answered is told. */
export function recordedPolicy(policy: Policy, listener: LoopListener, clock: Clock = systemClock): Policy {
  let episode = -1;
  return {
    name: policy.name,
    embodiment: policy.embodiment,
    ...(policy.continues === undefined ? {} : { continues: policy.continues }),
    async reset({ seed }) {
      await policy.reset({ seed });
      listener.episode({ index: ++episode, seed });
    },
    async infer(observation, options = {}) {
      const asked = question(observation, options.continuation);
      const [number, began] = [episode, clock.now()];
      const chunk = await policy.infer(observation, options);
      listener.inference({ ...asked, episode: number, chunk, seconds: clock.now() - began });
      return chunk;
    },
    close: () => policy.close(),
  };
}

/** Copied before the policy thinks: the loop goes on meanwhile. */
function question(
  { state, instruction, tick }: Observation,
  continuation: Continuation | undefined,
): Pick<InferenceRecord, 'observation' | 'continuation'> {
  return {
    observation: { state: state.slice(), instruction, ...(tick === undefined ? {} : { tick }) },
    ...(continuation === undefined ? {} : { continuation: { ...continuation, actions: continuation.actions.slice() } }),
  };
}
