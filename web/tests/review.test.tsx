import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Comment, Proposal } from "@/api/schema";
import { decisionStore } from "@/features/review/decisionStore";
import { Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";
import { layOutNothing, projectApi, sampleHunk, sampleProposal } from "./parts";
import { sampleId, sampleWorkspace } from "./samples";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

beforeEach(() => {
  layOutNothing();
  decisionStore.setState({}, true);
});

const before = Array.from({ length: 30 }, (_, at) => `line ${at + 1}\n`).join("");
const after = before.replace("line 5\n", "line five\n").replace("line 25\n", "line 25 more\n");

const PLAIN = { encoding: "utf-8", executable: false, executableBefore: false };

function openProposal(change: Partial<Proposal> = {}) {
  const first = sampleHunk(4);
  const second = sampleHunk(24, { label: "indent+4" });
  const third = sampleHunk(0, { kind: "create" });
  const proposal = sampleProposal(
    [
      {
        change: "modify",
        path: "main.py",
        fromPath: null,
        baseVersionId: sampleId(),
        freshness: "merges",
        before,
        after,
        binary: false,
        ...PLAIN,
        hunks: [first, second],
      },
      {
        change: "create",
        path: "new.md",
        fromPath: null,
        baseVersionId: null,
        freshness: null,
        before: null,
        after: "# New\n",
        binary: false,
        ...PLAIN,
        hunks: [third],
      },
    ],
    change,
  );
  const { api, workspaceId } = projectApi();
  const current = { proposal: { ...proposal, workspaceId } };
  api.on("get", "/api/proposals/{id}", () => current.proposal);
  const page = openPage(`/w/${workspaceId}?proposal=${proposal.id}&panel=review`, api);
  return { ...page, api, current, hunks: [first, second, third] };
}

const applied = (proposal: Proposal, hunks: string[] | undefined): Proposal => ({
  ...proposal,
  state: "partly_applied",
  files: proposal.files.map((file) => ({
    ...file,
    freshness: null,
    hunks: file.hunks.map((hunk) => ({
      ...hunk,
      state: hunks?.includes(hunk.id) ? ("accepted" as const) : ("rejected" as const),
    })),
  })),
});

describe("the review", () => {
  it("says when what its draft read is not what it was", async () => {
    const stale = ["src/b.ts", "src/c.ts", "src/d.ts"];
    openProposal({ draft: { id: sampleId(), reads: "observed", stale } });
    const told = /read, looked for or changed src\/b\.ts and 2 other files, changed since/;
    expect(await screen.findByText(told)).toBeVisible();
  });

  it("shows each file's changes with what is worth knowing about them", async () => {
    openProposal();
    const file = await screen.findByRole("article", { name: "main.py" });
    expect(file).toHaveTextContent("Merges with your edits");
    expect(file).toHaveTextContent("matched with: indent+4");
    expect(screen.getByText("13 unchanged lines")).toBeVisible();
    expect(screen.getByRole("article", { name: "new.md" })).toHaveTextContent("New");
    expect(screen.getByText("3 of 3 changes undecided")).toBeVisible();
    await expectAccessible();
  });

  it("opens hidden lines on demand", async () => {
    const { user } = openProposal();
    await screen.findByText("13 unchanged lines");
    expect(screen.queryByText("line 15")).toBeNull();
    await user.click(screen.getAllByRole("button", { name: "Show" })[1] ?? document.body);
    expect(screen.getByText("line 15")).toBeVisible();
  });

  it("is decided by keys and applies what was not rejected", async () => {
    const { user, api, current, hunks } = openProposal();
    api.on("post", "/api/proposals/{id}/apply", ({ body }) => {
      current.proposal = applied(current.proposal, body.hunks);
      return current.proposal;
    });
    await screen.findByText("3 of 3 changes undecided");
    screen.getByRole("group", { name: "Review of the proposal" }).focus();
    await user.keyboard("jny");
    expect(screen.getByText("1 of 3 changes undecided")).toBeVisible();
    expect(screen.getByRole("region", { name: "Change 1, rejected" })).toBeVisible();
    await user.keyboard("a");
    expect(await screen.findByText(/the rest was left out/)).toBeVisible();
    expect(api.sent("post", "/api/proposals/{id}/apply")).toEqual([
      {
        hunks: [hunks[1]?.id, hunks[2]?.id],
        resolutions: [],
        transactionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ]);
    expect(await screen.findByText("Applied to 2 files")).toBeVisible();
    await expectAccessible();
  });

  it("takes a decision back, decides for a file, and rejects all", async () => {
    const { user, api, current } = openProposal();
    api.on("post", "/api/proposals/{id}/reject", () => {
      current.proposal = { ...current.proposal, state: "rejected" };
      return current.proposal;
    });
    const reject = await screen.findByRole("button", { name: "Reject all of main.py" });
    await user.click(reject);
    expect(screen.getByText("1 of 3 changes undecided")).toBeVisible();
    expect(screen.getByRole("button", { name: "Apply 1" })).toBeVisible();
    await user.click(reject);
    expect(screen.getByText("3 of 3 changes undecided")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Reject all" }));
    expect(await screen.findByText(/It was rejected; nothing of it was written/)).toBeVisible();
  });

  it("asks about the same lines, and sends what was decided", async () => {
    const { user, api, current } = openProposal();
    const conflict = {
      path: "main.py",
      reason: "You and the proposal changed the same lines.",
      versionId: sampleId(),
      base: "a\n",
      yours: "mine\n",
      theirs: "theirs\n",
      merged: "",
      pieces: [{ type: "conflict" as const, base: "a\n", yours: "mine\n", theirs: "theirs\n" }],
    };
    api.on("post", "/api/proposals/{id}/apply", ({ body }) => {
      if (body.resolutions?.length === 0) {
        return new Refusal(409, "merge_conflict", "Both changed it.", { conflicts: [conflict] });
      }
      current.proposal = applied(current.proposal, body.hunks);
      return current.proposal;
    });
    await user.click(await screen.findByRole("button", { name: "Apply all 3" }));
    expect(await screen.findByText(/Nothing was written; decide what stands/)).toBeVisible();
    const send = screen.getByRole("button", { name: "Apply with these texts" });
    expect(send).toBeDisabled();
    await expectAccessible();
    await user.click(await screen.findByRole("button", { name: "Keep yours" }));
    await waitFor(() => expect(send).toBeEnabled());
    await user.click(send);
    expect(await screen.findByText(/the rest was left out/)).toBeVisible();
    expect(api.sent("post", "/api/proposals/{id}/apply")[1]).toMatchObject({
      resolutions: [{ path: "main.py", content: "mine\n", versionId: conflict.versionId }],
    });
  });

  it("takes an applied proposal back", async () => {
    const { user, api, current, hunks } = openProposal();
    const all = hunks.map(({ id }) => id);
    current.proposal = { ...applied(current.proposal, all), state: "applied" };
    api.on("post", "/api/proposals/{id}/undo", () => {
      current.proposal = { ...current.proposal, state: "undone" };
      return current.proposal;
    });
    const review = await screen.findByRole("group", { name: "Review of the proposal" });
    await user.click(within(review).getByRole("button", { name: "Undo all 3" }));
    expect(await screen.findByText("It was applied and then taken back.")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Accept" })).toBeNull();
  });

  it("takes out one change of an applied proposal and puts in another", async () => {
    const { user, api, current, hunks } = openProposal();
    current.proposal = applied(current.proposal, [hunks[0]?.id ?? ""]);
    api.on("post", "/api/proposals/{id}/undo", () => current.proposal);
    api.on("post", "/api/proposals/{id}/apply", () => current.proposal);
    await user.click(await screen.findByRole("button", { name: "Undo change 1" }));
    expect(api.sent("post", "/api/proposals/{id}/undo")[0]).toMatchObject({
      hunks: [hunks[0]?.id],
    });
    await user.click(screen.getByRole("button", { name: "Apply change 3" }));
    await waitFor(() =>
      expect(api.sent("post", "/api/proposals/{id}/apply")[0]).toMatchObject({
        hunks: [hunks[2]?.id],
      }),
    );
    expect(screen.getByRole("button", { name: "Apply the other 2" })).toBeVisible();
    await expectAccessible();
  });

  it("asks for the typed words before it destroys much", async () => {
    const warning = { reasons: ["It deletes 12 files."], word: "delete 12 files" };
    const { user, api, current } = openProposal({ warning });
    api.on("post", "/api/proposals/{id}/apply", ({ body }) => {
      if (body.confirm !== warning.word) {
        return new Refusal(428, "confirmation_required", "It destroys much.", { warning });
      }
      current.proposal = applied(current.proposal, body.hunks ?? undefined);
      return current.proposal;
    });
    expect(await screen.findByText("Destructive")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Apply all 3" }));
    const gate = await screen.findByRole("dialog", { name: "This destroys a lot" });
    const apply = within(gate).getByRole("button", { name: "Apply all the same" });
    expect(apply).toBeDisabled();
    await expectAccessible();
    await user.type(within(gate).getByRole("textbox"), "delete 12 files{Enter}");
    expect(await screen.findByText(/the rest was left out/)).toBeVisible();
    expect(api.sent("post", "/api/proposals/{id}/apply")[1]).toMatchObject({
      confirm: warning.word,
    });
  });

  it("shows what the checks said, and of what", async () => {
    const { user, api, current, hunks } = openProposal();
    api.on("get", "/api/workspaces/{id}", () => ({
      ...sampleWorkspace(),
      settings: { limits: {}, checks: [{ name: "Tests", argv: ["true"] }] },
    }));
    const command = {
      name: "Tests",
      argv: ["true"],
      state: "failed" as const,
      outcome: "exit",
      exitCode: 2,
      wallMs: 1500,
      output: "1 failed",
    };
    api.on("post", "/api/proposals/{id}/check", ({ body }) => {
      const verdict = {
        id: sampleId(),
        state: "failed" as const,
        hunks: body.hunks ?? [],
        baseHash: "a",
        treeHash: "b",
        stale: false,
        commands: [command],
        reason: null,
        createdAt: "",
        finishedAt: "",
      };
      current.proposal = { ...current.proposal, verdict };
      return current.proposal;
    });
    const checks = await screen.findByRole("region", { name: "Checks" });
    expect(checks).toHaveTextContent("Not checked");
    await user.click(await within(checks).findByRole("button", { name: "Check" }));
    expect(await within(checks).findByText("Checks fail")).toBeVisible();
    expect(checks).toHaveTextContent("Tests failed with 2 in 1.5 s");
    expect(within(checks).getByText("1 failed")).toBeVisible();
    await expectAccessible();
    // Of fewer changes it says nothing.
    screen.getByRole("region", { name: "Change 1, undecided" }).focus();
    await user.keyboard("n");
    expect(checks).toHaveTextContent("The checks failed with other changes chosen");
    expect(hunks).toHaveLength(3);
  });

  it("keeps what people say of a change", async () => {
    const { user, api, hunks } = openProposal();
    const comments: Comment[] = [];
    api.on("get", "/api/proposals/{id}/comments", () => ({ items: [...comments] }));
    api.on("post", "/api/proposals/{id}/comments", ({ body }) => {
      const comment = {
        id: sampleId(),
        proposalId: "",
        userId: sampleId(),
        hunkId: body.hunkId ?? null,
        side: body.side ?? null,
        line: body.line ?? null,
        lineCount: body.lineCount ?? null,
        outdated: false,
        body: body.body,
        createdAt: new Date().toISOString(),
      };
      comments.push(comment);
      return comment;
    });
    (await screen.findByRole("region", { name: "Change 2, undecided" })).focus();
    await user.keyboard("c");
    await user.type(screen.getByRole("textbox", { name: "Comment on change 2" }), "Why?");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Comment" }));
    expect(await screen.findByRole("list", { name: "Comments on change 2" })).toHaveTextContent(
      "Why?",
    );
    expect(comments[0]?.hunkId).toBe(hunks[1]?.id);

    // The keys go on from the hunk, to its lines.
    await user.keyboard("{ArrowDown}{ArrowDown}c");
    await user.type(screen.getByRole("textbox", { name: /^Comment on line/ }), "And this?");
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(await screen.findByRole("list", { name: /^Comments on line/ })).toHaveTextContent(
      "And this?",
    );
    expect(comments[1]).toMatchObject({ hunkId: hunks[1]?.id, side: "new", lineCount: 1 });
    await expectAccessible();
  });

  it("lists what waits and what was decided, or says that there is nothing", async () => {
    const { api, workspaceId } = projectApi();
    openPage(`/w/${workspaceId}?panel=review`, api);
    expect(await screen.findByText("Nothing to review")).toBeVisible();
  });

  it("opens a proposal from the list", async () => {
    const proposal = sampleProposal([]);
    const { api, workspaceId } = projectApi();
    api.on("get", "/api/workspaces/{id}/proposals", () => ({
      items: [proposal, sampleProposal([], { state: "applied", title: "Done before" })],
      nextCursor: null,
    }));
    const { user, router } = openPage(`/w/${workspaceId}?panel=review`, api);
    expect(await screen.findByRole("region", { name: "Decided" })).toHaveTextContent("Done before");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: /Tidy the names/ }));
    expect(router.state.location.search).toMatchObject({ proposal: proposal.id });
  });
});
