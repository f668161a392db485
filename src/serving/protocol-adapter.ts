/** @file What a protocol of policy servers is: one file that starts a server of its own in front of the service, and its line in `protocols.ts`. */

import type { PolicyService } from './policy-service.ts';
import type { MappingFile } from './observation-mapping.ts';
import type { WireLimits } from './wire/limits.ts';

/** Where a server listens and whom it lets in. */
export interface AdapterOptions {
  /** Beyond this machine only with a token (`checkAccess`). */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly token: string | null;
  /** Certificate and key in PEM; null: no TLS. A protocol that has none refuses it with `unsupported`. */
  readonly tls: { readonly cert: Uint8Array; readonly key: Uint8Array } | null;
  readonly limits: WireLimits;
  /** Which fields of the wire are which cameras and state; null: the protocol's own names. */
  readonly mapping: MappingFile | null;
  /** Seed of the first client's episode; the next one's is one more. Protocols whose clients send seeds use those. */
  readonly seed: number;
  /** Whether errors tell clients where in our code they arose. */
  readonly tracebacks: boolean;
  /** Who came and went, a line each. */
  readonly onEvent?: (line: string) => void;
}

/** A running server. */
export interface RunningAdapter {
  /** As clients name it: `ws://127.0.0.1:8000`. */
  readonly address: string;
  /** Lets all clients go. The service stays open. */
  close(): Promise<void>;
}

/** One protocol. */
export interface ProtocolAdapter {
  readonly name: string;
  readonly defaultPort: number;
  /** Starts listening, at once and before the policy is warm; rejects when it cannot. */
  start(service: PolicyService, options: AdapterOptions): Promise<RunningAdapter>;
}
