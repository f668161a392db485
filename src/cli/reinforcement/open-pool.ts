/** @file The environments that a recipe of reinforcement learning asks for: in threads of this process, or on servers. */

import process from 'node:process';
import type { ReinforcementRun } from '../../../recipes/reinforcement-run.ts';
import { VlaError } from '../../base/errors.ts';
import type { EnvironmentPool } from '../../interfaces/environment-pool.ts';
import { connectEnvironments } from '../../serving/environment-client.ts';
import { joinPools } from '../../serving/joined-pool.ts';
import { VectorEnvironment, WORLDS_MODULE } from '../../simulation/vector.ts';
import type { WorldChoice } from '../../simulation/worlds.ts';
import { environmentTasks } from '../../training/reinforcement/recipe.ts';

const ANSWER_SECONDS = 300;
const CONNECT_SECONDS = 60;

/** What server and clients must both know; null: nothing. It is no option, where other people of a machine could read it. */
export function environmentToken(): string | null {
  const token = process.env['VLAKIT_TOKEN'];
  return token === undefined || token === '' ? null : token;
}

/** The built-in world of a recipe. */
export function worldChoice({ name, imageSize }: ReinforcementRun['world']): WorldChoice {
  return { imageSize, ...(name === undefined ? {} : { world: name }) };
}

/** Opens them. Servers get equal parts, the first ones one more where it does not come out even. */
export async function openPool({
  rollout,
  world,
}: Pick<ReinforcementRun, 'rollout' | 'world'>): Promise<EnvironmentPool> {
  const size = environmentTasks(rollout).length;
  const { workers, servers } = world;
  if (servers.length === 0) {
    return VectorEnvironment.open({ module: WORLDS_MODULE, options: worldChoice(world), size, workers });
  }
  if (servers.length > size) {
    throw new VlaError(
      'bad-argument',
      `world.servers: expected at most ${size} (one for each environment), got ${servers.length}.`,
      {
        hint: 'Name fewer servers, or ask for more environments in rollout.environments.',
      },
    );
  }
  const token = environmentToken();
  const connecting = await Promise.allSettled(
    servers.map((address, i) =>
      connectEnvironments({
        address,
        token,
        size: Math.floor(size / servers.length) + (i < size % servers.length ? 1 : 0),
        answerSeconds: ANSWER_SECONDS,
        connectSeconds: CONNECT_SECONDS,
      }),
    ),
  );
  const pools = connecting.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = connecting.find((result) => result.status === 'rejected');
  if (failed === undefined) return joinPools(pools);
  await Promise.all(pools.map((pool) => pool.close()));
  throw failed.reason;
}
