/** @file How to get the same numbers again: commands, seeds, versions, machine, hashes, configuration. */

import { formatSeconds } from '../../base/progress.ts';
import type { EvaluationResult } from '../../benchmarks/result.ts';
import type { Provenance } from '../../training/provenance-file.ts';
import { html, type Html } from './html.ts';
import type { ReportInput } from './report-input.ts';

/** Everything that a reader needs to repeat what the report says. */
export function provenanceSection(input: ReportInput): Html {
  return html`<h2>How to repeat it</h2>
    <p class="soft">On one machine the same command gives the same numbers, whatever the number of workers.</p>
    <div class="card">
      ${input.training === null ? null : trainingFacts(input.training)}
      ${input.evaluations.map(({ result }) => evaluationFacts(result))}
      ${input.documents.map(
        ({ title, value }) =>
          html`<details>
            <summary>${title}</summary>
            <pre>${JSON.stringify(value, null, 2)}</pre>
          </details>`,
      )}
    </div>`;
}

/** One recorded dataset and the training; datasets from elsewhere have no command. */
function trainingFacts({ command, seed, versions, datasets }: Provenance): Html[] {
  const recorded = datasets.map((dataset) => {
    const pairs: [string, string][] = [['dataset', dataset.root]];
    if (dataset.seed !== null) pairs.push(['recording seed', String(dataset.seed)]);
    return facts(dataset.command, pairs);
  });
  const pairs: [string, string][] = [['training seed', String(seed)]];
  if (Object.keys(versions).length > 0) pairs.push(['versions', list(versions)]);
  return [...recorded, facts(command, pairs)];
}

function evaluationFacts(result: EvaluationResult): Html {
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
    ['longest episode', longest(protocol.maxSteps)],
    ['took', `${formatSeconds(timing.seconds)} with ${timing.workers} worker threads, ${timing.inferences} inferences`],
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}`],
    ['versions', list(versions)],
    ['date', result.created],
  ];
  return facts(result.command, pairs);
}

/** Per task, or once where all tasks have the same. */
function longest(maxSteps: Readonly<Record<string, number>>): string {
  const [first, ...others] = new Set(Object.values(maxSteps));
  const tasks = Object.entries(maxSteps).map(([task, steps]) => `${task} ${steps}`);
  return `${others.length === 0 && first !== undefined ? first : tasks.join(', ')} steps`;
}

function list(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** A command, when it is known, and what belongs to it. */
function facts(command: string | null, pairs: readonly (readonly [string, string])[]): Html {
  return html`${command === null ? null : html`<pre>${command}</pre>`}
    <dl>
      ${pairs.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>`;
}
