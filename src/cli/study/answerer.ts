/** @file The vision-language model of a checkpoint as something that answers questions: of a policy, or of a model that only learned to answer. */

import path from 'node:path';
import { readPolicyCheckpoint } from '../../checkpoints/policy-checkpoint.ts';
import { resolveCheckpoint } from '../../checkpoints/checkpoint-series.ts';
import { loadCheckpoint, type Checkpoint } from '../../checkpoints/checkpoint.ts';
import { conversationSchema, createConversationCodec } from '../../codec/conversation-codec.ts';
import { createTextTokenizer } from '../../codec/text-tokens/text-tokenizer.ts';
import type { ModelWeights } from '../../models/checkpoint-policy.ts';
import { familyOf } from '../../models/families.ts';
import type { AnyFamily, FamilyConfig } from '../../models/family.ts';
import { modelSpec } from '../../models/flow-trainable.ts';
import { createTextGenerator } from '../../models/parts/text-generation.ts';
import { questionPrompt, type Question, type QuestionCodec } from '../../models/question.ts';
import { requireText } from '../../models/writer.ts';
import { wholeWeights } from '../../training/tuned-model.ts';

const CONVERSATION_FILE = 'conversation.json';

/** Answers the questions that it was opened for, by their number. */
export interface Answerer {
  answer(index: number): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens the model in `folder` for these questions; pictures of cameras that it does not know are left out. It runs in one
 * thread and always takes the likeliest token.
 */
export async function openAnswerer(
  folder: string,
  questions: readonly Question[],
  maxTokens: number,
): Promise<Answerer> {
  const { family, config, codec, length, weights, weightFolder } = readWriter(folder);
  const { model: textModel, question } = requireText(family, config);
  const model = textModel(config, length);
  const known = new Set(codec.config.cameras.map(({ name }) => name));
  const prompts = questions.map(({ text, images }) => {
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
      const options = { maxTokens: most, stopTokens, sampling: { kind: 'greedy' } } as const;
      return codec.tokenizer.decode([...(await generator.generate(prompt, options)).tokens]);
    },
    close: () => generator.close(),
  };
}

/** What answering needs of a checkpoint. */
interface Writer extends ModelWeights {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: QuestionCodec;
  /** Tokens of the prompt that the model was made for. */
  readonly length: number;
}

/** Pictures go in as in the conversations that it was trained on, where there were any, else as the policy sees them. */
function readWriter(folder: string): Writer {
  const checkpoint = loadCheckpoint(resolveCheckpoint(folder));
  if (!checkpoint.has('codec.json')) return readConversationModel(checkpoint);
  const parts = readPolicyCheckpoint(folder, {}, wholeWeights);
  const { codec } = parts;
  const length = codec.layout.length;
  if (!checkpoint.has(CONVERSATION_FILE)) return { ...parts, length };
  const { cameras } = conversationSchema.parse(checkpoint.json(CONVERSATION_FILE));
  return { ...parts, codec: { config: { ...codec.config, cameras }, tokenizer: codec.tokenizer }, length };
}

/** A checkpoint of a model that was trained on conversations alone: it has no robot, and so no codec of one. */
function readConversationModel(checkpoint: Checkpoint): Writer {
  const where = (file: string): string => path.join(checkpoint.folder, file);
  const content = checkpoint.json('config.json');
  const family = familyOf(content, where('config.json'));
  const config = family.parse(content, where('config.json'));
  const files = [checkpoint.json('tokenizer.json'), checkpoint.json('tokenizer_config.json')] as const;
  const tokenizer = createTextTokenizer(...files, where('tokenizer.json'));
  const codec = createConversationCodec(conversationSchema.parse(checkpoint.json(CONVERSATION_FILE)), tokenizer);
  const weights = wholeWeights(checkpoint, modelSpec(family, config, codec));
  return { family, config, codec, length: codec.layout.length, ...weights };
}
