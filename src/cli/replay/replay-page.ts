/** @file The page of a replay: what differs per dimension, recorded and replayed curves, and the worst ticks with what was seen. */

import { encodePng } from '../../base/png.ts';
import type { Image } from '../../interfaces/observation.ts';
import { linearScale, shortNumber } from '../report/axis.ts';
import { html, px, trusted, type Html } from '../report/html.ts';
import { legend } from '../report/legend.ts';
import { thin } from '../report/line-chart.ts';
import { page } from '../report/page.ts';
import { verdict, type Answer, type Comparison } from './compare.ts';

/** A tick that differs much, and what the cameras saw. */
export interface WorstTick {
  readonly answer: Answer;
  readonly instruction: string;
  readonly images: Readonly<Record<string, Image>>;
}

/** What the page shows. */
export interface ReplayReport {
  readonly title: string;
  readonly notes: readonly string[];
  readonly comparison: Comparison;
  readonly worst: readonly WorstTick[];
  readonly command: string;
}

/** More episodes than these are in the table, but have no curves. */
const MOST_CURVES = 4;
const WIDTH = 340;
const HEIGHT = 170;
const [LEFT, RIGHT, TOP, BOTTOM] = [50, 12, 10, 24];

/** One HTML document. */
export function renderReplay({ title, notes, comparison, worst, command }: ReplayReport): string {
  const { answers, dimensions } = comparison;
  const episodes = [...new Set(answers.map(({ episode }) => episode))];
  return page(
    title,
    html`<header>
        <h1>${title}</h1>
        <p class="soft">${verdict(comparison)}.</p>
        ${notes.map((note) => html`<p class="soft">${note}</p>`)}
      </header>
      <h2>Per dimension</h2>
      <div class="card">${table(comparison)}</div>
      ${worst.length === 0 ? null : html`<h2>Where it differs most</h2>`}
      <div class="gallery">
        ${worst.map((tick) =>
          worstTick(
            tick,
            dimensions.map(({ name }) => name),
          ),
        )}
      </div>
      ${episodes.slice(0, MOST_CURVES).map((episode) => curves(episode, comparison))}
      ${
        episodes.length > MOST_CURVES
          ? html`<p class="soft">${episodes.length - MOST_CURVES} more episodes are in the table.</p>`
          : null
      }
      <h2>How to repeat it</h2>
      <pre>${command}</pre>`,
  );
}

function table({ dimensions }: Comparison): Html {
  return html`<table>
    <tr>
      <th>dimension</th>
      <th>mean |Δ|</th>
      <th>max |Δ|</th>
      <th>max, of the recorded range</th>
      <th>where</th>
    </tr>
    ${dimensions.map(
      ({ name, mean, max, range, worst }) =>
        html`<tr>
          <td>${name}</td>
          <td>${shortNumber(mean)}</td>
          <td>${shortNumber(max)}</td>
          <td>${range > 0 ? `${((100 * max) / range).toFixed(1)} %` : '–'}</td>
          <td>${max > 0 ? `episode ${worst.episode}, tick ${worst.tick}` : '–'}</td>
        </tr>`,
    )}
  </table>`;
}

function worstTick({ answer, instruction, images }: WorstTick, names: readonly string[]): Html {
  const { episode, tick, recorded, replayed } = answer;
  return html`<figure class="film">
    ${Object.entries(images).map(
      ([camera, image]) =>
        html`<img
          alt="camera ${camera}"
          width="${image.width}"
          height="${image.height}"
          src="data:image/png;base64,${trusted(Buffer.from(encodePng(image)).toString('base64'))}"
        />`,
    )}
    <figcaption>
      Episode ${episode}, tick ${tick} <small>“${instruction}”</small>
      <table>
        <tr>
          <th>first action</th>
          <th>recorded</th>
          <th>replayed</th>
        </tr>
        ${names.map(
          (name, d) =>
            html`<tr>
              <td>${name}</td>
              <td>${shortNumber(recorded[d]!)}</td>
              <td>${shortNumber(replayed[d]!)}</td>
            </tr>`,
        )}
      </table>
    </figcaption>
  </figure>`;
}

type Point = readonly [tick: number, value: number];

function curves(episode: number, { answers, dimensions }: Comparison): Html {
  const own = answers.filter((answer) => answer.episode === episode);
  return html`<h2>Episode ${episode}</h2>
    <div class="card">
      ${legend([
        ['reference', 'recorded'],
        ['main', 'replayed'],
      ])}
      <div class="curves">
        ${dimensions.map(({ name }, d) => {
          const [then, now] = [
            series(own, d, dimensions.length, 'recorded'),
            series(own, d, dimensions.length, 'replayed'),
          ];
          return chart(name, then, now);
        })}
      </div>
    </div>`;
}

/** For each tick the action of the latest inference up to there. */
function series(answers: readonly Answer[], d: number, dim: number, which: 'recorded' | 'replayed'): Point[] {
  return answers.flatMap((answer, i) => {
    const until = (answers[i + 1]?.tick ?? Infinity) - answer.tick;
    const rows = Math.max(0, Math.min(answer.rows, until));
    return Array.from({ length: rows }, (_, row): Point => [answer.tick + row, answer[which][row * dim + d]!]);
  });
}

function chart(name: string, recorded: readonly Point[], replayed: readonly Point[]): Html {
  const values = [...recorded, ...replayed].map(([, value]) => value);
  const ticks = recorded.map(([tick]) => tick);
  const x = linearScale(Math.min(...ticks), Math.max(...ticks), LEFT, WIDTH - RIGHT, 5);
  const y = linearScale(Math.min(...values), Math.max(...values), HEIGHT - BOTTOM, TOP, 4);
  const path = (points: readonly Point[]): string =>
    thin(points)
      .map(([tick, value], i) => `${i === 0 ? 'M' : 'L'}${px(x.at(tick))} ${px(y.at(value))}`)
      .join('');
  return html`<figure class="curve">
    <figcaption><b>${name}</b></figcaption>
    <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name}, recorded and replayed">
      ${y.ticks.map(
        (tick) =>
          html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}" />
            <text class="tick" x="${LEFT - 6}" y="${px(y.at(tick) + 4)}" text-anchor="end">${shortNumber(tick)}</text>`,
      )}
      ${x.ticks.map(
        (tick) =>
          html`<text class="tick" x="${px(x.at(tick))}" y="${HEIGHT - 6}" text-anchor="middle"
            >${shortNumber(tick)}</text
          >`,
      )}
      <path class="line recorded" d="${path(recorded)}" />
      <path class="line" style="stroke-width:1" d="${path(replayed)}" />
    </svg>
  </figure>`;
}
