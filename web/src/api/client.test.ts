import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { ApiError, addressOf, call, onSignedOut, stream } from "./client";
import type { FileContent, Workspace } from "./schema";

const ID = "0199a4f2-6f3e-7c11-9d55-4b1f0c2a7e90";

/** A body that comes in these parts. */
function inParts(...parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

/** Answers every request with `response` and returns what was asked. */
function answering(response: () => Response | Promise<Response>) {
  const fetch = vi.fn((_address: string, _init: RequestInit) => Promise.resolve(response()));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`expected an ApiError, got ${error}`);
}

describe("a request", () => {
  it("fills the path, the query and the body, and stays on this site", async () => {
    const fetch = answering(() => Response.json({ id: ID, name: "Shop" }));
    const reply = await call("patch", "/api/workspaces/{id}", {
      path: { id: ID },
      body: { name: "Shop" },
    });
    expectTypeOf(reply).toEqualTypeOf<Workspace>();
    expect(reply.name).toBe("Shop");
    const [address, init] = fetch.mock.calls[0] ?? [];
    expect(address).toBe(`/api/workspaces/${ID}`);
    expect(init).toMatchObject({
      method: "PATCH",
      credentials: "same-origin",
      body: '{"name":"Shop"}',
      headers: { "content-type": "application/json" },
    });
  });

  it("names the version it was made on", async () => {
    const fetch = answering(() => Response.json({}));
    const reply = await call("patch", "/api/files/{id}", {
      path: { id: ID },
      body: { content: "x" },
      ifMatch: "v1",
    });
    expectTypeOf(reply).toEqualTypeOf<FileContent>();
    expect(fetch.mock.calls[0]?.[1].headers).toMatchObject({ "if-match": '"v1"' });
  });

  it("gives nothing for 204", async () => {
    answering(() => new Response(null, { status: 204 }));
    const reply = await call("delete", "/api/files/{id}", { path: { id: ID } });
    expectTypeOf(reply).toEqualTypeOf<undefined>();
    expect(reply).toBeUndefined();
  });

  it("encodes what it puts into the address", () => {
    expect(addressOf("/api/files/{id}", { id: "a/b?c" }, { limit: 5, cursor: undefined })).toBe(
      "/api/files/a%2Fb%3Fc?limit=5",
    );
  });
});

describe("a failure", () => {
  const get = () => call("get", "/api/system", {});

  it("carries the problem document", async () => {
    const problem = {
      type: "/problems/stale_version",
      title: "The file has a newer version.",
      status: 409,
      code: "stale_version",
      detail: "src/a.py",
      requestId: "r1",
      stale: { clean: true, merged: "both" },
    };
    answering(() => Response.json(problem, { status: 409 }));
    const error = await failureOf(get());
    expect(error.code).toBe("stale_version");
    expect(error.problem.stale?.merged).toBe("both");
  });

  it.each(["<html>Bad gateway</html>", '{"error":"no"}', "null", ""])(
    "is understood even when something else answered: %j",
    async (text) => {
      answering(() => new Response(text, { status: 502 }));
      const error = await failureOf(get());
      expect(error).toMatchObject({ status: 502, code: "unexpected_answer" });
    },
  );

  it("is understood when its reason is cut off", async () => {
    const cut = new ReadableStream({
      start: (controller) => controller.error(new TypeError("cut")),
    });
    answering(() => new Response(cut, { status: 503 }));
    expect(await failureOf(get())).toMatchObject({ status: 503 });
  });

  it("says that the server can't be reached", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await failureOf(get())).toMatchObject({ status: 0, code: "unreachable" });
  });

  it("of an aborted request is the abort itself", async () => {
    const controller = new AbortController();
    controller.abort();
    vi.stubGlobal("fetch", () => Promise.reject(controller.signal.reason));
    await expect(call("get", "/api/system", { signal: controller.signal })).rejects.toBe(
      controller.signal.reason,
    );
  });

  it("of a lost session is told, but not that of a wrong link", async () => {
    const listener = vi.fn();
    onSignedOut(listener);
    answering(() => Response.json({ code: "x", title: "x", status: 401 }, { status: 401 }));
    await failureOf(call("post", "/api/session", { body: { token: "used" } }));
    expect(listener).not.toHaveBeenCalled();
    await failureOf(get());
    expect(listener).toHaveBeenCalledOnce();
  });
});

describe("a stream", () => {
  const text = 'id: 1\ndata: {"a":1}\n\n: still here\n\nid: 2\ndata: {"ü":2}\n\n';
  const bytes = new TextEncoder().encode(text);
  const watch = (signal?: AbortSignal) =>
    stream("get", "/api/turns/{id}/events", {
      path: { id: ID },
      ...(signal ? { signal } : {}),
    });
  const cuts = Array.from({ length: bytes.length - 1 }, (_, at) => at + 1);

  it("reads the same wherever the network cuts it", async () => {
    for (const cut of cuts) {
      answering(() => new Response(inParts(bytes.slice(0, cut), bytes.slice(cut))));
      const events = [];
      for await (const event of watch()) events.push(event);
      expect(events).toEqual([
        { id: "1", data: '{"a":1}' },
        { id: "2", data: '{"ü":2}' },
      ]);
    }
  });

  it("stops fetching when nobody reads on", async () => {
    const cancelled = vi.fn();
    answering(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(bytes),
            cancel: cancelled,
          }),
        ),
    );
    for await (const _ of watch()) break;
    expect(cancelled).toHaveBeenCalledOnce();
  });

  it("is refused with the server's problem", async () => {
    answering(() => Response.json({ code: "not_found", title: "x", status: 404 }, { status: 404 }));
    expect(await failureOf(watch().next())).toMatchObject({ code: "not_found" });
  });
});
