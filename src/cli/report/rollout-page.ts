/** @file A page of films alone: what `vlakit run` shows. */

import { html } from './html.ts';
import { page } from './page.ts';
import { provenanceSection } from './provenance-section.ts';
import type { ReportedEvaluation } from './report-input.ts';
import { gallery } from './rollouts-section.ts';

/** All films of an evaluation, and how to repeat them. */
export function renderRolloutPage(evaluation: ReportedEvaluation): string {
  const { result } = evaluation;
  const title = `${result.policy.name} in ${result.environment.name}`;
  const facts = { title, created: result.created, metrics: [], openLoop: null, training: null, documents: [] };
  return page(
    title,
    html`<header>
        <h1>${title}</h1>
        <p class="soft">On seeds that training never uses, in the robot’s own time.</p>
      </header>
      ${gallery(evaluation, result.rollouts)} ${provenanceSection({ ...facts, evaluations: [evaluation] })}`,
  );
}
