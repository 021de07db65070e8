import { EditorView } from "@codemirror/view";
import { act, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { runCommand } from "@/commands/registry";
import { layoutStore } from "@/features/workspace/layoutStore";
import { Events, Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";
import { contentOf, layOutNothing, numbered, projectApi, sampleFile } from "./parts";
import { sampleId } from "./samples";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

beforeEach(() => {
  layOutNothing();
  layoutStore.setState(layoutStore.getInitialState());
});

const NOW = "2026-11-21T08:00:00Z";
const TEXT = "one\ntwo\nthree\nfour\n";

/** The page with a file in the editor and a server that takes questions. */
function open() {
  const file = sampleFile("src/main.py");
  const { api, workspaceId } = projectApi([file]);
  const state = { file, content: TEXT };
  const conversationId = sampleId();
  const begun = (selections: object[]) =>
    new Events(
      numbered([
        { type: "started", turnId: sampleId(), conversationId, model: "gpt", selections },
        { type: "text", text: "It counts." },
        { type: "finished", state: "done" },
      ]),
    );
  api
    .on("get", "/api/files/{id}", () => contentOf(state.file, state.content))
    .on("patch", "/api/files/{id}", ({ body }) => {
      state.file = { ...state.file, currentVersionId: sampleId() };
      state.content = body.content ?? "";
      return contentOf(state.file, state.content);
    })
    .on("get", "/api/conversations/{id}", () => ({
      conversation: {
        id: conversationId,
        workspaceId,
        title: "A question",
        activeModel: "gpt",
        createdAt: NOW,
        updatedAt: NOW,
      },
      messages: [],
      turns: [],
    }))
    .on("post", "/api/ai/chat", (({ body }: { body: { selections?: object[] } }) =>
      begun(body.selections ?? [])) as never);
  const opened = openPage(`/w/${workspaceId}?file=${file.id}`, api);
  return { ...opened, api, state };
}

async function editor() {
  const box = await screen.findByRole("textbox", { name: "Text of src/main.py" });
  const view = EditorView.findFromDOM(box);
  if (!view) throw new Error("there is no editor");
  const select = (anchor: number, head: number) =>
    act(() => view.dispatch({ selection: { anchor, head } }));
  const type = (insert: string) => act(() => view.dispatch({ changes: { from: 0, insert } }));
  return { box, select, type };
}

const chips = () => screen.findByRole("list", { name: "Selected lines the assistant is given" });
const question = () => screen.getByRole("textbox", { name: "Your question" });

describe("asking about a selection", () => {
  it("sends the lines and not the file, and shows them with the question", async () => {
    const { api, state, user } = open();
    const { box, select } = await editor();
    expect(runCommand("editor.askSelection")).toBe(false);
    expect(await screen.findByRole("button", { name: "Leave out src/main.py" })).toBeVisible();
    select(4, 13);
    box.focus();
    await user.keyboard("{Alt>}q{/Alt}");
    expect(await chips()).toHaveTextContent("src/main.py:2–3");
    // Of the file nothing else goes along.
    expect(screen.queryByRole("button", { name: "Leave out src/main.py" })).toBeNull();
    await waitFor(() => expect(question()).toHaveFocus());
    await expectAccessible();

    await user.keyboard("what is this?{Enter}");
    await waitFor(() => expect(api.sent("post", "/api/ai/chat")).toHaveLength(1));
    const selection = {
      path: "src/main.py",
      versionId: state.file.currentVersionId,
      lines: { first: 2, last: 3 },
    };
    expect(api.sent("post", "/api/ai/chat")[0]).toMatchObject({
      message: "what is this?",
      files: [],
      selections: [selection],
    });
    const asked = await screen.findByRole("list", { name: "Selected lines of this question" });
    expect(asked).toHaveTextContent("src/main.py:2–3");
    await screen.findByText("It counts.");
    // With one question only.
    expect(screen.queryByRole("list", { name: /^Selected lines the/ })).toBeNull();
    await user.type(question(), "and now?{Enter}");
    await waitFor(() => expect(api.sent("post", "/api/ai/chat")).toHaveLength(2));
    const next = api.sent("post", "/api/ai/chat")[1];
    expect(next).toMatchObject({ files: ["src/main.py"] });
    expect(next).not.toHaveProperty("selections");
  });

  it("saves first, and leaves out what was selected before the file changed", async () => {
    const { api, user } = open();
    const { select, type } = await editor();
    select(0, 1);
    await user.click(await screen.findByRole("button", { name: "Ask about selection" }));
    expect(await chips()).toHaveTextContent("src/main.py:1");
    type("zero\n");
    select(5, 6);
    await user.click(await screen.findByRole("button", { name: "Ask about selection" }));
    await waitFor(() => expect(screen.getByText(":2")).toBeVisible());
    expect(within(await chips()).getAllByRole("listitem")).toHaveLength(1);
    expect(api.sent("patch", "/api/files/{id}")).toEqual([{ content: `zero\n${TEXT}` }]);
    expect(await screen.findByText(/before it changed is left out/)).toBeVisible();
  });

  it("is taken away by keyboard, and comes back when the question is refused", async () => {
    const { api, user } = open();
    const { box, select } = await editor();
    for (const at of [0, 4]) {
      box.focus();
      select(at, at + 1);
      act(() => void runCommand("editor.askSelection"));
      await screen.findByText(at === 0 ? ":1" : ":2");
      await waitFor(() => expect(question()).toHaveFocus());
    }
    screen.getByRole("button", { name: "Leave out src/main.py, lines 1" }).focus();
    await user.keyboard("{Enter}");
    const left = screen.getByRole("button", { name: "Leave out src/main.py, lines 2" });
    await waitFor(() => expect(left).toHaveFocus());
    api.on("post", "/api/ai/chat", (() => new Refusal(429, "too_many", "Too many.")) as never);
    await user.type(question(), "why?{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Too many.");
    expect(await chips()).toHaveTextContent("src/main.py:2");
    screen.getByRole("button", { name: "Leave out src/main.py, lines 2" }).focus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(question()).toHaveFocus());
    expect(screen.queryByRole("list", { name: /^Selected lines the/ })).toBeNull();
  });
});
