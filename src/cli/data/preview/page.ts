/** @file A preview of a run's data as one HTML page, in the style of the report. */

import { html, trusted, type Html } from '../../report/html.ts';
import { page } from '../../report/page.ts';
import { grouped } from '../dataset-options.ts';
import type { DataPreview, Member } from './data-preview.ts';
import { DIMENSION_HEADER, MIXTURE_HEADER, dimensionRow, memberPairs, mixtureRow } from './text.ts';

/** The page. */
export function renderPreview(preview: DataPreview): string {
  const { recipe, steps, samplesPerStep, members } = preview;
  const hours = members.reduce((sum, member) => sum + (member.kind === 'robot' ? member.hours : 0), 0);
  const tile = (name: string, number: string, more: string): Html =>
    html`<div class="tile">
      <div class="name">${name}</div>
      <div class="number">${number}</div>
      <div class="more">${more}</div>
    </div>`;
  return page(
    `Data of ${recipe}`,
    html`<h1>Data of ${recipe}</h1>
      <p class="soft">What the run is about to be trained on, read as training reads it.</p>
      <div class="tiles">
        ${tile('steps', grouped(steps), `of ${samplesPerStep} samples`)}
        ${tile('samples drawn', grouped(steps * samplesPerStep), 'over the whole run')}
        ${tile('datasets', String(members.length), members.map(({ kind }) => kind).join(', '))}
        ${tile('robot data', `${hours.toFixed(2)} h`, 'held-out episodes left out')}
      </div>
      <h2>Mixture</h2>
      <p class="soft">
        Every step has the same numbers of samples of each dataset. Epochs: how often the run sees each sample.
      </p>
      <div class="card">${table(MIXTURE_HEADER, members.map(mixtureRow))}</div>
      ${members.map(memberSection)}`,
  );
}

function memberSection(member: Member): Html {
  return html`<h2>${member.name}</h2>
    ${member.notes.map((note) => html`<div class="warning">${note}</div>`)}
    <div class="card">
      <dl>
        <dt>folder</dt>
        <dd>${member.root}</dd>
        ${memberPairs(member).map(
          ([key, value]) =>
            html`<dt>${key}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
    </div>
    ${member.kind === 'robot' ? robotSection(member) : null}
    ${
      member.sheet.length > 0 &&
      html`<h3>${member.kind === 'robot' ? 'First pictures' : 'Pictures with question and answer'}</h3>
        <div class="gallery" style="grid-template-columns:repeat(auto-fill,minmax(150px,1fr))">
          ${member.sheet.map(
            ({ caption, png }) =>
              html`<figure class="film">
                <img alt="${caption}" src="data:image/png;base64,${trusted(png)}" />
                <figcaption>
                  <small>${caption}</small>
                </figcaption>
              </figure>`,
          )}
        </div>`
    }`;
}

function robotSection({ state, action, odd }: Extract<Member, { kind: 'robot' }>): Html {
  const rows = [...state.map((one) => dimensionRow('state', one)), ...action.map((one) => dimensionRow('action', one))];
  return html`<h3>States and actions in the model’s numbers</h3>
    <p class="soft">Before clamping; actions over whole chunks, without what lies beyond an episode’s end.</p>
    <div class="card">${table(DIMENSION_HEADER, rows)}</div>
    <h3>Odd episodes</h3>
    <div class="card">
      ${table(
        ['what', 'episode', 'why', 'instruction'],
        odd.map(({ what, episode, why, instruction }) => [what, String(episode), why, instruction]),
      )}
    </div>`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): Html {
  return html`<table>
    <thead>
      <tr>
        ${header.map((cell) => html`<th>${cell}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
