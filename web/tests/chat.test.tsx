import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ConversationDetail, Turn } from "@/api/schema";
import { layoutStore } from "@/features/workspace/layoutStore";
import { Events, type FakeApi, Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";
import { numbered, projectApi, sampleFile } from "./parts";
import { sampleId, sampleModel } from "./samples";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

beforeEach(() => layoutStore.setState(layoutStore.getInitialState()));

const usage = {
  inputTokens: 1200,
  cachedInputTokens: 200,
  outputTokens: 30,
  costUsd: "0.0031",
  measured: true,
};
const answer = `Sure.

main.py
\`\`\`
<<<<<<< SEARCH
a
=======
b
>>>>>>> REPLACE
\`\`\`

See [here](https://example.org), [not here](javascript:alert(1)) <b>bold</b> ![pixel](https://example.org/p.png)`;

/** A server that answers with these events, in one conversation. */
function apiWith(events: object[]) {
  const { api, workspaceId } = projectApi([sampleFile("main.py"), sampleFile("lib/two.py")]);
  const conversationId = sampleId();
  const turnId = sampleId();
  const started = { type: "started", turnId, conversationId, model: "gpt" };
  const turn: Turn = {
    id: turnId,
    workspaceId,
    conversationId,
    state: "running",
    model: "gpt",
    error: null,
    usage: { ...usage, inputTokens: 0, outputTokens: 0 },
    proposalIds: [],
    modelCallIds: [],
    calls: [],
    attached: [],
    selections: [],
    withheld: [],
    createdAt: "2026-11-21T08:00:00Z",
    finishedAt: null,
  };
  const detail: ConversationDetail = {
    conversation: {
      id: conversationId,
      workspaceId,
      title: "A question",
      activeModel: "gpt",
      createdAt: turn.createdAt,
      updatedAt: turn.createdAt,
    },
    messages: [
      {
        id: sampleId(),
        turnId,
        role: "user",
        content: "change it",
        createdAt: turn.createdAt,
      },
    ],
    turns: [turn],
  };
  // What a test says of the beginning is added to it.
  const [first, ...rest] = events;
  const isBegun = first !== undefined && "type" in first && first.type === "started";
  const whole = isBegun ? [{ ...started, ...first }, ...rest] : [started, ...events];
  const stream = () => new Events(numbered(whole));
  api
    .on("post", "/api/ai/chat", stream as never)
    .on("get", "/api/turns/{id}/events", stream as never)
    .on("get", "/api/conversations/{id}", () => detail);
  return { api, workspaceId, conversationId, turnId };
}

const secret = (name: string, workspaceId: string | null = null) => ({
  id: sampleId(),
  name,
  workspaceId,
  createdAt: "2026-11-21T08:00:00Z",
});

async function ask(user: { type: (box: Element, text: string) => Promise<void> }, text: string) {
  await user.type(await screen.findByRole("textbox", { name: "Your question" }), `${text}{Enter}`);
}

const open = (workspaceId: string, api: FakeApi, search = "") =>
  openPage(`/w/${workspaceId}${search}`, api);

describe("the chat", () => {
  it("leads to the settings when there is no model", async () => {
    const { api, workspaceId } = projectApi();
    api.on("get", "/api/providers", () => ({ items: [] }));
    api.on("get", "/api/models", () => ({ items: [] }));
    open(workspaceId, api);
    const link = await screen.findByRole("link", { name: "Set up a model" });
    expect(link).toHaveAttribute("href", "/settings/models");
    await expectAccessible();
  });

  it("is there for who has no model but the one on this machine", async () => {
    const { api, workspaceId } = projectApi();
    const local = sampleModel({ provider: "This machine", model: "qwen", local: true });
    api.on("get", "/api/providers", () => ({ items: [] }));
    api.on("get", "/api/models", () => ({ items: [local] }));
    open(workspaceId, api);
    const choice = await screen.findByRole("combobox", { name: "Model" });
    const own = await within(choice).findByRole("option", { name: "This machine · qwen" });
    expect(own).toHaveValue(local.providerId);
    expect(screen.queryByRole("link", { name: "Set up a model" })).not.toBeInTheDocument();
  });

  it("streams an answer: prose, edits as cards, the proposal, what it cost", async () => {
    const proposalId = sampleId();
    const { api, workspaceId, conversationId } = apiWith([
      {
        type: "context",
        modelCallId: sampleId(),
        bytes: 2048,
        files: [{ path: "main.py", bytes: 9 }],
      },
      { type: "text", text: answer },
      { type: "proposal", proposalId, files: 1, added: 1, removed: 1 },
      { type: "usage", usage },
      { type: "finished", state: "done" },
    ]);
    const { user, router } = open(workspaceId, api);
    await ask(user, "change it");
    const proposal = await screen.findByRole("article", { name: "Proposal" });
    expect(proposal).toHaveTextContent("Nothing is written yet.");
    expect(await screen.findByText("change it")).toBeVisible();
    expect(screen.getByText(/2.0 KiB, 1 file/)).toBeVisible();
    expect(screen.getByText(/1,200 tokens in \(200 cached\), 30 out · \$0.0031/)).toBeVisible();
    expect(screen.getByRole("button", { name: /Edit to main.py/ })).toBeVisible();
    expect(screen.queryByText(/SEARCH/)).toBeNull();
    expect(router.state.location.search).toMatchObject({ conversation: conversationId });
    await expectAccessible();
    await user.click(within(proposal).getByRole("button", { name: "Review" }));
    expect(router.state.location.search).toMatchObject({ proposal: proposalId, panel: "review" });
  });

  it("treats what a model writes as a stranger's: no HTML, no script, no picture", async () => {
    const { api, workspaceId } = apiWith([
      { type: "text", text: answer },
      { type: "finished", state: "done" },
    ]);
    const { user, container } = open(workspaceId, api);
    await ask(user, "change it");
    const link = await screen.findByRole("link", { name: /^here/ });
    expect(link).toHaveAttribute("rel", "noopener noreferrer nofollow");
    expect(screen.getByText("not here").closest("a")).toBeNull();
    expect(container.querySelector("img, b")).toBeNull();
    expect(screen.getByText(/pixel \(not loaded\)/)).toBeVisible();
  });

  it("sends the attached files and the chosen model", async () => {
    const { api, workspaceId } = apiWith([{ type: "finished", state: "done" }]);
    const { user } = open(workspaceId, api);
    await user.click(await screen.findByRole("button", { name: "Add file" }));
    await user.type(await screen.findByRole("combobox"), "two");
    await user.click(await screen.findByRole("option", { name: "lib/two.py" }));
    const models = screen.getByRole("combobox", { name: "Model" });
    await user.selectOptions(models, screen.getByRole("option", { name: /gpt/ }));
    await ask(user, "and this");
    await waitFor(() => expect(api.sent("post", "/api/ai/chat")).toHaveLength(1));
    expect(api.sent("post", "/api/ai/chat")[0]).toMatchObject({
      workspaceId,
      message: "and this",
      files: ["lib/two.py"],
      providerId: expect.any(String),
    });
  });

  it("lets a secret go along with one question, by keyboard alone", async () => {
    const { api, workspaceId } = apiWith([{ type: "finished", state: "done" }]);
    const mine = secret("MINE");
    const ours = secret("OURS", workspaceId);
    api.on("get", "/api/secrets", () => ({ items: [mine, ours] }));
    const { user } = open(workspaceId, api);
    (await screen.findByRole("button", { name: "Attach secret" })).focus();
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("option", { name: /OURS.*this workspace/ })).toBeVisible();
    await expectAccessible();
    await user.keyboard("mi{Enter}");
    const chips = await screen.findByRole("list", { name: /may see this once/ });
    await waitFor(() => expect(chips).toHaveTextContent("MINE"));
    // Taken away again, the focus stays near; and attached anew.
    screen.getByRole("button", { name: "Keep MINE in" }).focus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(chips).not.toHaveTextContent("MINE"));
    expect(screen.getByRole("button", { name: "Attach secret" })).toHaveFocus();
    await user.keyboard("{Enter}");
    await screen.findByRole("option", { name: /MINE/ });
    await user.keyboard("mi{Enter}");
    await waitFor(() => expect(chips).toHaveTextContent("MINE"));
    await expectAccessible();

    await ask(user, "log in");
    await waitFor(() => expect(api.sent("post", "/api/ai/chat")).toHaveLength(1));
    expect(api.sent("post", "/api/ai/chat")[0]).toMatchObject({ attach: [mine.id] });
    await waitFor(() => expect(screen.queryByRole("button", { name: "Keep MINE in" })).toBeNull());
    await screen.findByText("Done");
    await ask(user, "and again");
    await waitFor(() => expect(api.sent("post", "/api/ai/chat")).toHaveLength(2));
    expect(api.sent("post", "/api/ai/chat")[1]).not.toHaveProperty("attach");
  });

  it("puts the secrets of a question that was refused back too", async () => {
    const { api, workspaceId } = apiWith([]);
    const mine = secret("MINE");
    api
      .on("get", "/api/secrets", () => ({ items: [mine] }))
      .on("post", "/api/ai/chat", (() => new Refusal(429, "too_many", "Too many.")) as never);
    const { user } = open(workspaceId, api);
    await user.click(await screen.findByRole("button", { name: "Attach secret" }));
    await user.click(await screen.findByRole("option", { name: /MINE/ }));
    await ask(user, "log in");
    expect(await screen.findByRole("alert")).toHaveTextContent("Too many.");
    expect(await screen.findByRole("button", { name: "Keep MINE in" })).toBeVisible();
  });

  it("offers to attach the secret that a question was refused for", async () => {
    const { api, workspaceId } = apiWith([
      { type: "withheld", names: ["MINE", "TOKEN"] },
      {
        type: "finished",
        state: "failed",
        code: "secret_found",
        detail: "the request holds secrets that may not leave: MINE, TOKEN",
      },
    ]);
    const mine = secret("MINE");
    api.on("get", "/api/secrets", () => ({ items: [mine] }));
    const { user, router } = open(workspaceId, api);
    await ask(user, "change it");
    const attach = await screen.findByRole("button", { name: "Attach MINE and ask again" });
    expect(screen.getByRole("alert")).toHaveTextContent(/to let TOKEN leave, store its value/);
    expect(screen.queryByRole("note", { name: "Kept out" })).toBeNull();
    await expectAccessible();
    await user.click(attach);
    await waitFor(() => expect(api.sent("post", "/api/ai/chat")).toHaveLength(2));
    expect(api.sent("post", "/api/ai/chat")[1]).toMatchObject({
      message: "change it",
      attach: [mine.id],
    });
    const [store] = await screen.findAllByRole("button", { name: "Secrets of this workspace" });
    if (store) await user.click(store);
    expect(router.state.location.search).toMatchObject({ settings: "requests" });
  });

  it("shows which secrets went along with a question, and which were kept out", async () => {
    const { api, workspaceId } = apiWith([
      { type: "started", attached: ["MINE"] },
      { type: "withheld", names: ["OURS"] },
      { type: "finished", state: "done" },
    ]);
    api.on("get", "/api/secrets", () => ({ items: [secret("OURS")] }));
    const { user } = open(workspaceId, api);
    await ask(user, "log in");
    const note = await screen.findByRole("note", { name: "Kept out" });
    expect(note).toHaveTextContent(/OURS\. The model got \[secret NAME\]/);
    expect(
      await within(note).findByRole("button", { name: "Attach OURS and ask again" }),
    ).toBeVisible();
    const list = screen.getByRole("list", { name: "Secrets attached to this question" });
    expect(list).toHaveTextContent("MINE");
    await expectAccessible();
  });

  it("takes a running turn up from its events after a reload, and stops it", async () => {
    const never = new Promise(() => undefined);
    const { api, workspaceId, conversationId, turnId } = apiWith([
      { type: "text", text: "half an ans" },
    ]);
    api
      .on(
        "get",
        "/api/turns/{id}/events",
        (({ path }: { path: { id: string } }) =>
          new Events([
            ...numbered([
              { type: "started", turnId: path.id, conversationId, model: "gpt" },
              { type: "text", text: "half an ans" },
            ]),
            never,
          ])) as never,
      )
      .on("post", "/api/turns/{id}/cancel", (() => ({})) as never);
    const { user } = open(workspaceId, api, `?conversation=${conversationId}`);
    expect(await screen.findByText("half an ans")).toBeVisible();
    expect(screen.getByText("Answering")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Stop" }));
    await waitFor(() =>
      expect(api.calls.some(({ path }) => path === `/api/turns/${turnId}/cancel`)).toBe(true),
    );
  });

  it("says why an answer is not whole", async () => {
    const { api, workspaceId } = apiWith([
      {
        type: "finished",
        state: "done",
        code: "filtered",
        detail: "The provider's content filter withheld the answer or a part of it.",
      },
    ]);
    const { user } = open(workspaceId, api);
    await ask(user, "tell me");
    expect(await screen.findByText(/content filter withheld/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Ask again" })).toBeVisible();
  });

  it("says why a turn failed and asks again", async () => {
    const { api, workspaceId } = apiWith([
      { type: "editFailed", code: "no_match", detail: "The lines are not there.", path: "main.py" },
      {
        type: "finished",
        state: "failed",
        code: "model_failed",
        detail: "The key was refused.",
        hint: "Check the key.",
      },
    ]);
    const { user } = open(workspaceId, api);
    await ask(user, "change it");
    const alert = await screen.findByText("The key was refused.");
    expect(alert).toBeVisible();
    expect(screen.getByText("Check the key.")).toBeVisible();
    expect(screen.getByText("The edit to main.py can't be used")).toBeVisible();
    expect(screen.getByRole("link", { name: "Model settings" })).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Ask again" }));
    await waitFor(() => expect(api.sent("post", "/api/ai/chat")).toHaveLength(2));
  });

  it("puts a question that was refused back into the box", async () => {
    const { api, workspaceId } = apiWith([]);
    api.on(
      "post",
      "/api/ai/chat",
      (() =>
        new Refusal(409, "turn_running", "The conversation has a turn running already.")) as never,
    );
    const { user } = open(workspaceId, api);
    await ask(user, "once more");
    expect(await screen.findByRole("alert")).toHaveTextContent("has a turn running already");
    expect(screen.getByRole("textbox", { name: "Your question" })).toHaveValue("once more");
  });

  it("shows what was sent, byte for byte", async () => {
    const modelCallId = sampleId();
    const request = '{"messages":[{"role":"user","content":"the whole question"}]}';
    const { api, workspaceId } = apiWith([
      { type: "context", modelCallId, bytes: 60, files: [] },
      { type: "finished", state: "done" },
    ]);
    api.on("get", "/api/model-calls/{id}", () => ({
      id: modelCallId,
      turnId: null,
      provider: "Model",
      model: "gpt",
      task: "chat",
      reason: "You chose it.",
      sources: [],
      requestHash: "a".repeat(64),
      request,
      createdAt: "2026-11-21T08:00:00Z",
    }));
    const { user } = open(workspaceId, api);
    await ask(user, "change it");
    await user.click(await screen.findByRole("button", { name: "What was sent" }));
    expect(await screen.findByText("the whole question")).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole("tab", { name: "Body, byte for byte" }));
    expect(screen.getByText(request)).toBeVisible();
  });

  it("lists, renames and archives conversations", async () => {
    const { api, workspaceId, conversationId } = apiWith([{ type: "finished", state: "done" }]);
    const conversation = {
      id: conversationId,
      workspaceId,
      title: "A question",
      createdAt: "2026-11-21T08:00:00Z",
      updatedAt: "2026-11-21T08:00:00Z",
    };
    api
      .on("get", "/api/workspaces/{id}/conversations", () => ({
        items: [conversation],
        nextCursor: null,
      }))
      .on("patch", "/api/conversations/{id}", ({ body }) => ({ ...conversation, ...body }))
      .on("delete", "/api/conversations/{id}", () => undefined);
    const { user, router } = open(workspaceId, api);
    await user.click(await screen.findByRole("button", { name: /New conversation.*all/ }));
    await user.click(await screen.findByRole("button", { name: /A question/ }));
    await user.click(await screen.findByRole("button", { name: "Conversation actions" }));
    await user.click(await screen.findByRole("menuitem", { name: "Rename…" }));
    const box = await screen.findByRole("textbox", { name: "Title" });
    await user.clear(box);
    await user.type(box, "Another{Enter}");
    await waitFor(() =>
      expect(api.sent("patch", "/api/conversations/{id}")).toEqual([{ title: "Another" }]),
    );
    await user.click(await screen.findByRole("button", { name: "Conversation actions" }));
    await user.click(await screen.findByRole("menuitem", { name: "Archive…" }));
    await user.click(await screen.findByRole("button", { name: "Archive" }));
    await screen.findByText("The conversation was archived");
    expect(router.state.location.search).not.toHaveProperty("conversation");
  });
});
