/** @file How to get the same numbers again: command, seeds, versions, machine, hashes, configuration. */

import { formatSeconds } from '../../base/progress.ts';
import type { EvaluationResult } from '../../benchmarks/result.ts';
import { html, type Html } from './html.ts';
import type { ReportInput } from './report-input.ts';

/** Everything that a reader needs to repeat what the report says. */
export function provenanceSection(input: ReportInput): Html {
  return html`<h2>How to repeat it</h2>
    <p class="soft">On one machine the same command gives the same numbers, whatever the number of workers.</p>
    <div class="card">
      ${input.evaluations.map(({ result }) => facts(result))}
      ${input.documents.map(
        ({ title, value }) =>
          html`<details>
            <summary>${title}</summary>
            <pre>${JSON.stringify(value, null, 2)}</pre>
          </details>`,
      )}
    </div>`;
}

function facts(result: EvaluationResult): Html {
  const { protocol, policy, machine, timing, versions, environment } = result;
  const pairs: [string, string][] = [
    ['policy', policy.checkpoint === null ? policy.name : `${policy.name} from ${policy.checkpoint}`],
    ...(policy.sha256 === null ? [] : ([['weights, SHA-256', policy.sha256]] as [string, string][])),
    ['environment', `${environment.name} ${JSON.stringify(environment.options ?? {})}, ${protocol.controlHz} Hz`],
    [
      'seeds',
      `${protocol.firstSeed} to ${protocol.firstSeed + protocol.episodesPerTask - 1} for every task and condition`,
    ],
    ['executed per inference', protocol.execute === 'half' ? 'half of the chunk' : `${protocol.execute} actions`],
    [
      'longest episode',
      Object.entries(protocol.maxSteps)
        .map(([task, steps]) => `${task} ${steps}`)
        .join(', ') + ' steps',
    ],
    ['took', `${formatSeconds(timing.seconds)} with ${timing.workers} worker threads, ${timing.inferences} inferences`],
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}`],
    [
      'versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['date', result.created],
  ];
  return html`<pre>${result.command}</pre>
    <dl>
      ${pairs.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>`;
}
