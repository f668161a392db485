"""Golden token ids from Hugging Face's tokenizers: python tools/golden/codec-tokens.py > tests/golden/tokens.json

Sentences, prompt templates, odd spaces, accents in both normal forms, many scripts, emoji, and random code points.
"""

import json
import random
import unicodedata

import tokenizers

tokenizer = tokenizers.Tokenizer.from_file("assets/tokenizers/tabletop/tokenizer.json")
texts = [
    "", " ", "  ", "\n", "\r\n", "\t", " \n ", "a", " a", "  a", "a  b", "a   b  ", "a\n\nb", "a \n b", "\u00a0a\u00a0",
    "lift the red block", "Lift The RED Block!", "LIFT", "lift the red block.", "pick up the 3 red blocks, please",
    "don't", "DON'T", "we're you've I'm he'll she'd it's", "'s't're", "’s", "1234567890", "3.14", "x1y22", "1/2", "½", "²",
    "<TASK> lift the red block <\\TASK>\n", "<|im_start|>user\nfront<|vision_start|><|image_pad|><|vision_end|>",
    "<|im_end|>\n<|im_start|>assistant\n", "<SUB_TASK>done</SUB_TASK>", "<|im_start|><|im_start|>", "<|im_start",
    "a<|pad|>b <|pad|> c", "<|IM_END|>", "na\u00efve caf\u00e9", "nai\u0308ve cafe\u0301", "\u212b \ufb01 \u1e9b\u0323",
    "\u6f22\u5b57\u304b\u306a", "\uc548\ub155", "\u1112\u1161\u11ab", "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd",
    "\u043f\u043e\u0434\u043d\u0438\u043c\u0438 \u043a\u0440\u0430\u0441\u043d\u044b\u0439 \u0431\u043b\u043e\u043a", "\u03b1\u03b2\u03b3", "\u0e01\u0e33", "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\U0001f916", "\U0001f469\u200d\U0001f4bb", "\U0001f1e9\U0001f1ea", "a\u200bb", "\ufeffa", "\u2028", "\u3000", "\u0085", "\x00\x01\x7f",
    "\\ / | ~ ` @ # $ % ^ & * ( ) _ + - = { } [ ] : ; \" ' < > , . ?", "e\u0301\u0301", "\u0301", " \u0301", "-\u0301a", "\U00010400\U00010428",
    "hello\r\nworld\r", "...\n\n...", "!?\n", "  \n\n  x", "tail   ", "tail\n", "\u017f", "'\u017f", "'\u212a", "\u0130stanbul", "\u01c5",
]  # fmt: skip
for verb in ["lift", "touch", "push", "stack", "open", "close", "pick up", "Bring me", "nudge"]:
    for colour in ["red", "green", "blue", "turquoise"]:
        for thing in ["block", "cube into the zone", "drawer", "mug on top of the other one"]:
            texts.append(f"{verb} the {colour} {thing}")
source = random.Random(2)
ranges = [(0x20, 0x7E), (0x09, 0x0D), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x5FF), (0x900, 0xDFF), (0x1E00, 0x206F),
          (0x20A0, 0x2BFF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFB00, 0xFDFF), (0x1F300, 0x1F9FF)]  # fmt: skip
while len(texts) < 600:
    chosen = source.sample(ranges, 3) + [ranges[0]]
    characters = [chr(source.randint(*source.choice(chosen))) for _ in range(source.randint(1, 14))]
    # Letters that a newer Unicode version added differ between engines.
    if all(unicodedata.category(c) != "Cn" for c in characters):
        texts.append("".join(characters))

lines = ",\n".join(json.dumps([text, tokenizer.encode(text, add_special_tokens=False).ids]) for text in texts)
print(f'{{"tokenizers": "{tokenizers.__version__}", "cases": [\n{lines}\n]}}')
