/** @file The measurement `answers`: how well a checkpoint answers questions about pictures, one stratum per kind of question. */

import { VlaError } from '../../base/errors.ts';
import { readPolicyCheckpoint } from '../../checkpoints/policy-checkpoint.ts';
import { conversationSchema } from '../../codec/conversation-codec.ts';
import type { Codec } from '../../codec/policy-codec.ts';
import { openConversations, type KindedSample } from '../../data/conversations.ts';
import { createTextGenerator } from '../../models/parts/text-generation.ts';
import { questionPrompt } from '../../models/question.ts';
import { requireText } from '../../models/writer.ts';
import { questionKinds, scoreAnswer } from '../../simulation/tabletop/questions/index.ts';
import { wholeWeights } from '../../training/tuned-model.ts';
import { generateVisionLanguage, type SetSettings } from '../generate/vision-language/generate-set.ts';
import type { Measurement, NamedMeasurement, Score } from './measurement.ts';

const SERIES = 'accuracy';

/** Which questions are asked. */
export interface AnswersConfig extends NamedMeasurement {
  readonly kind: 'answers';
  /** A Dexdata folder with questions that training never sees. */
  readonly root: string;
  /** Made by these settings where they are missing (their seed another than that of the training's questions); null: they are there. */
  readonly generate: SetSettings | null;
  /** How many are asked: the first ones of the folder. */
  readonly questions: number;
  /** The longest answer. */
  readonly maxTokens: number;
}

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
    const answerer = await openAnswerer(checkpoint, samples, config.maxTokens);
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

/** Answers samples by their number, in one thread: the same answers on every machine with as many bits. */
async function openAnswerer(
  folder: string,
  samples: readonly KindedSample[],
  maxTokens: number,
): Promise<{ answer(index: number): Promise<string>; close(): Promise<void> }> {
  const parts = readPolicyCheckpoint(folder, {}, wholeWeights);
  const { family, config, weights, weightFolder } = parts;
  const { model: textModel, question } = requireText(family, config);
  const model = textModel(config, parts.codec.layout.length);
  const codec = seeing(parts.codec, parts.checkpoint);
  const known = new Set(codec.config.cameras.map(({ name }) => name));
  const prompts = samples.map(({ question: text, images }) => {
    const seen = Object.fromEntries(Object.entries(images).filter(([camera]) => known.has(camera)));
    return questionPrompt(model, question.template, codec, { text, images: seen });
  });
  const longest = Math.max(...prompts.map(({ tokens }) => tokens.length));
  const capacity = Math.min(model.longest, longest + maxTokens);
  const session = { runtime: 'cpu', threads: 1, ...(weightFolder === undefined ? {} : { weightFolder }) } as const;
  const generator = await createTextGenerator({ model, capacity, weights, session });
  const stopTokens = question.stopTokens.map((token) => codec.tokenizer.id(token));
  return {
    async answer(index) {
      const prompt = prompts[index]!;
      const most = Math.max(1, Math.min(maxTokens, capacity - prompt.tokens.length));
      const { tokens } = await generator.generate(prompt, {
        maxTokens: most,
        stopTokens,
        sampling: { kind: 'greedy' },
      });
      return codec.tokenizer.decode([...tokens]);
    },
    close: () => generator.close(),
  };
}

/** The codec with the cameras of the conversations that the checkpoint was trained on, where there were any. */
function seeing(codec: Codec, checkpoint: { has(file: string): boolean; json<T>(file: string): T }): Codec {
  if (!checkpoint.has('conversation.json')) return codec;
  const { cameras } = conversationSchema.parse(checkpoint.json('conversation.json'));
  return { ...codec, config: { ...codec.config, cameras } };
}
