"""Golden ids of Qwen's tokenizer classes: python tools/golden/qwen-tokens.py tests/golden/qwen-tokenizer

Trains a vocabulary on Python's own documentation and on words made up in many scripts, saves it as vocab.json,
merges.txt and tokenizer_config.json, opens these with transformers as Qwen2 (and with the cut of Qwen3.5, whose class opens
no such files), and encodes hard texts.
"""

import json
import pathlib
import random
import sys
import unicodedata

from pydoc_data.topics import topics
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import Qwen2Tokenizer
from transformers.models.qwen3_5.tokenization_qwen3_5 import PRETOKENIZE_REGEX as PRETOKENIZE_REGEX_3_5

out = pathlib.Path(sys.argv[1])
source = random.Random(7)
SCRIPTS = [(0x61, 0x7A), (0xC0, 0x24F), (0x370, 0x3FF), (0x430, 0x45F), (0x5D0, 0x5EA), (0x620, 0x652), (0x904, 0x94D),
           (0xE01, 0xE4D), (0x3041, 0x3096), (0x4E00, 0x5200), (0xAC00, 0xAE00), (0x1F600, 0x1F64F), (0x2FC, 0x310)]  # fmt: skip


def word(first: int, last: int) -> str:
    return "".join(chr(source.randint(first, last)) for _ in range(source.randint(1, 5)))


def assigned(text: str) -> bool:
    """Letters that a newer Unicode version added differ between engines."""
    return all(unicodedata.category(c) != "Cn" for c in text)


lexicon = [w for first, last in SCRIPTS for w in (word(first, last) for _ in range(60)) if assigned(w)]
made_up = [" ".join(source.choices(lexicon, weights=[1 / (1 + i % 60) for i in range(len(lexicon))], k=30)) for _ in range(2000)]
corpus = [text for _, text in sorted(topics.items())] + made_up

trained = Tokenizer(models.BPE())
trained.normalizer = normalizers.NFC()
trained.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX_3_5), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
)
trained.decoder = decoders.ByteLevel()
alphabet = pre_tokenizers.ByteLevel.alphabet()
trained.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=3000, initial_alphabet=alphabet, show_progress=False))
model = json.loads(trained.to_str())["model"]

special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|image_pad|>", "<|vision_end|>", "<SUB_TASK>", "</SUB_TASK>"]
special += [f"<robot_action_{k}>" for k in range(12)] + [f"<action>{k}</action>" for k in range(12)] + ["<｜end▁of▁sentence｜>"]
plain = ["<think>", "</think>", "<action", "<tool_call>"]
flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
added = {str(len(model["vocab"]) + i): {"content": t, **flags, "special": t in special} for i, t in enumerate(special + plain)}
config = {"add_prefix_space": False, "added_tokens_decoder": added, "additional_special_tokens": special[1:], "bos_token": None,
          "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace", "model_max_length": 4096,
          "pad_token": "<|endoftext|>", "split_special_tokens": False, "tokenizer_class": "Qwen2Tokenizer", "unk_token": None}  # fmt: skip
(out / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False, separators=(",", ":")) + "\n")
(out / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in model["merges"]))
(out / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, separators=(",", ":")) + "\n")

SPACES = [" ", "  ", "   ", "\n", "\r\n", "\r", "\t", " \n", "\n ", "\n\n\n", "\u00a0", "\u3000", "\u2028", "\x85", "\ufeff", "\u200b", "\v", "\f", ""]
GLUE = ["'s", "'S", "'t", "'RE", "'ve", "'m", "'LL", "'d", "'\u017f", "\u2019s", "'", "''s", "-", "...", "!?", "(", "\")", "/", "\\", "_", "#"]
DIGITS = ["0", "7", "12", "2026", "3.14", "1e-6", "\u0663", "\u00bd", "\u00b2", "\u2167", "\u0be7", "\uff11"]
EMOJI = ["\U0001f916", "\U0001f469\u200d\U0001f4bb", "\U0001f1e9\U0001f1ea", "\u2764\ufe0f", "\U0001f44d\U0001f3fd", "\U00010400"]
ACCENTS = ["e\u0301", "\u00e9", "\u212b", "\u1112\u1161\u11ab", "\u0e01\u0e33", "\u0928\u093f", "\u0301", "a\u0323\u0307", "\u1e9b\u0323"]
WORDS = ["Pick", "up", "the", "red", "block", "class", "function", "DON", "we", "\u673a\u5668\u4eba", "\u628a\u7ea2\u8272\u65b9\u5757", "\u6f22\u5b57\u304b\u306a"]
texts = ["", *SPACES, *GLUE, *DIGITS, *EMOJI, *ACCENTS]
texts += ["a" + space + "b" for space in SPACES] + ["a " + space for space in SPACES] + [" " + space + "b" for space in SPACES]
texts += [f"{t}{u}" for t in special[:4] + plain for u in ["", "x", " x", "\n", t, " " + t]] + ["x" + t for t in special[:6] + plain]
texts += ["<action>1</action>", "<action>11</action>2", "<action>99</action>", "<robot_action_1><robot_action_11>", "<robot_action_12>", "<think", "<TASK> go <\\TASK>\n"]
while len(texts) < 1100:
    pool = [SPACES, GLUE, DIGITS, EMOJI, ACCENTS, WORDS, WORDS, lexicon, lexicon, special, plain]
    text = "".join(source.choice(source.choice(pool)) + source.choice(SPACES[:3] + [""] * 2) for _ in range(source.randint(2, 9)))
    texts.append(text)
qwen2 = Qwen2Tokenizer.from_pretrained(out).backend_tokenizer
fast = json.loads(qwen2.to_str())
fast["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = PRETOKENIZE_REGEX_3_5
qwen35 = Tokenizer.from_str(json.dumps(fast))
rows = []
for text in texts:
    ids, marks = (t.encode(text, add_special_tokens=False).ids for t in (qwen2, qwen35))
    rows.append(json.dumps([text, ids] + ([marks] if marks != ids else []), separators=(",", ":")))
(out / "ids.json").write_text('{"cases": [\n' + ",\n".join(rows) + "\n]}\n")
