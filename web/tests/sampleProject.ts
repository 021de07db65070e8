import type { Conversation, File as Entry, Proposal, Run, Turn } from "@/api/schema";
import { Events, type FakeApi, Refusal } from "./fakeApi.ts";
import { sampleId } from "./samples.ts";

/** The workspace that the conversation is in. */
export const WORKSPACE = "0199a4f2-6f3e-7c11-9d55-0000000000f0";

/** A small project with a conversation, a proposal and a run, for every workspace. */
export function addProject(api: FakeApi): void {
  const files = Object.entries(TEXTS).map(([path, text]) => ({ file: entry(path, text), text }));
  const folders = ["shop", "tests"].map((path) => ({
    ...entry(path, ""),
    kind: "directory" as const,
  }));
  api
    .on("get", "/api/workspaces/{id}/files", ({ path, query }) => {
      const all = [...folders, ...files.map(({ file }) => file)].map((file) => ({
        ...file,
        workspaceId: path.id ?? "",
      }));
      const items = query.get("deleted") === "true" ? [] : all.sort(byPath);
      return { items, nextCursor: null };
    })
    .on("get", "/api/files/{id}", ({ path }) => {
      const known = files.find(({ file }) => file.id === path.id);
      if (!known) return new Refusal(404, "not_found", "There is no such thing here.");
      return {
        file: known.file,
        content: known.text,
        binary: false,
        versionId: known.file.currentVersionId ?? null,
      };
    })
    .on("patch", "/api/files/{id}", ({ path, body }) => {
      const known = files.find(({ file }) => file.id === path.id);
      if (!known) return new Refusal(404, "not_found", "There is no such thing here.");
      known.text = body.content ?? known.text;
      known.file = {
        ...known.file,
        path: body.path ?? known.file.path,
        currentVersionId: sampleId(),
      };
      return {
        file: known.file,
        content: known.text,
        binary: false,
        versionId: known.file.currentVersionId ?? null,
      };
    })
    .on("get", "/api/files/{id}/versions", ({ path }) => ({
      items: (["user", "assistant", "import"] as const).map((authorKind, age) => ({
        id: sampleId(),
        fileId: path.id ?? "",
        path: "shop/price.py",
        contentHash: "0".repeat(64),
        sizeBytes: 220 - age,
        authorKind,
        turnId: null,
        runId: null,
        proposalId: null,
        createdAt: ago(age * 50),
      })),
      nextCursor: null,
    }))
    .on("get", "/api/workspaces/{id}/runs", () => ({ items: [RUN], nextCursor: null }))
    .on("get", "/api/execute/{id}", () => RUN)
    .on("get", "/api/execute/{id}/events", () => new Events(RUN_EVENTS))
    .on("get", "/api/workspaces/{id}/conversations", () => ({
      items: [CONVERSATION],
      nextCursor: null,
    }))
    .on("get", "/api/conversations/{id}", () => ({
      conversation: CONVERSATION,
      messages: MESSAGES,
      turns: [TURN],
    }))
    .on("get", "/api/workspaces/{id}/proposals", () => ({
      items: [PROPOSAL],
      nextCursor: null,
    }))
    .on("get", "/api/proposals/{id}/comments", () => ({ items: [] }))
    .on("get", "/api/proposals/{id}", () => PROPOSAL);
}

const BEFORE = `"""Prices of the shop, in cents."""

from decimal import ROUND_HALF_UP, Decimal


def net(price: float, rate: float) -> float:
    """Takes the tax out of a price."""
    return price / (1 + rate)


def total(prices: list[float]) -> float:
    return sum(prices)
`;
const AFTER = BEFORE.replace(
  "    return price / (1 + rate)",
  `    exact = Decimal(price) / (1 + Decimal(rate))
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))`,
).replace(
  "-> float:\n    return sum(prices)",
  "-> int:\n    return sum(round(price) for price in prices)",
);

const TEXTS: Record<string, string> = {
  "README.md": "# Shop\n\nA small shop that never loses a cent.\n",
  "main.py": "from shop.price import total\n\nprint(total([199, 250]))\n",
  "shop/__init__.py": "",
  "shop/cart.py":
    "class Cart:\n    def __init__(self) -> None:\n        self.lines: list[int] = []\n",
  "shop/price.py": BEFORE,
  "tests/test_price.py":
    "from shop.price import net\n\n\ndef test_net():\n    assert net(119, 0.19) == 100\n",
};

function ago(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : 1;
}

function entry(path: string, text: string): Entry {
  return {
    id: sampleId(),
    workspaceId: "",
    path,
    kind: "file",
    language: path.endsWith(".py") ? "python" : "markdown",
    sizeBytes: text.length,
    currentVersionId: sampleId(),
    deletedAt: null,
  };
}

const CONVERSATION: Conversation = {
  id: sampleId(),
  workspaceId: WORKSPACE,
  title: "Round prices to cents",
  activeModel: "gpt-5.1",
  createdAt: ago(12),
  updatedAt: ago(2),
};
const PROPOSAL: Proposal = {
  id: sampleId(),
  workspaceId: WORKSPACE,
  turnId: null,
  title: "Round prices to whole cents",
  format: "search_replace",
  state: "open",
  fileCount: 1,
  added: 4,
  removed: 3,
  createdAt: ago(2),
  decidedAt: null,
  files: [
    {
      change: "modify",
      path: "shop/price.py",
      fromPath: null,
      baseVersionId: sampleId(),
      freshness: "current",
      before: BEFORE,
      after: AFTER,
      binary: false,
      encoding: "utf-8",
      executable: false,
      executableBefore: false,
      hunks: [hunk(7, 1, 7, 2), { ...hunk(10, 2, 11, 2), label: "indent+4" }],
    },
  ],
};
PROPOSAL.verdict = {
  id: sampleId(),
  state: "failed",
  hunks: PROPOSAL.files.flatMap(({ hunks }) => hunks.map(({ id }) => id)),
  baseHash: "0",
  treeHash: "1",
  stale: false,
  commands: [
    {
      name: "Types",
      argv: ["mypy", "."],
      state: "passed",
      outcome: "ok",
      exitCode: 0,
      wallMs: 1840,
      output: "Success: no issues found in 4 source files",
    },
    {
      name: "Tests",
      argv: ["pytest", "-q"],
      state: "failed",
      outcome: "exit",
      exitCode: 1,
      wallMs: 620,
      output:
        "..F                                    [100%]\nFAILED tests/test_price.py::test_total\n1 failed, 2 passed in 0.21s",
    },
  ],
  reason: null,
  createdAt: ago(1),
  finishedAt: ago(1),
};
const TURN: Turn = {
  id: sampleId(),
  workspaceId: WORKSPACE,
  conversationId: CONVERSATION.id,
  state: "done",
  model: "gpt-5.1",
  error: null,
  usage: {
    inputTokens: 4120,
    cachedInputTokens: 0,
    outputTokens: 380,
    costUsd: "0.0089",
    measured: true,
  },
  proposalIds: [PROPOSAL.id],
  modelCallIds: [],
  calls: [],
  attached: [],
  selections: [],
  withheld: [],
  createdAt: ago(3),
  finishedAt: ago(2),
};
const MESSAGES = [
  {
    id: sampleId(),
    turnId: TURN.id,
    role: "user" as const,
    content: "The net prices are off by fractions of a cent. Round them properly.",
    createdAt: ago(3),
  },
  {
    id: sampleId(),
    turnId: TURN.id,
    role: "assistant" as const,
    content:
      "The prices are floats, so each division leaves a fraction. I round **half up** to whole cents where the tax is taken out, and in the total:\n\n- `net` computes with `Decimal`\n- `total` adds whole cents\n",
    createdAt: ago(2),
  },
];
const RUN: Run = {
  id: sampleId(),
  workspaceId: WORKSPACE,
  command: "python3 main.py",
  status: "finished",
  outcome: "ok",
  exitCode: 0,
  signal: null,
  reason: null,
  wallMs: 84,
  cpuMs: 40,
  peakMemoryBytes: 9_437_184,
  stdoutBytes: 4,
  stderrBytes: 0,
  stages: [],
  stdout: "449\n",
  stderr: "",
  createdAt: ago(5),
  startedAt: ago(5),
  finishedAt: ago(5),
};

const RUN_EVENTS = [
  { seq: 1, at: ago(5), type: "started", command: RUN.command },
  { seq: 2, at: ago(5), type: "output", stream: "stdout", text: "449\n" },
  {
    seq: 3,
    at: ago(5),
    type: "finished",
    outcome: "ok",
    exitCode: 0,
    signal: null,
    reason: null,
    wallMs: 84,
  },
];

function hunk(oldStart: number, oldLines: number, newStart: number, newLines: number) {
  return {
    id: sampleId(),
    kind: "text" as const,
    oldStart,
    oldLines,
    newStart,
    newLines,
    label: "exact",
    state: "open" as const,
    merged: false,
    needs: [],
  };
}
