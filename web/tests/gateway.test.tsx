import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Refusal } from "./fakeApi";
import { emptyApi, expectAccessible, openPage } from "./page";
import {
  sampleCall,
  sampleLocalModel,
  sampleModel,
  sampleProvider,
  sampleWorkspace,
} from "./samples";

const page = (view: string) => `/settings/models?view=${view}`;

describe("the models of a provider", () => {
  it("say what they cost and who says so; what nobody knows is unknown, and can be said", async () => {
    const provider = sampleProvider();
    const models = [
      sampleModel({ providerId: provider.id }),
      sampleModel({
        providerId: provider.id,
        model: "vendor/new",
        configured: false,
        contextTokens: null,
        inputUsdPerMillion: null,
        outputUsdPerMillion: null,
        cachedInputUsdPerMillion: null,
        priceSource: "unknown",
      }),
    ];
    const api = emptyApi()
      .on("get", "/api/providers", () => ({ items: [provider] }))
      .on("get", "/api/models", () => ({ items: models }))
      .on("put", "/api/providers/{id}/models/{model}", () => models[1] ?? sampleModel());
    const { user } = openPage("/settings/models", api);
    await user.click(await screen.findByRole("button", { name: "Models and prices" }));
    const list = await screen.findByRole("list", { name: "Models of OpenAI" });
    const [known, unknown] = within(list).getAllByRole("listitem");
    expect(known).toHaveTextContent("Price $1.25 in, $10.00 out (published, 20 Nov 2026)");
    expect(known).toHaveTextContent("Context 400k");
    expect(unknown).toHaveTextContent("Context unknown");
    expect(unknown).toHaveTextContent("Price unknown");
    await user.click(screen.getByRole("button", { name: "Facts of vendor/new" }));
    await user.type(await screen.findByLabelText("Output"), "2");
    await user.type(screen.getByLabelText("Context"), "much");
    await user.click(screen.getByRole("button", { name: "Save facts" }));
    expect(screen.getByLabelText("Input")).toBeInvalid();
    expect(screen.getByLabelText("Context")).toBeInvalid();
    await waitFor(() => expect(screen.getByLabelText("Input")).toHaveFocus());
    expect(api.sent("put", "/api/providers/{id}/models/{model}")).toEqual([]);
    await user.type(screen.getByLabelText("Input"), "0.5");
    await user.clear(screen.getByLabelText("Context"));
    await user.type(screen.getByLabelText("Context"), "32,768");
    await user.type(screen.getByLabelText("Parameters"), "1.5");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Save facts" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(api.sent("put", "/api/providers/{id}/models/{model}")).toEqual([
      {
        inputUsdPerMillion: "0.5",
        outputUsdPerMillion: "2",
        cachedInputUsdPerMillion: null,
        cacheWriteUsdPerMillion: null,
        contextTokens: 32_768,
        parameters: 1_500_000_000,
      },
    ]);
  });

  it("are said to be unknown, not unfound, where a provider has told of none", async () => {
    const provider = sampleProvider();
    const api = emptyApi()
      .on("get", "/api/providers", () => ({ items: [provider] }))
      .on("get", "/api/models", () => ({ items: [] }));
    const { user } = openPage("/settings/models", api);
    await user.click(await screen.findByRole("button", { name: "Models and prices" }));
    expect(await screen.findByText(/^No model of OpenAI is known yet/)).toBeVisible();
  });
});

describe("the local model", () => {
  it("is fetched by one button, shows how far it is, and can be stopped and resumed", async () => {
    let local = sampleLocalModel();
    const api = emptyApi()
      .on("get", "/api/models/local", () => local)
      .on("post", "/api/models/local/pull", () => {
        local = { ...local, weights: "downloading", receivedBytes: 558_660_368 };
        return local;
      })
      .on("delete", "/api/models/local/pull", () => {
        local = { ...local, weights: "absent" };
        return undefined;
      });
    const { user } = openPage(page("local"), api);
    await user.click(await screen.findByRole("button", { name: "Get the local model (1.1 GB)" }));
    expect(await screen.findByRole("progressbar")).toHaveAttribute("aria-valuenow", "50");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Stop the download" }));
    const resume = await screen.findByRole("button", { name: /^Go on with the download/ });
    expect(resume).toBeEnabled();
  });

  it("builds its program too, and installs nothing unasked", async () => {
    const { build } = sampleLocalModel();
    let local = sampleLocalModel({ helper: "missing", build: { ...build, state: "idle" } });
    const asked: unknown[] = [];
    const api = emptyApi()
      .on("get", "/api/models/local", () => local)
      .on("post", "/api/models/local/pull", ({ query }) => {
        const install = query.get("installPackages") === "true";
        asked.push(install);
        local = install
          ? {
              ...local,
              weights: "ready",
              build: {
                ...build,
                state: "running",
                step: "Compiling llama.cpp",
                percent: 45,
                line: "[ 45%] Building CXX object llama.cpp.o",
              },
            }
          : {
              ...local,
              weights: "downloading",
              build: {
                ...build,
                state: "needsPackages",
                packages: ["cmake", "clang"],
                command: "apt-get install --no-install-recommends cmake clang",
                installable: true,
              },
            };
        return local;
      })
      .on("delete", "/api/models/local/pull", () => {
        local = { ...local, build: { ...build, state: "failed", failure: "it was stopped" } };
        return undefined;
      });
    const { user } = openPage(page("local"), api);
    await user.click(await screen.findByRole("button", { name: "Get the local model (1.1 GB)" }));
    expect(await screen.findByText("cmake, clang")).toBeVisible();
    expect(screen.getByText(/^apt-get install/)).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Install and build" }));
    const bar = await screen.findByRole("progressbar", {
      name: "Its program: Compiling llama.cpp",
    });
    expect(bar).toHaveAttribute("aria-valuenow", "45");
    expect(screen.getByText("[ 45%] Building CXX object llama.cpp.o")).toBeVisible();
    expect(asked).toEqual([false, true]);
    await user.click(screen.getByRole("button", { name: "Stop" }));
    expect(await screen.findByText(/was not built: It was stopped/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Build its program" })).toBeEnabled();
  });

  it("says why its program does not run", async () => {
    const api = emptyApi().on("get", "/api/models/local", () =>
      sampleLocalModel({
        weights: "ready",
        usable: true,
        hint: null,
        helperFailure: "it was ended by signal 9; it is not started again for 4 seconds",
      }),
    );
    openPage(page("local"), api);
    expect(await screen.findByRole("alert")).toHaveTextContent("It was ended by signal 9");
  });

  it("says what to do when its program isn't there", async () => {
    const api = emptyApi().on("get", "/api/models/local", () =>
      sampleLocalModel({
        weights: "ready",
        helper: "missing",
        hint: "The program that runs it is not built. `cargo xtask run --local-model` builds it.",
      }),
    );
    openPage(page("local"), api);
    expect(await screen.findByText("Needs its program")).toBeVisible();
    expect(screen.getByText("cargo xtask run --local-model")).toBeVisible();
  });
});

describe("the defaults", () => {
  it("say what would be asked and why, and keep only what was changed", async () => {
    const model = sampleModel();
    const chosen = {
      providerId: model.providerId,
      provider: model.provider,
      model: model.model,
      local: false,
      fits: true,
      reason: "It is the first of your models that fits.",
      mostUsd: null,
    };
    const api = emptyApi()
      .on("get", "/api/models", () => ({ items: [model] }))
      .on("get", "/api/models/defaults", () => ({ offline: false, tasks: [] }))
      .on("put", "/api/models/defaults", ({ body }) => body)
      .on("post", "/api/models/route", () => ({
        chosen,
        candidates: [chosen],
        offline: false,
        leftUsd: null,
        leftTokens: null,
      }));
    const { user } = openPage(page("tasks"), api);
    const tasks = await screen.findByRole("list", { name: "Tasks" });
    await waitFor(() =>
      expect(tasks).toHaveTextContent(
        "Would use gpt-5.1 of OpenAI. It is the first of your models that fits.",
      ),
    );
    await user.selectOptions(
      screen.getByRole("combobox", { name: "Goes to, for Edit" }),
      "gpt-5.1",
    );
    expect(await screen.findByRole("combobox", { name: "If that fails, for Edit" })).toBeVisible();
    await waitFor(() =>
      expect(api.sent("put", "/api/models/defaults")).toEqual([
        {
          offline: false,
          tasks: [
            {
              task: "edit",
              prefer: "order",
              models: [{ providerId: model.providerId, model: "gpt-5.1" }],
            },
          ],
        },
      ]),
    );
    await expectAccessible();
  });
});

describe("budgets", () => {
  it("are set with a limit, and show what is used of it", async () => {
    const items: object[] = [];
    const api = emptyApi()
      .on("get", "/api/budgets", () => ({ items }) as never)
      .on("post", "/api/budgets", ({ body }) => {
        const spent = { usedUsd: "5", reservedUsd: "1", usedTokens: 0, reservedTokens: 0 };
        const made = { id: "b", subjectId: null, resetsAt: null, createdAt: "", spent, ...body };
        items.push(made);
        return made;
      });
    const { user } = openPage(page("budgets"), api);
    await user.click(await screen.findByRole("button", { name: "Add budget" }));
    await user.click(await screen.findByRole("button", { name: "Save budget" }));
    expect(screen.getByLabelText(/^Money/)).toBeInvalid();
    await user.type(screen.getByLabelText(/^Money/), "20");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Save budget" }));
    const list = await screen.findByRole("list", { name: "Budgets" });
    expect(list).toHaveTextContent("All that you ask, each month");
    expect(list).toHaveTextContent("$5.00 used, $1.00 reserved of $20.00");
    expect(api.sent("post", "/api/budgets")).toEqual([
      { scope: "user", period: "month", limitUsd: "20" },
    ]);
    await expectAccessible();
  });
});

describe("a budget for one conversation", () => {
  it("is chosen by its workspace and title, and goes by that title", async () => {
    const workspace = sampleWorkspace({ name: "Shop" });
    const stamps = { createdAt: "2026-11-21T08:00:00Z", updatedAt: "2026-11-21T08:00:00Z" };
    const talk = { id: "c", workspaceId: workspace.id, title: "Round the prices", ...stamps };
    const items: object[] = [];
    const api = emptyApi()
      .on("get", "/api/workspaces", ({ query }) => ({
        items: query.get("archived") === "true" ? [] : [workspace],
        nextCursor: null,
      }))
      .on("get", "/api/workspaces/{id}/conversations", () => ({ items: [talk], nextCursor: null }))
      .on("get", "/api/conversations/{id}", () => ({ conversation: talk, messages: [], turns: [] }))
      .on("get", "/api/budgets", () => ({ items }) as never)
      .on("post", "/api/budgets", ({ body }) => {
        const made = { id: "b", resetsAt: null, createdAt: "", spent: null, ...body };
        items.push(made);
        return made;
      });
    const { user } = openPage(page("budgets"), api);
    await user.click(await screen.findByRole("button", { name: "Add budget" }));
    await user.selectOptions(await screen.findByLabelText("What for"), "conversation");
    await user.selectOptions(screen.getByLabelText("Which"), "One conversation");
    await user.type(screen.getByLabelText(/^Tokens/), "1");
    await user.click(screen.getByRole("button", { name: "Save budget" }));
    expect(screen.getByLabelText("Workspace")).toBeInvalid();
    expect(screen.getByLabelText("Conversation")).toBeInvalid();
    await user.selectOptions(screen.getByLabelText("Workspace"), "Shop");
    await screen.findByRole("option", { name: "Round the prices" });
    await user.selectOptions(screen.getByLabelText("Conversation"), "Round the prices");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Save budget" }));
    expect(
      await screen.findByText("One conversation: “Round the prices”, each month"),
    ).toBeVisible();
    expect(screen.getByText("1 token")).toBeVisible();
    expect(api.sent("post", "/api/budgets")).toEqual([
      { scope: "conversation", subjectId: "c", period: "month", limitTokens: 1 },
    ]);
  });
});

describe("what a budget is for", () => {
  it("is called by its name also when archived, and gone only when that is known", async () => {
    const archived = sampleWorkspace({ name: "Old shop", archivedAt: "2026-11-01T00:00:00Z" });
    const budget = {
      scope: "workspace" as const,
      period: "day" as const,
      limitUsd: "1",
      limitTokens: null,
      resetsAt: null,
      createdAt: "",
      spent: null,
    };
    let isBroken = true;
    const api = emptyApi()
      .on("get", "/api/workspaces", ({ query }) =>
        isBroken
          ? new Refusal(503, "unavailable", "The server is busy.")
          : { items: query.get("archived") === "true" ? [archived] : [], nextCursor: null },
      )
      .on("get", "/api/budgets", () => ({
        items: [
          { ...budget, id: "a", subjectId: archived.id },
          { ...budget, id: "b", subjectId: "0199a4f2-0000-7000-8000-00000000dead" },
        ],
      }));
    const { user } = openPage(page("budgets"), api);
    const list = await screen.findByRole("list", { name: "Budgets" });
    await waitFor(() => expect(list).toHaveTextContent("One workspace, each day"));
    expect(list).not.toHaveTextContent("gone");
    await user.click(await screen.findByRole("button", { name: "Add budget" }));
    await user.selectOptions(await screen.findByLabelText("What for"), "workspace");
    isBroken = false;
    await user.click(await screen.findByRole("button", { name: "Try again" }));
    expect(await screen.findByText("There is no workspace in use.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(await screen.findByText("The workspace Old shop, each day")).toBeVisible();
    expect(screen.getByText("One workspace that is gone, each day")).toBeVisible();
  });

  it("can be any conversation, however many there are", async () => {
    const workspace = sampleWorkspace({ name: "Shop" });
    const stamps = { createdAt: "2026-11-21T08:00:00Z", updatedAt: "2026-11-21T08:00:00Z" };
    const talk = (id: string) => ({
      id,
      workspaceId: workspace.id,
      title: `Talk ${id}`,
      ...stamps,
    });
    const api = emptyApi()
      .on("get", "/api/workspaces", ({ query }) => ({
        items: query.get("archived") === "true" ? [] : [workspace],
        nextCursor: null,
      }))
      .on("get", "/api/workspaces/{id}/conversations", ({ query }) =>
        query.get("cursor") === "more"
          ? { items: [talk("2")], nextCursor: null }
          : { items: [talk("1")], nextCursor: "more" },
      )
      .on("get", "/api/budgets", () => ({ items: [] }));
    const { user } = openPage(page("budgets"), api);
    await user.click(await screen.findByRole("button", { name: "Add budget" }));
    await user.selectOptions(await screen.findByLabelText("What for"), "conversation");
    await user.selectOptions(screen.getByLabelText("Which"), "One conversation");
    await screen.findByRole("option", { name: "Shop" });
    await user.selectOptions(screen.getByLabelText("Workspace"), "Shop");
    expect(await screen.findByRole("option", { name: "Talk 2" })).toBeInTheDocument();
  });
});

describe("access tokens", () => {
  it("may be bound to models that are there, and say why a list can't be had", async () => {
    const models = [sampleModel(), sampleModel({ model: "gpt-5.1-mini" })];
    let isBroken = true;
    const busy = new Refusal(503, "unavailable", "The server is busy.");
    const api = emptyApi()
      .on("get", "/api/tokens", () => ({ items: [] }))
      .on("get", "/api/workspaces", () => (isBroken ? busy : { items: [], nextCursor: null }))
      .on("get", "/api/models", () => (isBroken ? busy : { items: models }))
      .on("post", "/api/tokens", () => new Refusal(422, "invalid", "It is not made."));
    const { user } = openPage(page("tokens"), api);
    await user.click(await screen.findByRole("button", { name: "Create token" }));
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText("Name"), "Editor");
    expect(await within(dialog).findByRole("alert")).toHaveTextContent("The server is busy.");
    await user.selectOptions(screen.getByLabelText("Models it may ask"), "Only those I choose");
    await waitFor(() => expect(within(dialog).getAllByRole("alert")).toHaveLength(2));
    isBroken = false;
    for (const again of within(dialog).getAllByRole("button", { name: "Try again" })) {
      await user.click(again);
    }
    await within(dialog).findByRole("checkbox", { name: /^auto/ });
    await user.click(within(dialog).getByRole("button", { name: "Create token" }));
    expect(within(dialog).getByText("Choose at least one.")).toBeVisible();
    await user.click(within(dialog).getByRole("checkbox", { name: "gpt-5.1-mini" }));
    await expectAccessible();
    await user.click(within(dialog).getByRole("button", { name: "Create token" }));
    expect(await within(dialog).findByText("It is not made.")).toBeVisible();
    expect(api.sent("post", "/api/tokens")).toEqual([
      { name: "Editor", expiresInDays: 90, models: ["gpt-5.1-mini"] },
    ]);
  });

  it("are shown once, with what a program is told", async () => {
    const token = {
      id: "t",
      name: "Editor",
      ending: "wxyz",
      workspaceId: null,
      models: null,
      createdAt: "2026-11-21T08:00:00Z",
      expiresAt: null,
      lastUsedAt: null,
    };
    const items: (typeof token)[] = [];
    const api = emptyApi()
      .on("get", "/api/tokens", () => ({ items }))
      .on("post", "/api/tokens", () => {
        items.push(token);
        return { token, secret: "atl_token_wxyz" };
      })
      .on("delete", "/api/tokens/{id}", () => {
        items.length = 0;
        return undefined;
      });
    const { user } = openPage(page("tokens"), api);
    await user.click(await screen.findByRole("button", { name: "Create token" }));
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText("Name"), "Editor");
    await user.click(within(dialog).getByRole("button", { name: "Create token" }));
    await user.click(await screen.findByRole("button", { name: "Copy the settings" }));
    expect(await navigator.clipboard.readText()).toMatch(
      /^OPENAI_BASE_URL=http.*\/v1\nOPENAI_API_KEY=atl_token_wxyz$/,
    );
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "I have copied it" }));
    expect(document.body).not.toHaveTextContent("atl_token_wxyz");
    expect(api.sent("post", "/api/tokens")).toEqual([{ name: "Editor", expiresInDays: 90 }]);
    await user.click(screen.getByRole("button", { name: "Revoke Editor" }));
    await user.click(await screen.findByRole("button", { name: "Revoke token" }));
    expect(await screen.findByText("No access token")).toBeVisible();
  });
});

describe("secrets", () => {
  it("go in and never come back", async () => {
    const items: { id: string; name: string; workspaceId: null; createdAt: string }[] = [];
    const api = emptyApi()
      .on("get", "/api/secrets", () => ({ items }))
      .on("post", "/api/secrets", ({ body }) => {
        const made = { id: "s", name: body.name, workspaceId: null, createdAt: "2026-11-21" };
        items.push(made);
        return made;
      });
    const { user } = openPage(page("secrets"), api);
    await user.click(await screen.findByRole("button", { name: "Add secret" }));
    await user.type(await screen.findByLabelText("Name"), "DB");
    await user.type(screen.getByLabelText("Value"), "short");
    await user.click(screen.getByRole("button", { name: "Store" }));
    expect(screen.getByLabelText("Value")).toBeInvalid();
    await user.type(screen.getByLabelText("Value"), "-but-longer");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Store" }));
    expect(await screen.findByRole("list", { name: "Secrets" })).toHaveTextContent("DB");
    expect(document.body).not.toHaveTextContent("short-but-longer");
  });

  it("get another value in their place: nothing is deleted for it", async () => {
    const kept = { id: "s", name: "DB", workspaceId: null, createdAt: "2026-11-01T00:00:00Z" };
    let replacedAt: string | null = null;
    const api = emptyApi()
      .on("get", "/api/secrets", () => ({ items: [{ ...kept, replacedAt }] }))
      .on("put", "/api/secrets/{id}", () => {
        replacedAt = new Date().toISOString();
        return { ...kept, replacedAt };
      });
    const { user } = openPage(page("secrets"), api);
    await user.click(await screen.findByRole("button", { name: "Replace the value of DB" }));
    await user.type(await screen.findByLabelText("Value"), "another value");
    await user.click(screen.getByRole("button", { name: "Replace" }));
    expect(await screen.findByText(/value replaced just now/)).toBeVisible();
    expect(api.sent("put", "/api/secrets/{id}")).toEqual([{ value: "another value" }]);
    expect(api.sent("delete", "/api/secrets/{id}")).toEqual([]);
  });
});

describe("the latest requests", () => {
  it("say what they took, and open to what was sent and what it was made of", async () => {
    const call = sampleCall({ costUsd: null });
    const api = emptyApi()
      .on("get", "/api/calls", () => ({ items: [call], nextCursor: null }))
      .on("get", "/api/model-calls/{id}", () => ({
        id: call.id,
        turnId: null,
        provider: "OpenAI",
        model: "gpt-5.1",
        task: "chat",
        reason: call.reason,
        requestHash: "0".repeat(64),
        request: '{"messages":[{"role":"user","content":"what was asked"}]}',
        sources: [
          { kind: "file", path: "main.py", versionId: null, bytes: 9, reason: "you attached it" },
        ],
        createdAt: call.createdAt,
      }));
    const { user } = openPage(page("requests"), api);
    const list = await screen.findByRole("list", { name: "Latest requests" });
    expect(list).toHaveTextContent("Costunknown");
    expect(list).toHaveTextContent("First token640 ms");
    await expectAccessible();
    await user.click(within(list).getByRole("button", { name: /^What was sent/ }));
    expect(await screen.findByText("what was asked")).toBeVisible();
    await user.click(screen.getByRole("tab", { name: "Made of" }));
    expect(screen.getByRole("list", { name: "What it was made of" })).toHaveTextContent(
      "main.pyYou attached it.9 B",
    );
    await expectAccessible();
  });

  it("say why they can't be listed", async () => {
    const failing = () => new Refusal(500, "internal", "Something failed in the server.");
    openPage(page("requests"), emptyApi().on("get", "/api/calls", failing));
    expect(await screen.findByRole("alert")).toHaveTextContent("Something failed in the server.");
  });
});
