import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";
import { contentOf, projectApi, sampleFile } from "./parts";

vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

const folder = () => sampleFile("src", { kind: "directory", currentVersionId: null });

function openTree(files = [folder(), sampleFile("src/app.ts"), sampleFile("read me.md")]) {
  const { api, workspaceId } = projectApi(files);
  return { ...openPage(`/w/${workspaceId}`, api), api, files };
}

const item = (name: string) => screen.findByRole("treeitem", { name });

describe("the explorer", () => {
  it("shows folders first, and what is in them once they are opened", async () => {
    const { user } = openTree();
    await user.click(await item("src"));
    await item("app.ts");
    const rows = screen.getAllByRole("treeitem");
    expect(rows.map((row) => row.textContent)).toEqual(["src", "app.ts", "read me.md"]);
    expect(rows[0]).toHaveAttribute("aria-expanded", "true");
    expect(rows[1]).toHaveAttribute("aria-level", "2");
    await expectAccessible();
  });

  it("is walked by keys and opens a file", async () => {
    const { user, router, files } = openTree();
    (await item("src")).focus();
    await user.keyboard("{ArrowRight}{ArrowRight}");
    await waitFor(async () => expect(await item("app.ts")).toHaveFocus());
    await user.keyboard("{ArrowDown}{Enter}");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ file: files[2]?.id }));
    expect(await item("read me.md")).toHaveAttribute("aria-selected", "true");
  });

  it("makes a file in the folder that has the focus", async () => {
    const { user, api, router } = openTree();
    const made = sampleFile("src/new one.ts");
    api.on("post", "/api/workspaces/{id}/files", () => contentOf(made, ""));
    await user.click(await item("src"));
    await user.click(screen.getByRole("button", { name: "New file" }));
    const box = screen.getByRole("textbox", { name: "Name of the new file" });
    await user.type(box, "app.ts");
    expect(screen.getByRole("alert")).toHaveTextContent("app.ts exists already.");
    await user.clear(box);
    await user.type(box, "new one.ts{Enter}");
    await waitFor(() =>
      expect(api.sent("post", "/api/workspaces/{id}/files")).toEqual([
        { path: "src/new one.ts", kind: "file" },
      ]),
    );
    await waitFor(() => expect(router.state.location.search).toMatchObject({ file: made.id }));
  });

  it("renames in place; Escape leaves the name", async () => {
    const { user, api, files } = openTree();
    api.on("patch", "/api/files/{id}", () => contentOf(sampleFile("notes.md"), ""));
    (await item("read me.md")).focus();
    await user.keyboard("{F2}");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("textbox", { name: /New name/ })).toBeNull();
    await user.keyboard("{F2}");
    const box = screen.getByRole("textbox", { name: "New name of read me.md" });
    await user.clear(box);
    await user.type(box, "notes.md{Enter}");
    await waitFor(() =>
      expect(api.sent("patch", "/api/files/{id}")).toEqual([{ path: "notes.md" }]),
    );
    const renamed = api.calls.find(({ method }) => method === "PATCH");
    expect(renamed?.path).toBe(`/api/files/${files[2]?.id}`);
  });

  it("deletes a file at once and brings it back by undo", async () => {
    const { user, api, files } = openTree();
    const [, , readMe] = files;
    api
      .on("delete", "/api/files/{id}", () => undefined)
      .on("patch", "/api/files/{id}", () => contentOf(readMe ?? sampleFile("x"), ""));
    (await item("read me.md")).focus();
    await user.keyboard("{Delete}");
    await screen.findByText("read me.md was deleted");
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(api.sent("patch", "/api/files/{id}")).toEqual([{ deleted: false }]));
  });

  it("asks before it deletes a folder, and says how much is in it", async () => {
    const { user, api } = openTree();
    (await item("src")).focus();
    await user.keyboard("{Delete}");
    const question = screen.getByRole("alertdialog", { name: "Delete the folder src?" });
    expect(question).toHaveTextContent("1 file in it will be deleted too.");
    await expectAccessible();
    await user.click(within(question).getByRole("button", { name: "Cancel" }));
    expect(api.calls.some(({ method }) => method === "DELETE")).toBe(false);
  });

  it("lists deleted files and restores one", async () => {
    const gone = sampleFile("old/gone.md", { deletedAt: "2026-11-20T08:00:00Z" });
    const { user, api } = openTree([sampleFile("a.md"), gone]);
    api.on("patch", "/api/files/{id}", () => contentOf(gone, ""));
    await item("a.md");
    await user.click(screen.getByRole("button", { name: "Deleted files" }));
    await user.click(await screen.findByRole("button", { name: "Restore old/gone.md" }));
    await screen.findByText("gone.md is back");
    await expectAccessible();
  });

  it("filters, and says when nothing fits", async () => {
    const { user } = openTree();
    await item("src");
    const box = screen.getByRole("searchbox", { name: "Filter files" });
    await user.type(box, "app");
    expect(await item("app.ts")).toBeVisible();
    expect(screen.queryByRole("treeitem", { name: "read me.md" })).toBeNull();
    await user.type(box, "zzz");
    expect(await screen.findByText("Nothing matches")).toBeVisible();
  });

  it("says how to begin in an empty workspace", async () => {
    openTree([]);
    expect(await screen.findByText("No files yet")).toBeVisible();
    await expectAccessible();
  });

  it("says what failed, and tells of a refusal without losing the tree", async () => {
    const { api, workspaceId } = projectApi([sampleFile("a.md")]);
    api.on("delete", "/api/files/{id}", () => new Refusal(403, "denied", "You may not do this."));
    const { user } = openPage(`/w/${workspaceId}`, api);
    (await item("a.md")).focus();
    await user.keyboard("{Delete}");
    expect(await screen.findByText("You may not do this.")).toBeVisible();
    expect(await item("a.md")).toBeVisible();
  });
});
