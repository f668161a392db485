/** @file The report: evaluations, training metrics and films as ONE HTML file that asks the network for nothing. */

import { html, type Html } from './html.ts';
import { openLoopSection } from './open-loop-section.ts';
import { page } from './page.ts';
import { provenanceSection } from './provenance-section.ts';
import type { ReportInput } from './report-input.ts';
import { rolloutsSection } from './rollouts-section.ts';
import { listeningSection, perturbationSection, successSection, tableSection, tiles } from './success-section.ts';
import { trainingSection } from './training-section.ts';

/** The whole page. Pure: the same input gives the same text. It has no script, and its policy forbids all requests. */
export function renderReport(input: ReportInput): string {
  const [main, ...references] = input.evaluations;
  const results = input.evaluations.map(({ result }) => result);
  return page(
    input.title,
    html`<header>
        <h1>${input.title}</h1>
        <div class="soft">${subtitle(input)}</div>
        ${main === undefined ? null : tiles(main.result)} ${warnings(input)}
      </header>
      ${
        main === undefined
          ? null
          : [
              successSection(
                main.result,
                references.map(({ result }) => result),
              ),
              listeningSection(main.result),
              perturbationSection(main.result),
              rolloutsSection(main),
            ]
      }
      ${openLoopSection(input.openLoop)} ${trainingSection(input.metrics)}
      ${results.length === 0 ? null : tableSection(results)} ${provenanceSection(input)}`,
  );
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
    return [...partial, ...result.warnings].map((text) => html`<div class="warning">${text}</div>`);
  });
}
