/** What the scripted model says in the story of the whole path. */

/** The file that the assistant is asked to change. */
export const PRICES = `from decimal import Decimal

VAT = Decimal("0.19")


def net(items):
    """Adds up prices without tax."""
    return sum((item["price"] * item["count"] for item in items), Decimal(0))


def tax(items):
    return net(items) * VAT


def gross(items):
    return net(items) + tax(items)


def label(amount):
    return f"{amount} EUR"


if __name__ == "__main__":
    basket = [{"price": Decimal("9.99"), "count": 3}, {"price": Decimal("0.50"), "count": 7}]
    print(label(gross(basket)))
`;

const TIDY = `I say what the module does, and round the label to cents.

prices.py
\`\`\`python
<<<<<<< SEARCH
from decimal import Decimal
=======
"""Prices with and without tax."""

from decimal import Decimal
>>>>>>> REPLACE
\`\`\`

prices.py
\`\`\`python
<<<<<<< SEARCH
    return f"{amount} EUR"
=======
    return f"{amount:.2f} EUR"
>>>>>>> REPLACE
\`\`\`

Nothing else **changes**. See [the documentation](https://docs.python.org/3/library/decimal.html).
`;

const WRONG = `prices.py
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
      match: "tidy the prices",
      steps: [
        { reasoning: "The label shows every digit of the amount." },
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
    // Before the failure: a question without an answer is asked again with the next.
    { match: "edit what is not there", repeat: true, steps: [{ text: WRONG }] },
    { match: "fail now", repeat: true, steps: [{ error: { status: 401, message: "bad key" } }] },
    // The check of the settings page asks anything.
    { repeat: true, steps: [{ text: "ok" }] },
  ],
};
