/** @file The worker of node-worker.ts: opens one session and answers requests in their order. */

import { parentPort } from 'node:worker_threads';
import { VlaError, invariant } from '../../base/errors.ts';
import type { Tensor } from '../../base/tensor.ts';
import type { Session } from '../session-types.ts';
import { openSession } from './node-session.ts';
import type { Answer, OpenArgument, Request } from './node-worker.ts';

const port = parentPort;
invariant(port !== null, 'node-session-worker runs as a worker');
let session: Session | undefined;

async function answer({ method, argument }: Request): Promise<unknown> {
  if (method === 'open') {
    const { compiled, options } = argument as OpenArgument;
    session = await openSession(compiled, options);
    return undefined;
  }
  invariant(session !== undefined, 'a session is opened first');
  if (method === 'run') return session.run(argument as Record<string, Tensor>);
  if (method === 'readState') return session.readState(argument as readonly string[] | undefined);
  if (method === 'writeState') return session.writeState(argument as Record<string, Tensor>);
  return session.close();
}

port.on('message', (request: Request) => {
  answer(request).then(
    (result) => port.postMessage({ id: request.id, result } satisfies Answer),
    (cause: unknown) => {
      const error =
        cause instanceof VlaError
          ? { code: cause.code, message: cause.message, hint: cause.hint }
          : { code: undefined, message: cause instanceof Error ? cause.message : String(cause), hint: undefined };
      port.postMessage({ id: request.id, error } satisfies Answer);
    },
  );
});
