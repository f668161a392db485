/** @file Vision-language data as a member of a mixture: questions in the family's own words, and the loss of their answers. Node only. */

import { VlaError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import type { CheckpointFiles } from '../checkpoints/checkpoint.ts';
import { createConversationCodec, designConversations, type ConversationCodec } from '../codec/conversation-codec.ts';
import { createTextTokenizer } from '../codec/text-tokens/text-tokenizer.ts';
import { createConversationLoader, openConversations, type Conversations } from '../data/conversations.ts';
import { modelSpec } from '../models/flow-trainable.ts';
import { createTextTrainable } from '../models/text-trainable.ts';
import { requireText } from '../models/writer.ts';
import { readTokenizer, tokenizerFolder } from './codec-setup.ts';
import type { MixtureGroup, MixtureModel } from './mixture-group.ts';
import type { ConversationsShare, TrainingRecipe } from './recipe.ts';

/** Which conversations. */
export interface ConversationGroup {
  readonly share: ConversationsShare;
  /** Whether `conversation.json` is its codec. */
  readonly main: boolean;
  /** Names the files of the others. */
  readonly name: string;
}

/** Streams of random numbers within a sample. */
const AUGMENTATION = 1;

/** Opens the group; `batchSize` is of one part of a step. */
export async function openConversationGroup(
  recipe: TrainingRecipe,
  { family, config }: MixtureModel,
  { share, main, name }: ConversationGroup,
  batchSize: number,
): Promise<MixtureGroup> {
  const { question } = requireText(family, config);
  const folder = tokenizerFolder(recipe.codec.tokenizer);
  const files = readTokenizer(folder);
  const tokenizer = createTextTokenizer(files.tokenizer, files.config, folder);
  const { cameras, questionTokens, answerTokens, samplesPerStep } = share;
  const design = { cameras, template: question.template, questionTokens, answerTokens, end: question.stopTokens[0]! };
  const codec = createConversationCodec(designConversations(design, tokenizer), tokenizer);
  const parameters = modelSpec(family, config, codec);
  const names = cameras.map((camera) => camera.name);
  const conversations = openConversations(share.root, { cameras: names, imageSize: recipe.data.imageSize });
  try {
    requireWords(conversations, codec);
  } catch (error) {
    conversations.close();
    throw error;
  }
  return {
    trainable: createTextTrainable({ family, config, codec, batchSize, parameters }),
    files: {
      [`conversation${main ? '' : `.${name}`}.json`]: codec.config,
      'tokenizer.json': files.tokenizer,
      'tokenizer_config.json': files.config,
    } as CheckpointFiles,
    identity: { conversation: codec.config, count: conversations.count },
    datasets: [],
    async batches(trainable, { seeds }) {
      const loader = createConversationLoader(conversations, {
        batchSize: samplesPerStep,
        seed: seeds.order,
        prefetch: 2,
      });
      return {
        async batch(step) {
          const samples = await loader.batch(step);
          const randoms = samples.map((_, i) => new Random(seeds.batches, step, i, AUGMENTATION));
          const tensors = codec.collate(samples, randoms);
          return Object.fromEntries(Object.keys(trainable.inputs).map((input) => [input, tensors[input]!]));
        },
        close: () => loader.close(),
      };
    },
    async close() {
      conversations.close();
    },
  };
}

/** All words against the prompt, so that none stops the training half-way; the error names the line. */
function requireWords(conversations: Conversations, codec: ConversationCodec): void {
  const seen = new Set<string>();
  for (let i = 0; i < conversations.count; i++) {
    const { where, ...words } = conversations.words(i);
    const key = `${words.question}\n${words.answer}`;
    if (seen.has(key)) continue;
    seen.add(key);
    try {
      codec.check(words);
    } catch (cause) {
      if (!(cause instanceof VlaError)) throw cause;
      throw new VlaError(cause.code, `${where}: ${cause.message}`, {
        cause,
        hint: 'Raise questionTokens or answerTokens in data.conversations, or leave the line out.',
      });
    }
  }
}
