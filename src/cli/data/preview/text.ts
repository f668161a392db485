/** @file A preview of a run's data for the terminal. */

import { shortNumber } from '../../report/axis.ts';
import { tableText } from '../../models/model-table.ts';
import { grouped } from '../dataset-options.ts';
import type { DataPreview, Member } from './data-preview.ts';
import type { TokenFacts } from './token-facts.ts';
import type { DimensionFacts } from './vector-facts.ts';

/** The mixture as a table, then each member with what stands out. */
export function previewText(preview: DataPreview): string {
  const { recipe, steps, samplesPerStep, members } = preview;
  return [
    `${recipe}: ${grouped(steps)} steps of ${samplesPerStep} samples`,
    '',
    tableText([MIXTURE_HEADER, ...members.map(mixtureRow)]),
    ...members.map(memberText),
    '',
  ].join('\n');
}

/** The columns of the table of a mixture. */
export const MIXTURE_HEADER: readonly string[] = [
  'dataset',
  'kind',
  'per step',
  'share',
  'weight',
  'samples',
  'hours',
  'epochs',
];

/** A member's row in it. */
export function mixtureRow(member: Member): string[] {
  const { name, kind, samplesPerStep, share, weight, epochs } = member;
  return [
    name,
    kind,
    String(samplesPerStep),
    percent(share),
    shortNumber(weight),
    grouped(member.kind === 'robot' ? member.frames : member.samples),
    member.kind === 'robot' ? member.hours.toFixed(2) : '–',
    shortNumber(epochs),
  ];
}

/** 0.1234 → "12.3 %". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** "5 texts, 4 tokens in the middle, 9 at most, room for 12". */
export function tokensText({ texts, median, longest, room, unfit }: TokenFacts): string {
  const bad = unfit > 0 ? `; ${unfit} do not fit` : '';
  return `${grouped(texts)}, in tokens: median ${shortNumber(median)}, longest ${longest}, room for ${room}${bad}`;
}

/** Facts that both the terminal and the page show as pairs. */
export function memberPairs(member: Member): [string, string][] {
  if (member.kind === 'conversations') {
    const kinds = Object.entries(member.kinds).map(([kind, count]) => `${kind} ${grouped(count)}`);
    return [
      ['samples', `${grouped(member.samples)}, of which ${grouped(member.textOnly)} without a picture`],
      ['kinds', kinds.join(', ')],
      ['questions', tokensText(member.questions)],
      ['answers', tokensText(member.answers)],
    ];
  }
  const { robot, fps, actionHz, horizon, cameras, episodes, heldOut, instructions, answers } = member;
  const views = cameras.map(({ name, width, height }) => `${name} ${width} × ${height}`);
  return [
    ['robot', `${robot}, ${fps} frames and ${shortNumber(actionHz)} actions per second, chunks of ${horizon}`],
    ['cameras', views.join(', ') || 'none'],
    ['episodes', `${grouped(episodes)} to train on, ${grouped(heldOut)} held out`],
    ['instructions', tokensText(instructions)],
    ...(answers === null ? [] : ([['answers', tokensText(answers)]] as [string, string][])),
  ];
}

/** The columns of the table of dimensions. */
export const DIMENSION_HEADER: readonly string[] = [
  'after normalisation',
  'min',
  '1 %',
  'median',
  '99 %',
  'max',
  'clamped',
];

/** A dimension's row in it. */
export function dimensionRow(what: string, { name, min, q01, median, q99, max, clamped }: DimensionFacts): string[] {
  return [`${what} ${name}`, ...[min, q01, median, q99, max].map((value) => value.toFixed(2)), percent(clamped)];
}

function memberText(member: Member): string {
  const pairs = memberPairs(member);
  const lines = ['', member.name, tableText(pairs.map(([key, value]) => [`  ${key}`, value]))];
  if (member.kind === 'robot') {
    const rows = [
      ...member.state.map((one) => dimensionRow('state', one)),
      ...member.action.map((one) => dimensionRow('action', one)),
    ];
    lines.push(
      '',
      tableText([[...DIMENSION_HEADER], ...rows].map((row) => row.map((cell, i) => (i === 0 ? `  ${cell}` : cell)))),
      '',
    );
    for (const { what, episode, why, instruction } of member.odd) {
      lines.push(`  ${what}: episode ${episode} (${why}): ${instruction}`);
    }
  }
  for (const note of member.notes) lines.push(`  ! ${note}`);
  return lines.join('\n');
}
