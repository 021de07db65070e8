import { act, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Terminal } from "@/api/schema";
import type { ScreenListener } from "@/features/terminal/screen";
import { layoutStore } from "@/features/workspace/layoutStore";
import { cellApi, sampleTerminal } from "./cell";
import { Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

/** The screens that are open, by terminal; jsdom can't draw the real ones. */
interface Stage {
  label: string;
  listener: ScreenListener;
  pressed: string[];
}
const stages = new Map<string, Stage>();
vi.mock("@/features/terminal/screen", () => ({
  openScreen: (parent: HTMLElement, id: string, label: string, listener: ScreenListener) => {
    const input = document.createElement("textarea");
    input.setAttribute("aria-label", label);
    parent.append(input);
    const stage: Stage = { label, listener, pressed: [] };
    stages.set(id, stage);
    return {
      focus: () => input.focus(),
      press: (key: string) => stage.pressed.push(key),
      holdControl: (isHeld: boolean) => stage.pressed.push(isHeld ? "Control" : "-Control"),
      readAloud: () => undefined,
      dispose: () => stages.delete(id),
    };
  },
}));
beforeEach(() => {
  stages.clear();
  layoutStore.setState(layoutStore.getInitialState());
});

/** Opens the page at the terminals of a workspace that has these. */
function openTerminals(terminals: Terminal[]) {
  const { api, workspaceId } = cellApi();
  api
    .on("get", "/api/workspaces/{id}/terminals", () => ({ items: [...terminals] }))
    .on("post", "/api/workspaces/{id}/terminals", () => {
      const terminal = sampleTerminal({ title: `Terminal ${terminals.length + 1}` });
      terminals.push(terminal);
      return terminal;
    })
    .on("patch", "/api/terminals/{id}", ({ path, body }) => {
      const at = terminals.findIndex(({ id }) => id === path.id);
      const changed = { ...sampleTerminal(), ...terminals[at], title: body.title };
      terminals[at] = changed;
      return changed;
    })
    .on("delete", "/api/terminals/{id}", ({ path }) => {
      terminals.splice(
        terminals.findIndex(({ id }) => id === path.id),
        1,
      );
      return undefined;
    });
  return { api, workspaceId, ...openPage(`/w/${workspaceId}?panel=terminal`, api) };
}

/** The stage of a terminal, once it is shown. */
function stageOf(terminal: Terminal): Promise<Stage> {
  return waitFor(() => {
    const stage = stages.get(terminal.id);
    if (!stage) throw new Error("the terminal isn't shown");
    return stage;
  });
}

describe("terminals", () => {
  it("says how to begin, and opens one with the keyboard in it", async () => {
    const { user } = openTerminals([]);
    expect(await screen.findByText("No terminal is open")).toBeVisible();
    await expectAccessible();
    await user.click(screen.getAllByRole("button", { name: "New terminal" })[1] as HTMLElement);
    const box = await screen.findByRole("textbox", { name: /Terminal 1\. Shift\+F6 leaves it/ });
    await waitFor(() => expect(box).toHaveFocus());
    await expectAccessible();
  });

  it("says why none can be opened", async () => {
    const { user, api } = openTerminals([]);
    api.on(
      "post",
      "/api/workspaces/{id}/terminals",
      () => new Refusal(503, "isolation_unavailable", "This machine can't isolate runs."),
    );
    await screen.findByText("No terminal is open");
    await user.click(screen.getAllByRole("button", { name: "New terminal" })[0] as HTMLElement);
    expect(await screen.findByRole("alert")).toHaveTextContent("can't isolate runs");
  });

  it("keeps those behind, and remembers in the address which is in front", async () => {
    const [one, two] = [sampleTerminal({ title: "one" }), sampleTerminal({ title: "two" })];
    const { user, router } = openTerminals([one, two]);
    await stageOf(two);
    expect(stages.has(one.id)).toBe(false);
    await user.click(screen.getByRole("button", { name: "one" }));
    await stageOf(one);
    expect(stages.has(two.id)).toBe(true);
    expect(router.state.location.search).toMatchObject({ terminal: one.id });
  });

  it("lets the keyboard in and out", async () => {
    const one = sampleTerminal({ title: "one" });
    const { user } = openTerminals([one]);
    const stage = await stageOf(one);
    await user.keyboard("{Control>}`{/Control}");
    const box = screen.getByRole("textbox", { name: /Terminal one/ });
    await waitFor(() => expect(box).toHaveFocus());
    act(() => stage.listener.onLeave());
    expect(screen.getByRole("button", { name: "one" })).toHaveFocus();
  });

  it("renames by double click, and leaves the title at Escape", async () => {
    const one = sampleTerminal({ title: "one" });
    const { user, api } = openTerminals([one]);
    await user.dblClick(await screen.findByRole("button", { name: "one" }));
    const box = screen.getByRole("textbox", { name: "Title of the terminal" });
    await user.type(box, "nothing{Escape}");
    expect(api.sent("patch", "/api/terminals/{id}")).toEqual([]);
    await user.dblClick(screen.getByRole("button", { name: "one" }));
    await user.keyboard("build{Enter}");
    expect(await screen.findByRole("button", { name: "build" })).toBeVisible();
    expect(api.sent("patch", "/api/terminals/{id}")).toEqual([{ title: "build" }]);
  });

  it("asks before one is closed whose program runs", async () => {
    const one = sampleTerminal({ title: "one" });
    const { user, api } = openTerminals([one]);
    await user.click(await screen.findByRole("button", { name: "Close one" }));
    const question = screen.getByRole("alertdialog", { name: "Close “one”?" });
    expect(api.calls.some(({ method }) => method === "DELETE")).toBe(false);
    await user.click(within(question).getByRole("button", { name: "Close terminal" }));
    expect(await screen.findByText("No terminal is open")).toBeVisible();
  });

  it("tells how the program ended, and starts it again under its title", async () => {
    const one = sampleTerminal({ title: "build" });
    const { user, api } = openTerminals([one]);
    const stage = await stageOf(one);
    act(() => stage.listener.onEnded({ type: "ended", exitCode: 130, signal: null, reason: null }));
    expect(screen.getByText("The program ended with exit status 130.")).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Restart" }));
    await waitFor(() =>
      expect(api.sent("patch", "/api/terminals/{id}")).toEqual([{ title: "build" }]),
    );
    expect(api.calls.filter(({ method }) => method === "DELETE")).toHaveLength(1);
    expect(api.sent("post", "/api/workspaces/{id}/terminals")).toEqual([{ columns: 80, rows: 24 }]);
  });

  it("says that the connection is lost and typing is in vain", async () => {
    const one = sampleTerminal();
    openTerminals([one]);
    const stage = await stageOf(one);
    act(() => stage.listener.onLink("waiting"));
    expect(screen.getByText(/What you type now isn't sent/)).toBeVisible();
    act(() => stage.listener.onLink("live"));
    expect(screen.queryByText(/What you type now isn't sent/)).not.toBeInTheDocument();
  });

  it("opens a program's link only after a yes", async () => {
    const one = sampleTerminal();
    const open = vi.spyOn(window, "open").mockReturnValue(null);
    const { user } = openTerminals([one]);
    const stage = await stageOf(one);
    act(() => stage.listener.onAddress("https://example.org/a"));
    expect(open).not.toHaveBeenCalled();
    expect(await screen.findByText("https://example.org/a")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Open in a new tab" }));
    expect(open).toHaveBeenCalledWith("https://example.org/a", "_blank", "noopener,noreferrer");
  });

  it("gives a touch screen the keys that it lacks", async () => {
    vi.stubGlobal("matchMedia", () => ({
      matches: true,
      addEventListener: () => {},
      removeEventListener: () => {},
    }));
    const one = sampleTerminal();
    const { user } = openTerminals([one]);
    const stage = await stageOf(one);
    const keys = await screen.findByRole("toolbar", { name: "Keys" });
    await user.click(within(keys).getByRole("button", { name: "Escape" }));
    await user.click(within(keys).getByRole("button", { name: /Control/ }));
    expect(within(keys).getByRole("button", { name: /Control/ })).toHaveAttribute(
      "aria-pressed",
      "true",
    );
    act(() => stage.listener.onControlUsed());
    expect(stage.pressed).toEqual(["Escape", "Control"]);
    expect(within(keys).getByRole("button", { name: /Control/ })).toHaveAttribute(
      "aria-pressed",
      "false",
    );
    await expectAccessible();
  });
});
