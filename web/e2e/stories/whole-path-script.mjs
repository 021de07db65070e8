/** What the scripted model says in the story of the whole path. */

const TIDY = `I add a sentence on what it does, and let the caller say how many words it wants.

words.py
\`\`\`python
<<<<<<< SEARCH
from collections import Counter
=======
"""Counts words."""

from collections import Counter
>>>>>>> REPLACE
\`\`\`

words.py
\`\`\`python
<<<<<<< SEARCH
def count_words(text):
    """Return (word, count) pairs, the most frequent first."""
    return Counter(text.lower().split()).most_common()
=======
def count_words(text, limit=None):
    """Return (word, count) pairs, the most frequent first."""
    return Counter(text.lower().split()).most_common(limit)
>>>>>>> REPLACE
\`\`\`

Nothing else **changes**. See [the documentation](https://docs.python.org/3/library/collections.html).
`;

const WRONG = `words.py
\`\`\`python
<<<<<<< SEARCH
def something_else():
=======
def another():
>>>>>>> REPLACE
\`\`\`
`;

export const SCRIPT = {
  key: "sk-story-secret",
  models: ["fake-small"],
  turns: [
    {
      match: "tidy the words",
      steps: [
        { reasoning: "The function has no limit yet." },
        { text: TIDY, chunk: 12, delayMs: 40 },
        { usage: { input: 1200, output: 160, cached: 200 } },
      ],
    },
    {
      match: "count slowly",
      steps: [
        {
          text: "one, two, three, four, five, six, seven, eight, nine, ten.",
          chunk: 2,
          delayMs: 180,
        },
        { usage: { input: 900, output: 30 } },
      ],
    },
    { match: "never end", steps: [{ text: "It begins " }, { stall: 120_000 }, { text: "late" }] },
    { match: "fail now", repeat: true, steps: [{ error: { status: 401, message: "bad key" } }] },
    { match: "edit what is not there", repeat: true, steps: [{ text: WRONG }] },
    // The check of the settings page asks anything.
    { repeat: true, steps: [{ text: "ok" }] },
  ],
};
