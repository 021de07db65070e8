import { act, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { layoutStore } from "@/features/workspace/layoutStore";
import { workspaceStore } from "@/lib/workspaceStore";
import { Refusal } from "./fakeApi";
import { emptyApi, expectAccessible, openPage } from "./page";
import { sampleId, sampleWorkspace } from "./samples";

// The parts have tests of their own; here it is about how they stand together.
let chatFails = false;
vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({
  EditorPane: () => <textarea aria-label="The editor" />,
}));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/features/review/ReviewPane", () => ({ ReviewPane: () => <p>The review</p> }));
vi.mock("@/features/versions/VersionsPane", () => ({ VersionsPane: () => <p>The versions</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({
  ChatPanel: () => {
    if (chatFails) throw new Error("the chat broke");
    return <p>The chat</p>;
  },
}));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

const FILE = "0199a4f2-6f3e-7c11-9d55-4b1f0c2a7e90";

function openWorkspace(search = "") {
  const workspace = sampleWorkspace({ id: sampleId() });
  const api = emptyApi().on("get", "/api/workspaces/{id}", () => workspace);
  return { ...openPage(`/w/${workspace.id}${search}`, api), workspace };
}

function onPhone(): void {
  vi.stubGlobal("matchMedia", () => ({
    matches: true,
    addEventListener: () => {},
    removeEventListener: () => {},
  }));
}

beforeEach(() => {
  chatFails = false;
  layoutStore.setState(layoutStore.getInitialState());
});

describe("the workspace page", () => {
  it("shows explorer, editor, output and chat, with borders that the keyboard can move", async () => {
    openWorkspace();
    expect(await screen.findByRole("heading", { name: "Shop" })).toBeVisible();
    for (const part of ["The tree", "The output", "The chat"]) {
      expect(await screen.findByText(part)).toBeVisible();
    }
    expect(await screen.findByLabelText("The editor")).toBeVisible();
    const borders = screen.getAllByRole("separator");
    expect(borders.map((border) => border.getAttribute("aria-label"))).toEqual([
      "Resize explorer",
      "Resize editor",
      "Resize editor and output",
    ]);
    for (const border of borders) expect(border).toHaveAttribute("tabindex", "0");
    await expectAccessible();
  });

  it("brings the review to the front when a proposal is named, and keeps the chat", async () => {
    const { router } = openWorkspace();
    await screen.findByText("The chat");
    await act(() =>
      router.navigate({ to: ".", search: { proposal: FILE } as never, replace: true }),
    );
    expect(await screen.findByText("The review")).toBeVisible();
    expect(router.state.location.search).toMatchObject({ proposal: FILE, panel: "review" });
    expect(screen.getByText("The chat")).not.toBeVisible();
  });

  it("keeps in the address which sheet is in front", async () => {
    const { user, router } = openWorkspace();
    await screen.findByText("The chat");
    await user.click(screen.getByRole("tab", { name: "Versions" }));
    expect(await screen.findByText("The versions")).toBeVisible();
    expect(router.state.location.search).toMatchObject({ panel: "versions" });
  });

  it("hides and shows parts by key", async () => {
    const { user } = openWorkspace();
    await screen.findByText("The tree");
    await user.keyboard("{Control>}b{/Control}");
    expect(screen.queryByText("The tree")).not.toBeInTheDocument();
    await user.keyboard("{Control>}b{/Control}{Control>}j{/Control}");
    expect(await screen.findByText("The tree")).toBeVisible();
    expect(screen.queryByText("The output")).not.toBeInTheDocument();
  });

  it("opens at the file that was open last", async () => {
    const workspace = sampleWorkspace();
    const state = workspaceStore(workspace.id).getState();
    state.openTab({ fileId: FILE, path: "src/a.py" });
    state.setLastFile(FILE);
    const api = emptyApi().on("get", "/api/workspaces/{id}", () => workspace);
    const { router } = openPage(`/w/${workspace.id}`, api);
    await waitFor(() => expect(router.state.location.search).toMatchObject({ file: FILE }));
  });

  it("goes on when one part fails", async () => {
    chatFails = true;
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { user } = openWorkspace();
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("the chat broke");
    expect(screen.getByText("The tree")).toBeVisible();
    chatFails = false;
    await user.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("The chat")).toBeVisible();
  });

  it("asks before it is closed over unsaved text", async () => {
    const { workspace } = openWorkspace();
    await screen.findByText("The tree");
    const leave = () => {
      const event = new Event("beforeunload", { cancelable: true });
      window.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(leave()).toBe(false);
    workspaceStore(workspace.id).getState().setDirty(FILE, true);
    expect(leave()).toBe(true);
  });

  it("finds a file by a few letters and opens it", async () => {
    const workspace = sampleWorkspace();
    const file = (path: string, id = sampleId()) => ({
      id,
      workspaceId: workspace.id,
      path,
      kind: "file" as const,
      language: null,
      sizeBytes: 1,
      currentVersionId: sampleId(),
      deletedAt: null,
    });
    const api = emptyApi()
      .on("get", "/api/workspaces/{id}", () => workspace)
      .on("get", "/api/workspaces/{id}/files", () => ({
        items: [file("docs/price-list.md"), file("shop/cart.py"), file("shop/price.py", FILE)],
        nextCursor: null,
      }));
    const { user, router } = openPage(`/w/${workspace.id}`, api);
    await screen.findByText("The tree");
    await user.keyboard("{Control>}p{/Control}");
    const box = await screen.findByRole("combobox", { name: "Commands" });
    expect(await screen.findByRole("option", { name: "shop/cart.py" })).toBeVisible();
    await user.type(box, "price");
    expect(screen.queryByRole("option", { name: "shop/cart.py" })).not.toBeInTheDocument();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ file: FILE }));
  });

  it("says that there is no such workspace", async () => {
    const refusal = new Refusal(404, "not_found", "There is no such thing here.");
    openPage(
      `/w/${FILE}`,
      emptyApi().on("get", "/api/workspaces/{id}", () => refusal),
    );
    expect(await screen.findByText("This workspace can't be opened")).toBeVisible();
    expect(screen.getByRole("link", { name: "Go to your workspaces" })).toBeVisible();
    await expectAccessible();
  });
});

describe("on a phone", () => {
  it("shows one part at a time and keeps what was opened", async () => {
    onPhone();
    const { user } = openWorkspace(`?file=${FILE}`);
    await user.type(await screen.findByLabelText("The editor"), "draft");
    const bar = screen.getByRole("navigation", { name: "Workspace" });
    expect(within(bar).getByRole("button", { name: "Editor" })).toHaveAttribute(
      "aria-current",
      "page",
    );
    await user.click(within(bar).getByRole("button", { name: "Chat" }));
    expect(await screen.findByText("The chat")).toBeVisible();
    expect(screen.getByLabelText("The editor")).not.toBeVisible();
    await expectAccessible();
    await user.click(within(bar).getByRole("button", { name: "Editor" }));
    expect(screen.getByLabelText("The editor")).toHaveValue("draft");
  });

  it("goes from the files to the editor when a file is opened", async () => {
    onPhone();
    const { router } = openWorkspace("?panel=files");
    await screen.findByText("The tree");
    await act(() => router.navigate({ to: ".", search: { panel: "files", file: FILE } as never }));
    expect(await screen.findByLabelText("The editor")).toBeVisible();
    expect(screen.getByText("The tree")).not.toBeVisible();
  });
});
