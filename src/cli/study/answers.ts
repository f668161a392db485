/** @file The measurement `answers`: how well a checkpoint answers questions about pictures, one stratum per kind of question. */

import { VlaError } from '../../base/errors.ts';
import { openConversations, type KindedSample } from '../../data/conversations.ts';
import { questionKinds, scoreAnswer } from '../../simulation/tabletop/questions/index.ts';
import { generateVisionLanguage } from '../generate/vision-language/generate-set.ts';
import { openAnswerer } from './answerer.ts';
import type { AnswersConfig } from '../../../recipes/studies/measurement-config.ts';
import type { Measurement, Score } from './measurement.ts';

const SERIES = 'accuracy';

/** Accuracy of answers, each scored 0 to 1 as its kind compares. The same questions in every arm: compared in pairs. */
export const answers: Measurement<AnswersConfig> = {
  unit: 'questions',
  size: ({ questions }) => questions,
  check({ generate, questions, maxTokens }, where) {
    if (generate?.kinds != null) questionKinds(generate.kinds);
    for (const [name, value] of Object.entries({ questions, maxTokens })) {
      if (Number.isInteger(value) && value >= 1) continue;
      const message = `${where}.${name}: expected a whole number of at least 1, got ${value}.`;
      throw new VlaError('bad-argument', message, { hint: 'Correct it in the study, or with --set.' });
    }
  },
  sampledWith: () => null,
  async measure(config, { checkpoint, workers, signal, onProgress }) {
    const { root, generate, questions } = config;
    if (generate !== null) {
      await generateVisionLanguage({ root, samples: questions, settings: generate, workers, replace: false, signal });
    }
    const samples = await firstSamples(root, questions);
    const asked = samples.map(({ question: text, images }) => ({ text, images }));
    const answerer = await openAnswerer(checkpoint, asked, config.maxTokens);
    const scores: Score[] = [];
    try {
      for (const [i, sample] of samples.entries()) {
        if (signal.aborted) {
          throw new VlaError('interrupted', `study: stopped during the measurement "${config.name}".`, {
            hint: 'Run the same command again to go on; this measurement begins anew.',
          });
        }
        const got = await answerer.answer(i);
        const value = scoreAnswer(sample.kind, sample.answer, got);
        scores.push({ stratum: sample.kind, key: String(i), value });
        onProgress(i + 1, sample.kind);
      }
    } finally {
      await answerer.close();
    }
    return { series: [{ name: SERIES, scores }], details: {} };
  },
};

async function firstSamples(root: string, count: number): Promise<KindedSample[]> {
  const set = openConversations(root);
  try {
    if (set.count < count) {
      throw new VlaError('not-found', `${root}: expected at least ${count} questions, got ${set.count}.`, {
        hint: 'Ask fewer, or generate more (vlakit generate vision-language).',
      });
    }
    return await Promise.all(Array.from({ length: count }, (_, i) => set.sample(i)));
  } finally {
    set.close();
  }
}
