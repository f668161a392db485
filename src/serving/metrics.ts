/** @file What a policy server counts, in the text format of Prometheus (version 0.0.4). */

/** How a request ended. */
export type RequestOutcome = 'ok' | 'error' | 'cancelled' | 'deadline' | 'refused';

/** Upper bounds of the latency histogram, seconds. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10] as const;

/** Values that are read when somebody asks. */
export interface Gauges {
  readonly ready: boolean;
  readonly sessions: number;
  readonly waiting: number;
  readonly running: number;
}

/** Counts of one server. */
export class ServingMetrics {
  private readonly gauges: () => Gauges;
  private readonly outcomes = new Map<RequestOutcome, number>();
  private readonly refusals = new Map<string, number>();
  private readonly connections = new Map<string, number>();
  private readonly buckets: number[] = BUCKETS.map(() => 0);
  private seconds = 0;
  private count = 0;
  private restarts = 0;
  private runs = 0;

  constructor(gauges: () => Gauges) {
    this.gauges = gauges;
  }

  /** A request ended `seconds` after it was made. */
  noteRequest(outcome: RequestOutcome, seconds: number): void {
    add(this.outcomes, outcome);
    if (outcome !== 'ok') return;
    this.seconds += seconds;
    this.count++;
    BUCKETS.forEach((bound, i) => {
      if (seconds <= bound) this.buckets[i]!++;
    });
  }

  /** Something was refused before it became a request: `token`, `sessions`, `connections`, `queue`, `message`, `not-ready`, … */
  noteRefusal(reason: string): void {
    add(this.refusals, reason);
  }

  /** A client connected by this protocol. */
  noteConnection(protocol: string): void {
    add(this.connections, protocol);
  }

  /** The policy's thread was started again. */
  noteRestart(): void {
    this.restarts++;
  }

  /** The policy was asked. */
  noteRun(): void {
    this.runs++;
  }

  /** The page that Prometheus reads. */
  render(): string {
    const { ready, sessions, waiting, running } = this.gauges();
    const latency = BUCKETS.map((bound, i): Sample => [`_bucket{le="${bound}"}`, this.buckets[i]!]);
    latency.push(['_bucket{le="+Inf"}', this.count], ['_sum', this.seconds], ['_count', this.count]);
    return [
      family('ready', 'gauge', 'Whether the policy is warm.', [['', Number(ready)]]),
      family('sessions', 'gauge', 'Sessions that are open.', [['', sessions]]),
      family('waiting_requests', 'gauge', 'Requests that wait for their turn.', [['', waiting]]),
      family('running_requests', 'gauge', 'Requests that the policy works on.', [['', running]]),
      family('requests_total', 'counter', 'Requests by how they ended.', labelled('outcome', this.outcomes)),
      family('refusals_total', 'counter', 'What was refused, by why.', labelled('reason', this.refusals)),
      family('connections_total', 'counter', 'Connections by protocol.', labelled('protocol', this.connections)),
      family('restarts_total', 'counter', 'How often the policy’s thread was started again.', [['', this.restarts]]),
      family('started_requests_total', 'counter', 'Requests that the policy was asked.', [['', this.runs]]),
      family('request_seconds', 'histogram', 'From request to chunk, waiting included.', latency),
    ].join('');
  }
}

/** The suffix of the name with its labels, and the value. */
type Sample = readonly [string, number];

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const full = `vlakit_${name}`;
  const lines = samples.map(([suffix, value]) => `${full}${suffix} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`;
}

function labelled(label: string, counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([value, count]) => [`{${label}="${value.replaceAll(/["\\\n]/g, '_')}"}`, count]);
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
