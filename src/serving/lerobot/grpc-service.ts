/** @file LeRobot's service `transport.AsyncInference` for gRPC: its calls and messages with their wire numbers (lerobot/transport/services.proto). Node only. */

import type * as Grpc from '@grpc/grpc-js';
import { loadOptional } from '../../base/optional.ts';

/** Where a part of an observation stands in it. */
export const TRANSFER = { UNKNOWN: 0, BEGIN: 1, MIDDLE: 2, END: 3 } as const;

/** A part of a pickled `TimedObservation`; a small one is one part that ends it. */
export interface ObservationPart {
  readonly transferState: number;
  readonly data: Uint8Array;
}

/** A pickle: a `RemotePolicyConfig`, or a list of `TimedAction`, which is empty where there is no chunk yet. */
export interface PickledMessage {
  readonly data: Uint8Array;
}

/** The calls. */
export type AsyncInference = {
  readonly Ready: Unary<object, object>;
  readonly SendPolicyInstructions: Unary<PickledMessage, object>;
  readonly SendObservations: Grpc.MethodDefinition<ObservationPart, object>;
  readonly GetActions: Unary<object, PickledMessage>;
};
type Unary<Request, Response> = Grpc.MethodDefinition<Request, Response>;

/** LeRobot sends parts of 2 MB and takes messages of 4 MB. */
export const PART_BYTES = 2 * 2 ** 20;
/** The most that one message may have. */
export const MESSAGE_BYTES = 4 * 2 ** 20;

const bytes = (id: number): { type: string; id: number } => ({ type: 'bytes', id });
const MESSAGES = {
  nested: {
    transport: {
      nested: {
        AsyncInference: {
          methods: {
            Ready: { requestType: 'Empty', responseType: 'Empty' },
            SendPolicyInstructions: { requestType: 'PolicySetup', responseType: 'Empty' },
            SendObservations: { requestType: 'Observation', requestStream: true, responseType: 'Empty' },
            GetActions: { requestType: 'Empty', responseType: 'Actions' },
          },
        },
        TransferState: {
          values: {
            TRANSFER_UNKNOWN: TRANSFER.UNKNOWN,
            TRANSFER_BEGIN: TRANSFER.BEGIN,
            TRANSFER_MIDDLE: TRANSFER.MIDDLE,
            TRANSFER_END: TRANSFER.END,
          },
        },
        Observation: { fields: { transferState: { type: 'TransferState', id: 1 }, data: bytes(2) } },
        PolicySetup: { fields: { data: bytes(1) } },
        Actions: { fields: { data: bytes(1) } },
        Empty: { fields: {} },
      },
    },
  },
};

/** gRPC, and the service in its terms. Rejects with `missing-package` where the optional packages are not installed. */
export async function loadGrpc(): Promise<{ readonly grpc: typeof Grpc; readonly service: AsyncInference }> {
  const purpose = 'LeRobot’s protocol';
  const grpc = await loadOptional('@grpc/grpc-js', purpose, () => import('@grpc/grpc-js'));
  const loader = await loadOptional('@grpc/proto-loader', purpose, () => import('@grpc/proto-loader'));
  const loaded = loader.fromJSON(MESSAGES as Parameters<typeof loader.fromJSON>[0], { defaults: true });
  return { grpc, service: loaded['transport.AsyncInference'] as unknown as AsyncInference };
}
