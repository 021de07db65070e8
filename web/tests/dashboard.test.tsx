import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import type { Workspace } from "@/api/schema";
import { Events, type FakeApi, Refusal } from "./fakeApi";
import { emptyApi, expectAccessible, openPage } from "./page";
import { sampleWorkspace } from "./samples";

// A workspace that is opened fetches its parts, which must not outlast the test.
vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));

/** A server that keeps workspaces. */
function apiWith(workspaces: Workspace[]): FakeApi {
  return emptyApi()
    .on("get", "/api/workspaces", ({ query }) => ({
      items: workspaces.filter(
        (one) => Boolean(one.archivedAt) === (query.get("archived") === "true"),
      ),
      nextCursor: null,
    }))
    .on("patch", "/api/workspaces/{id}", ({ path, body }) => {
      const workspace = workspaces.find((one) => one.id === path.id);
      if (!workspace) return new Refusal(404, "not_found", "There is no such thing here.");
      if (body.name) workspace.name = body.name;
      if (body.archived !== undefined) {
        workspace.archivedAt = body.archived ? "2026-11-21T09:00:00Z" : null;
      }
      return workspace;
    });
}

/** Opens the dialog from the page's title; an empty list has the button too. */
async function openDialog(user: { click: (element: Element) => Promise<void> }): Promise<void> {
  const [button] = await screen.findAllByRole("button", { name: "New workspace" });
  if (button) await user.click(button);
}

describe("the dashboard", () => {
  it("says how to begin where there is nothing", async () => {
    openPage("/", emptyApi());
    expect(await screen.findByText("No workspaces yet")).toBeVisible();
    await expectAccessible();
  });

  it("lists workspaces as links to them", async () => {
    const shop = sampleWorkspace();
    openPage("/", apiWith([shop, sampleWorkspace({ name: "Notes" })]));
    const list = await screen.findByRole("list", { name: "Workspaces" });
    expect(within(list).getAllByRole("listitem")).toHaveLength(2);
    expect(screen.getByRole("link", { name: "Shop" })).toHaveAttribute("href", `/w/${shop.id}`);
    await expectAccessible();
  });

  it("says what failed and tries again", async () => {
    const api = apiWith([sampleWorkspace()]);
    const good = api.fetch;
    let broken = true;
    const flaky = emptyApi().on("get", "/api/workspaces", async () => {
      if (broken) {
        return new Refusal(500, "internal", "Something failed in the server.", {
          detail: "The list could not be read.",
          hint: "Look into the log.",
        });
      }
      return (await good("/api/workspaces")).json();
    });
    const { user } = openPage("/", flaky);
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("The list could not be read.");
    expect(alert).toHaveTextContent("Look into the log.");
    expect(alert).toHaveTextContent("0199a4f2-0000-7000-8000-000000000000");
    await expectAccessible();
    broken = false;
    await user.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("link", { name: "Shop" })).toBeVisible();
  });

  it("renames a workspace by keyboard alone", async () => {
    const { user } = openPage("/", apiWith([sampleWorkspace()]));
    (await screen.findByRole("button", { name: "Actions for Shop" })).focus();
    await user.keyboard("{Enter}");
    await screen.findByRole("menu");
    await user.keyboard("{ArrowDown}{Enter}");
    const name = await screen.findByLabelText("Name");
    await expectAccessible();
    await user.clear(name);
    await user.type(name, "Bakery{Enter}");
    expect(await screen.findByRole("link", { name: "Bakery" })).toBeVisible();
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  it("archives a workspace, and takes that back", async () => {
    const { user } = openPage("/", apiWith([sampleWorkspace()]));
    await user.click(await screen.findByRole("button", { name: "Actions for Shop" }));
    await user.click(await screen.findByRole("menuitem", { name: "Archive" }));
    expect(await screen.findByText("No workspaces yet")).toBeVisible();
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    expect(await screen.findByRole("link", { name: "Shop" })).toBeVisible();
  });

  it("brings an archived workspace back", async () => {
    const old = sampleWorkspace({ archivedAt: "2026-11-20T08:00:00Z" });
    const { user } = openPage("/?archived=true", apiWith([old]));
    await user.click(await screen.findByRole("button", { name: "Actions for Shop" }));
    await user.click(await screen.findByRole("menuitem", { name: "Bring back" }));
    expect(await screen.findByText("Nothing is archived")).toBeVisible();
    expect(old.archivedAt).toBeNull();
  });
});

describe("a new workspace", () => {
  it("is made of a git repository, telling how far it is", async () => {
    const workspace = sampleWorkspace({ name: "shop" });
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const api = emptyApi()
      .on("post", "/api/workspaces", () => {
        const halfway = { type: "progress", phase: "Receiving objects", percent: 40 };
        return new Events([halfway, held, { type: "created", workspace }]);
      })
      .on("get", "/api/workspaces/{id}", () => workspace);
    const { user, router } = openPage("/", api);
    await openDialog(user);
    await user.click(await screen.findByRole("tab", { name: "Git" }));
    await user.type(screen.getByLabelText("Repository"), "https://example.org/ana/shop.git");
    expect(screen.getByLabelText("Name")).toHaveValue("shop");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Create workspace" }));
    const bar = await screen.findByRole("progressbar", { name: "Receiving objects" });
    expect(bar).toHaveAttribute("aria-valuenow", "40");
    goOn();
    await waitFor(() => expect(router.state.location.pathname).toBe(`/w/${workspace.id}`));
    expect(api.sent("post", "/api/workspaces")).toEqual([
      { name: "shop", source: { type: "git", url: "https://example.org/ana/shop.git" } },
    ]);
  });

  it("says inside the dialog why it was refused", async () => {
    const problem = new Refusal(422, "import_refused", "The project can't be imported.", {
      detail: "There is no folder /nowhere.",
      hint: "Check the path for a slip.",
    }).problem;
    const api = emptyApi().on(
      "post",
      "/api/workspaces",
      () => new Events([{ type: "failed", problem }]),
    );
    const { user } = openPage("/", api);
    await openDialog(user);
    await user.click(await screen.findByRole("tab", { name: "Folder" }));
    await user.type(screen.getByLabelText("Folder on this server"), "/nowhere");
    await user.click(screen.getByRole("button", { name: "Create workspace" }));
    const alert = await within(screen.getByRole("dialog")).findByRole("alert");
    expect(alert).toHaveTextContent("There is no folder /nowhere.");
    expect(alert).toHaveTextContent("Check the path for a slip.");
    expect(screen.getByRole("button", { name: "Create workspace" })).toBeEnabled();
  });

  it("is stopped by its button while it is being made", async () => {
    const never = new Promise<void>(() => {});
    const api = emptyApi().on(
      "post",
      "/api/workspaces",
      () => new Events([{ type: "progress", phase: "Copying", percent: null }, never]),
    );
    const { user } = openPage("/", api);
    await openDialog(user);
    await user.type(await screen.findByLabelText("Name"), "Big");
    await user.click(screen.getByRole("button", { name: "Create workspace" }));
    await screen.findByRole("progressbar", { name: "Copying" });
    await user.keyboard("{Escape}");
    expect(screen.getByRole("dialog")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Stop" }));
    expect(await screen.findByRole("button", { name: "Cancel" })).toBeVisible();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  it("offers the templates and needs one to be chosen", async () => {
    const api = emptyApi().on("get", "/api/templates", () => ({
      items: [
        { id: "python", name: "Python", description: "A script with a test." },
        { id: "node", name: "Node", description: "A small server." },
      ],
    }));
    const { user } = openPage("/", api);
    await openDialog(user);
    await user.click(await screen.findByRole("tab", { name: "Template" }));
    expect(screen.getByRole("button", { name: "Create workspace" })).toBeDisabled();
    await user.click(await screen.findByRole("radio", { name: /Python/ }));
    expect(screen.getByLabelText("Name")).toHaveValue("Python");
    expect(screen.getByRole("button", { name: "Create workspace" })).toBeEnabled();
    await expectAccessible();
  });

  it("takes zip files only", async () => {
    const { user } = openPage("/", emptyApi());
    await openDialog(user);
    await user.click(await screen.findByRole("tab", { name: "Zip" }));
    const input = screen.getByLabelText("Zip file");
    await user.upload(input, new File(["x"], "shop.zip", { type: "application/zip" }));
    expect(screen.getByText("shop.zip, 1 B")).toBeVisible();
    expect(screen.getByLabelText("Name")).toHaveValue("shop");
    // Dropped files pass no filter.
    fireEvent.drop(input, { dataTransfer: { files: [new File(["x"], "shop.rar")] } });
    expect(screen.getByRole("alert")).toHaveTextContent("“shop.rar” is not a zip file.");
    expect(screen.getByRole("button", { name: "Create workspace" })).toBeDisabled();
  });
});
