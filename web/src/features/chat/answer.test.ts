import { describe, expect, it } from "vitest";
import { type AnswerPart, answerParts } from "./answer";

const drawn = (parts: readonly AnswerPart[]) =>
  parts.map((part) =>
    part.kind === "prose"
      ? part.text.trim()
      : `[${part.change} ${part.path ?? "?"} +${part.added} -${part.removed}${part.isComplete ? "" : " …"}]`,
  );

const block = (old: string, fresh: string) =>
  `<<<<<<< SEARCH\n${old}=======\n${fresh}>>>>>>> REPLACE`;

describe("answerParts", () => {
  it.each<[string, string, string[]]>([
    ["prose alone", "Just *words*.", ["Just *words*."]],
    [
      "a path, a fence, a block",
      `Sure.\n\nsrc/main.py\n\`\`\`python\n${block("a\n", "b\nc\n")}\n\`\`\`\n\nDone.`,
      ["Sure.", "[modify src/main.py +2 -1]", "Done."],
    ],
    [
      "a path inside the fence",
      `\`\`\`\nsrc/main.py\n${block("a\n", "b\n")}\n\`\`\``,
      ["[modify src/main.py +1 -1]"],
    ],
    [
      "a path dressed as Markdown",
      `**\`my file.py\`**:\n\`\`\`python\n${block("a\n", "b\n")}\n\`\`\``,
      ["[modify my file.py +1 -1]"],
    ],
    [
      "several blocks under one path",
      `a.py\n\`\`\`\n${block("a\n", "b\n")}\n${block("c\n", "d\n")}\n\`\`\`\nend`,
      ["[modify a.py +1 -1]", "[modify a.py +1 -1]", "end"],
    ],
    ["no fence", `a.py\n${block("a\n", "b\n")}`, ["[modify a.py +1 -1]"]],
    [
      "lines that only give an edit its place",
      `a.py\n\`\`\`\n${block("x\na\ny\n", "x\nb\nc\ny\n")}\n\`\`\``,
      ["[modify a.py +2 -1]"],
    ],
    ["a new file", `n/new.py\n\`\`\`\n${block("", "b\n")}\n\`\`\``, ["[create n/new.py +1 -0]"]],
    [
      "two files",
      `a.py\n\`\`\`\n${block("a\n", "b\n")}\n\`\`\`\n\nb.py\n\`\`\`\n${block("a\n", "b\n")}\n\`\`\``,
      ["[modify a.py +1 -1]", "[modify b.py +1 -1]"],
    ],
    [
      "a patch",
      "Here:\n\n*** Begin Patch\n*** Update File: a.py\n@@\n-x\n+y\n+z\n*** Add File: b.txt\n+hi\n*** Delete File: c.md\n*** Update File: d.py\n*** Move to: e.py\n*** End Patch\nThere.",
      [
        "Here:",
        "[modify a.py +2 -1]",
        "[create b.txt +1 -0]",
        "[delete c.md +0 -0]",
        "[rename e.py +0 -0]",
        "There.",
      ],
    ],
    ["code that is no edit", "Run:\n```sh\nls\n```\nok", ["Run:\n```sh\nls\n```\nok"]],
    [
      "a sentence before a block is kept",
      `Look at this.\n${block("a\n", "b\n")}`,
      ["Look at this.", "[modify ? +1 -1]"],
    ],
  ])("reads %s", (_name, text, parts) => {
    expect(drawn(answerParts(text))).toEqual(parts);
  });

  it("shows a block that has not ended as such", () => {
    expect(drawn(answerParts("a.py\n```\n<<<<<<< SEARCH\na\n=======\nb\nc"))).toEqual([
      "[modify a.py +2 -1 …]",
    ]);
  });

  it("never shows a marker or an empty fence while an edit streams in", () => {
    const text = `Sure.\n\nsrc/main.py\n\`\`\`python\n${block("a\n", "b\n")}\n\`\`\`\n\nDone.`;
    for (let end = 1; end <= text.length; end += 1) {
      const prose = answerParts(text.slice(0, end), true)
        .filter((part) => part.kind === "prose")
        .map((part) => part.text)
        .join("\n");
      expect(prose, `after ${end} characters`).not.toMatch(/<<<|SEARCH|>>>|python/u);
    }
  });

  it("loses no prose while it streams", () => {
    const text = "First line.\n\n- a\n- b\n\n**bold** end";
    const parts = answerParts(text, true);
    expect(drawn(parts)).toEqual([text]);
  });
});
