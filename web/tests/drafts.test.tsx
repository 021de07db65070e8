import { screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DraftDetail } from "@/api/schema";
import { layoutStore } from "@/features/workspace/layoutStore";
import { cellApi } from "./cell";
import { expectAccessible, openPage } from "./page";
import { sampleProposal } from "./parts";
import { sampleId } from "./samples";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/features/review/ReviewPane", () => ({ ReviewPane: () => <p>The review</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

beforeEach(() => layoutStore.setState(layoutStore.getInitialState()));

function openDrafts(drafts: DraftDetail[]) {
  const { api, workspaceId } = cellApi();
  const proposal = sampleProposal([]);
  api
    .on("get", "/api/workspaces/{id}/drafts", () => ({ items: [...drafts] }))
    .on("get", "/api/drafts/{id}", ({ path }) => drafts.find(({ id }) => id === path.id) as never)
    .on("post", "/api/drafts/{id}/proposal", () => proposal)
    .on("delete", "/api/drafts/{id}", () => {
      drafts.splice(0, 1);
      return undefined;
    });
  return { api, proposal, ...openPage(`/w/${workspaceId}?panel=drafts`, api) };
}

const draft = (change: Partial<DraftDetail> = {}): DraftDetail => ({
  id: sampleId(),
  workspaceId: "",
  state: "open",
  createdAt: new Date().toISOString(),
  createdBy: sampleId(),
  shareCaches: false,
  proposalId: null,
  stoodOn: [
    { path: "a.py", hash: "0", changed: true },
    { path: "lib/used.py", hash: "1", changed: false },
  ],
  reads: "observed",
  changes: [
    { path: "a.py", kind: "modify" },
    { path: "new.py", from: "old.py", kind: "rename" },
  ],
  stale: ["a.py"],
  ...change,
});

describe("drafts", () => {
  it("says how one comes about", async () => {
    openDrafts([]);
    expect(await screen.findByText("No drafts")).toBeVisible();
    await expectAccessible();
  });

  it("shows what one changes and what changed under it, and makes a proposal of it", async () => {
    const { user, router, proposal } = openDrafts([draft()]);
    expect(await screen.findByText("old.py → new.py")).toBeVisible();
    expect(screen.getByText("changed since")).toBeVisible();
    expect(screen.getByText(/1 file that the draft read, looked for or changed/)).toBeVisible();
    await user.click(screen.getByText("1 file read"));
    expect(screen.getByText("lib/used.py")).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Make a proposal" }));
    expect(await screen.findByText("The review")).toBeVisible();
    expect(router.state.location.search).toMatchObject({ proposal: proposal.id, panel: "review" });
  });

  it("says when any file may have been read in one", async () => {
    openDrafts([draft({ reads: "all", readsReason: "too much at once", stoodOn: [] })]);
    expect(await screen.findByText(/not known: too much at once/)).toBeVisible();
    expect(screen.getByText(/1 file of the workspace changed since/)).toBeVisible();
  });

  it("throws one away after a yes", async () => {
    const { user, api } = openDrafts([draft()]);
    await user.click(await screen.findByRole("button", { name: "Discard" }));
    expect(api.calls.some(({ method }) => method === "DELETE")).toBe(false);
    await user.click(screen.getAllByRole("button", { name: "Discard" }).at(-1) as HTMLElement);
    expect(await screen.findByText("No drafts")).toBeVisible();
  });

  it("can't make a proposal of nothing", async () => {
    openDrafts([draft({ changes: [], stale: [] })]);
    expect(await screen.findByText("It changes nothing so far.")).toBeVisible();
    await waitFor(() =>
      expect(screen.getByRole("button", { name: "Make a proposal" })).toBeDisabled(),
    );
  });
});
