/** @file What a person reads of a benchmark's result: the table for the terminal, and the page beside the result file. */

import { degradationLines } from './degradation.ts';
import { ownNumber, publishedLines, sourcesOf, type OwnNumber } from './published-table.ts';
import { resultTable } from './result-table.ts';
import type { EvaluationResult } from './result.ts';
import type { Benchmark } from './table/benchmark.ts';
import { aligned, markdown } from './text-table.ts';

/** Results of the same policy on other benchmarks, by their names: the table of a suite shows the other suites, too. */
export type OtherResults = ReadonlyMap<string, EvaluationResult>;

/** Everything for the terminal. `colour` adds ANSI escapes. */
export function benchmarkText(
  benchmark: Benchmark,
  result: EvaluationResult,
  others: OtherResults,
  colour: boolean,
): string {
  const { published } = benchmark;
  const own = numbersOf(benchmark, result, others);
  const beside =
    published === null
      ? []
      : ['', ...aligned(publishedLines(result.policy.name, own, published, caution(benchmark, result)), colour)];
  const lost = degradationLines(result);
  return [
    `${benchmark.name}${shardOf(result)}: ${result.benchmark?.text ?? ''}`,
    '',
    resultTable(result, colour),
    ...(lost.length === 0 ? [] : ['', ...aligned(lost, colour)]),
    ...beside,
  ].join('\n');
}

/** The same as a page in Markdown, with protocol, sources in full, versions and hashes. */
export function benchmarkPage(benchmark: Benchmark, result: EvaluationResult, others: OtherResults): string {
  const { published } = benchmark;
  const { policy, protocol, benchmark: identity, versions } = result;
  const own = numbersOf(benchmark, result, others);
  const lost = degradationLines(result);
  const lines = [
    `# ${policy.name} on ${benchmark.name}${shardOf(result)}`,
    '',
    `    ${result.command}`,
    '',
    identity?.text ?? '',
    '',
    '```',
    resultTable(result, false),
    '```',
    ...(lost.length === 0 ? [] : ['', '## What each change costs', '', ...markdown(lost)]),
    ...(published === null
      ? []
      : [
          '',
          '## Beside published numbers',
          '',
          ...markdown(publishedLines(policy.name, own, published, caution(benchmark, result))),
          '',
          ...sourcesOf(published).map(({ short, reference }) => `- ${short}: ${reference}`),
        ]),
    '',
    '## Protocol',
    '',
    `- ${protocol.tasks.length} tasks, ${protocol.episodesPerTask} episodes each, seeds from ${protocol.firstSeed}; ${executeText(protocol.execute)} executed before the next inference`,
    `- conditions: ${protocol.conditions.map(({ name, meaning }) => `${name} (${meaning})`).join('; ')}`,
    `- settings: ${JSON.stringify(identity?.settings ?? {})}`,
    `- SHA-256 of the protocol ${identity?.hash ?? 'unknown'}; of the weights ${policy.sha256 ?? 'unknown'}`,
    `- versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  ];
  return `${lines.join('\n')}\n`;
}

function numbersOf({ name }: Benchmark, result: EvaluationResult, others: OtherResults): Map<string, OwnNumber> {
  const all = [...others, [name, result] as const];
  return new Map(
    all.flatMap(([key, one]) => {
      const number = ownNumber(one);
      return number === null ? [] : [[key, number] as const];
    }),
  );
}

/** Where this is not what the papers play. */
function caution(
  { tasks, episodes }: Benchmark,
  { protocol, partial, benchmark, broken = [] }: EvaluationResult,
): string {
  const parts = [
    ...(protocol.tasks.length === tasks ? [] : [`${protocol.tasks.length} of ${tasks} tasks`]),
    ...(protocol.episodesPerTask === episodes
      ? []
      : [`${protocol.episodesPerTask} instead of ${episodes} episodes per task`]),
    ...(partial ? ['stopped early'] : []),
    ...(broken.length > 0 ? [`${broken.length} broken ${broken.length === 1 ? 'episode' : 'episodes'}`] : []),
    ...(benchmark?.shard == null ? [] : ['a part']),
  ];
  return parts.length === 0 ? '' : `; not the whole protocol: ${parts.join(', ')}`;
}

function shardOf({ benchmark }: EvaluationResult): string {
  const shard = benchmark?.shard ?? null;
  return shard === null ? '' : `, part ${shard.index} of ${shard.count}`;
}

function executeText(execute: number | 'half'): string {
  return execute === 'half' ? 'half of each chunk is' : `${execute} actions of each chunk are`;
}
