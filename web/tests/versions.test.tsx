import { screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";
import { contentOf, layOutNothing, projectApi, sampleFile, sampleVersion } from "./parts";
import { sampleId } from "./samples";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

beforeEach(layOutNothing);

function openVersions() {
  const file = sampleFile("main.py");
  const proposalId = sampleId();
  const newest = sampleVersion({
    id: file.currentVersionId ?? "",
    authorKind: "assistant",
    turnId: sampleId(),
    proposalId,
  });
  const oldest = sampleVersion({ authorKind: "import" });
  const { api, workspaceId } = projectApi([file]);
  const texts: Record<string, string> = { [newest.id]: "new\n", [oldest.id]: "old\n" };
  api
    .on("get", "/api/files/{id}", () => contentOf(file, "new\n"))
    .on("get", "/api/files/{id}/versions", () => ({ items: [newest, oldest], nextCursor: null }))
    .on("get", "/api/versions/{id}", ({ path }) => ({
      version: path.id === newest.id ? newest : oldest,
      content: texts[path.id ?? ""] ?? null,
    }));
  const page = openPage(`/w/${workspaceId}?file=${file.id}&panel=versions`, api);
  return { ...page, api, file, newest, oldest, proposalId };
}

describe("the versions", () => {
  it("say who made them, and what the latest changed", async () => {
    const { user, router, proposalId } = openVersions();
    const latest = await screen.findByRole("button", { name: /Assistant/ });
    expect(latest).toHaveTextContent("Current");
    await user.click(latest);
    expect(await screen.findByText("What the latest version changed.")).toBeVisible();
    const text = await screen.findByRole("textbox", { name: /Current version, compared with/ });
    await waitFor(() => expect(text).toHaveTextContent("new"));
    expect(screen.getByRole("button", { name: "Restore" })).toBeDisabled();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Its proposal" }));
    expect(router.state.location.search).toMatchObject({ proposal: proposalId, panel: "review" });
  });

  it("come back over the version that stands", async () => {
    const { user, api, file, oldest } = openVersions();
    const matches: (string | null)[] = [];
    api.on("post", "/api/files/{id}/restore", ({ headers }) => {
      matches.push(headers.get("if-match"));
      return contentOf({ ...file, currentVersionId: sampleId() }, "old\n");
    });
    await user.click(await screen.findByRole("button", { name: /Import/ }));
    await user.click(await screen.findByRole("button", { name: "Restore" }));
    expect(await screen.findByText("The version was restored, as a new one")).toBeVisible();
    expect(api.sent("post", "/api/files/{id}/restore")).toEqual([{ versionId: oldest.id }]);
    expect(matches).toEqual([`"${file.currentVersionId}"`]);
  });

  it("say so when they can't be listed, and when no file is open", async () => {
    const file = sampleFile("main.py");
    const { api, workspaceId } = projectApi([file]);
    api
      .on("get", "/api/files/{id}", () => contentOf(file, "x"))
      .on("get", "/api/files/{id}/versions", () => new Refusal(500, "internal", "It failed."));
    const { router } = openPage(`/w/${workspaceId}?file=${file.id}&panel=versions`, api);
    expect(await screen.findByRole("alert")).toHaveTextContent("It failed.");
    await router.navigate({ to: ".", search: { panel: "versions" } as never });
    expect(await screen.findByText("No file is open")).toBeVisible();
  });
});
