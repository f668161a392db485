/** @file Starts services and servers for a test, and ends them after it. */

import { workerUrl } from '../../src/base/worker-url.ts';
import type { ModuleCall } from '../../src/base/user-module.ts';
import { DEFAULT_SERVICE_LIMITS, startLocalService } from '../../src/serving/local-service.ts';
import type { PolicyService, ServiceLimits } from '../../src/serving/policy-service.ts';
import type { AdapterOptions, ProtocolAdapter, RunningAdapter } from '../../src/serving/protocol-adapter.ts';
import { DEFAULT_WIRE_LIMITS, type WireLimits } from '../../src/serving/wire/limits.ts';
import type { ToyOptions } from './toy-policy.ts';

/** What of a test's context is used. */
export interface TestContext {
  after(f: () => Promise<void>): void;
}

/** The toy policy as a module. */
export function toy(options: ToyOptions = {}): ModuleCall {
  return { module: workerUrl(import.meta.url, './toy-policy').href, options };
}

/** A service of a policy. */
export function serviceFor(
  t: TestContext,
  call: ModuleCall,
  limits: Partial<ServiceLimits> = {},
  onEvent?: (line: string) => void,
): PolicyService {
  const service = startLocalService({
    call,
    statistics: 'toy statistics',
    limits: { ...DEFAULT_SERVICE_LIMITS, ...limits },
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  t.after(() => service.close());
  return service;
}

/** A server in front of it, on a free port of this machine. */
export async function serverFor(
  t: TestContext,
  adapter: ProtocolAdapter,
  service: PolicyService,
  { limits, ...change }: Partial<Omit<AdapterOptions, 'limits'>> & { limits?: Partial<WireLimits> } = {},
): Promise<RunningAdapter> {
  const running = await adapter.start(service, {
    host: '127.0.0.1',
    port: 0,
    token: null,
    tls: null,
    mapping: null,
    seed: 0,
    tracebacks: false,
    ...change,
    limits: { ...DEFAULT_WIRE_LIMITS, ...limits },
  });
  t.after(() => running.close());
  return running;
}
