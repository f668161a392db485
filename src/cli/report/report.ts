/** @file The report: evaluations, training metrics and films as ONE HTML file that asks the network for nothing. */

import type { EvaluationResult } from '../../benchmarks/result.ts';
import { brokenSection } from './broken-section.ts';
import { changeSection } from './change-section.ts';
import { html, type Html } from './html.ts';
import { numberTable, titleOf } from './number-table.ts';
import { openLoopSection } from './open-loop-section.ts';
import { page } from './page.ts';
import { provenanceSection } from './provenance-section.ts';
import type { ReportedEvaluation, ReportInput } from './report-input.ts';
import { rolloutsSection } from './rollouts-section.ts';
import { listeningSection, successSection, tiles } from './success-section.ts';
import { trainingSection } from './training-section.ts';

/** The whole page. Pure: the same input gives the same text. It has no script, and its policy forbids all requests. */
export function renderReport(input: ReportInput): string {
  const [main] = input.evaluations;
  const results = input.evaluations.map(({ result }) => result);
  return page(
    input.title,
    html`<header>
        <h1>${input.title}</h1>
        <div class="soft">${subtitle(input)}</div>
        ${main === undefined ? null : tiles(main.result)} ${warnings(input)}
      </header>
      ${main === undefined ? null : evaluations(main, results.slice(1))} ${openLoopSection(input.openLoop)}
      ${trainingSection(input.metrics)} ${results.length === 0 ? null : numberTable(results)}
      ${provenanceSection(input)}`,
  );
}

/** The main evaluation, beside what else was measured in its world; then those in other worlds, each for itself. */
function evaluations(main: ReportedEvaluation, others: readonly EvaluationResult[]): (Html | null)[] {
  const { result } = main;
  const name = result.environment.name;
  const references = others.filter(
    ({ environment, benchmark }) => environment.name === name && benchmark?.settings['latencyMs'] === undefined,
  );
  const elsewhere = others.filter(({ environment }) => environment.name !== name);
  return [
    successSection(result, references),
    listeningSection(result),
    changeSection(result),
    rolloutsSection(main),
    ...elsewhere.flatMap((other) => [
      successSection(other, [], `Success by task: ${other.environment.name}`),
      changeSection(other, `Changes it was not trained on: ${other.environment.name}`),
    ]),
    ...[result, ...others].map((one) => brokenSection(one, others.length === 0 ? '' : `: ${titleOf(one)}`)),
  ];
}

function subtitle({ evaluations, created }: ReportInput): string {
  const [main] = evaluations;
  const date = created.slice(0, 10);
  return main === undefined ? date : `${main.result.policy.name} in ${main.result.environment.name}, ${date}`;
}

function warnings({ evaluations }: ReportInput): Html[] {
  return evaluations.flatMap(({ result }) => {
    const partial = result.partial
      ? [
          `${result.policy.name}: stopped after ${result.episodes.length} of ${result.planned} episodes; the numbers are of those.`,
        ]
      : [];
    const broken = result.broken?.length ?? 0;
    const left =
      broken === 0
        ? []
        : [
            `${result.policy.name}: ${broken} of ${result.planned} episodes could not be played and count nowhere; see below.`,
          ];
    return [...partial, ...left, ...result.warnings].map((text) => html`<div class="warning">${text}</div>`);
  });
}
