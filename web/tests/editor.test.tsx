import { EditorView } from "@codemirror/view";
import { act, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { File } from "@/api/schema";
import { runCommand } from "@/commands/registry";
import { Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";
import { contentOf, layOutNothing, projectApi, sampleFile, sampleVersion } from "./parts";
import { sampleId } from "./samples";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

beforeEach(layOutNothing);

function openFile(content: string | null = "one\n", file: File = sampleFile("main.py")) {
  const { api, workspaceId } = projectApi([file]);
  const state = { file, content };
  api
    .on("get", "/api/files/{id}", () => contentOf(state.file, state.content))
    .on("get", "/api/files/{id}/versions", () => ({ items: [], nextCursor: null }));
  return { ...openPage(`/w/${workspaceId}?file=${file.id}`, api), api, state, workspaceId };
}

/** The editor of a file, and typing in it; jsdom has no caret to type with. */
async function editor(path = "main.py") {
  const box = await screen.findByRole("textbox", { name: `Text of ${path}` });
  const view = EditorView.findFromDOM(box);
  if (!view) throw new Error("there is no editor");
  const type = (insert: string) => act(() => view.dispatch({ changes: { from: 0, insert } }));
  return { view, type };
}

describe("the editor", () => {
  it("marks what isn't saved and saves it over the version it was read at", async () => {
    const { api, state, user } = openFile();
    const saved = { ...state.file, currentVersionId: sampleId() };
    const matches: (string | null)[] = [];
    api.on("patch", "/api/files/{id}", ({ headers, body }) => {
      matches.push(headers.get("if-match"));
      return contentOf(saved, body.content);
    });
    const { type } = await editor();
    await expectAccessible();
    type("two ");
    expect(await screen.findByText("Unsaved")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Saved")).toBeVisible();
    expect(api.sent("patch", "/api/files/{id}")).toEqual([{ content: "two one\n" }]);
    expect(matches).toEqual([`"${state.file.currentVersionId}"`]);
  });

  it("shows both sides of a conflict and saves what was chosen over the new version", async () => {
    const { api, state, user } = openFile();
    const theirs = sampleId();
    const matches: (string | null)[] = [];
    const stale = {
      versionId: theirs,
      content: "theirs\n",
      base: "one\n",
      merged: "<<<<<<< ours\nmine one\n=======\ntheirs\n>>>>>>> theirs\n",
      clean: false,
    };
    api
      .on("patch", "/api/files/{id}", ({ headers, body }) => {
        matches.push(headers.get("if-match"));
        if (matches.length === 1) {
          return new Refusal(409, "stale_version", "The file has a newer version.", { stale });
        }
        return contentOf({ ...state.file, currentVersionId: sampleId() }, body.content);
      })
      .on("get", "/api/files/{id}/versions", () => ({
        items: [sampleVersion({ id: theirs, authorKind: "assistant" })],
        nextCursor: null,
      }));
    const { type } = await editor();
    type("mine ");
    runCommand("file.save");
    expect(await screen.findByText(/was changed by the assistant/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Save the merge" })).toBeDisabled();
    await expectAccessible();
    await user.click(screen.getByRole("tab", { name: "Merge (1 to decide)" }));
    await user.click(await screen.findByRole("button", { name: "Keep both" }));
    await user.click(screen.getByRole("button", { name: "Save the merge" }));
    expect(await screen.findByText("Saved")).toBeVisible();
    expect(matches[1]).toBe(`"${theirs}"`);
    expect(api.sent("patch", "/api/files/{id}")[1]).toEqual({ content: "mine one\ntheirs\n" });
  });

  it("asks what becomes of changes when their tab is closed", async () => {
    const { user, api } = openFile();
    const { type } = await editor();
    type("x");
    await user.click(screen.getByRole("button", { name: "Close main.py" }));
    const question = await screen.findByRole("dialog", { name: "Save the changes to main.py?" });
    await expectAccessible();
    await user.click(within(question).getByRole("button", { name: "Don't save" }));
    expect(await screen.findByText("No file is open")).toBeVisible();
    expect(api.sent("patch", "/api/files/{id}")).toEqual([]);
  });

  it.each([["something that isn't text", null, "main.png can't be edited here", /not UTF-8 text/]])(
    "says why it can't show %s",
    async (_what, content, title, reason) => {
      openFile(content, sampleFile("main.png"));
      expect(await screen.findByText(title)).toBeVisible();
      expect(screen.getByText(reason)).toBeVisible();
      await expectAccessible();
    },
  );

  it("offers to close the tab of a file that is gone", async () => {
    const { api, workspaceId } = projectApi();
    api.on("get", "/api/files/{id}", () => new Refusal(404, "not_found", "No such thing."));
    openPage(`/w/${workspaceId}?file=${sampleId()}`, api);
    expect(await screen.findByText("This file is gone")).toBeVisible();
  });

  it("offers to restore a file that was deleted, and shows its last text", async () => {
    const file = sampleFile("main.py", { deletedAt: "2026-11-21T09:00:00Z" });
    const { api, state, user } = openFile("last words\n", file);
    api.on("patch", "/api/files/{id}", () => {
      state.file = { ...state.file, deletedAt: null };
      return contentOf(state.file, state.content);
    });
    expect(await screen.findByText(/This file was deleted/)).toBeVisible();
    const { view } = await editor();
    expect(view.state.doc.toString()).toBe("last words\n");
    await user.click(screen.getByRole("button", { name: "Restore file" }));
    await waitFor(() => expect(screen.queryByText(/This file was deleted/)).toBeNull());
    expect(api.sent("patch", "/api/files/{id}")).toEqual([{ deleted: false }]);
  });
});
