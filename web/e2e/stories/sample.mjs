/** A small project and an assistant that changes it, for the shorter stories. */

export const GREETING = `def greet(name):
    """Says hello."""
    return "Hello " + name


def shout(text):
    return text.upper()


def twice(text):
    return text + text


def quiet(text):
    return text.lower()


print(greet("you"))
`;

export const FILES = {
  "README.md": "# Greetings\n\nSays hello, in *Python*.\n",
  "greeting.py": GREETING,
  "src/deep/inner.js": "export const answer = 42;\n",
  "run.sh": "echo from a script\n",
};

const EDIT = `I write the greeting as an f-string.

greeting.py
\`\`\`python
<<<<<<< SEARCH
    return "Hello " + name
=======
    return f"Hello, {name}!"
>>>>>>> REPLACE
\`\`\`

notes/first.md
\`\`\`
<<<<<<< SEARCH
=======
# Notes

A new file, in a new folder.
>>>>>>> REPLACE
\`\`\`

| what | where |
|---|---|
| greeting | \`greeting.py\` |

\`\`\`python
print(greet("Ana"))  # Hello, Ana!
\`\`\`

![a picture](https://example.org/tracker.png)
`;

export const SCRIPT = {
  models: ["fake-small"],
  turns: [
    { match: "improve the greeting", repeat: true, steps: [{ text: EDIT, chunk: 40 }] },
    { match: "never end", repeat: true, steps: [{ text: "It begins " }, { stall: 120_000 }] },
    { repeat: true, steps: [{ text: "ok" }] },
  ],
};
