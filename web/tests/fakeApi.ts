import type { PathOf, ReplyOf } from "@/api/client";
import type { Problem, paths } from "@/api/schema";

/**
 * A small server of the contract, in memory. Tests put it in the place of
 * `fetch`; what a handler takes and gives is checked against `schema.ts`.
 */

type Method = "get" | "post" | "put" | "patch" | "delete";

/** What a handler is told about the request. */
export interface Asked {
  path: Record<string, string>;
  query: URLSearchParams;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a body is what the test sent; its handler knows which
  body: any;
}

/** A refusal, as the server words it. */
export class Refusal {
  readonly problem: Problem;

  constructor(status: number, code: string, title: string, more: Partial<Problem> = {}) {
    this.problem = {
      type: `/problems/${code}`,
      code,
      title,
      status,
      detail: "",
      requestId: "0199a4f2-0000-7000-8000-000000000000",
      ...more,
    };
  }
}

/** An answer as server-sent events. */
export class Events {
  constructor(readonly events: (object | Promise<unknown>)[]) {}
}

type Answer<T> = T | Refusal | Events;
type Handler<T> = (asked: Asked) => Answer<T> | Promise<Answer<T>>;

interface Route {
  method: string;
  pattern: RegExp;
  names: string[];
  handle: Handler<unknown>;
}

/** A request that was answered. */
export interface Call {
  method: string;
  path: string;
  body: unknown;
}

export class FakeApi {
  /** Everything that was asked, in order. */
  readonly calls: Call[] = [];
  private readonly routes: Route[] = [];

  /** Answers an operation; a later answer takes the place of an earlier one. */
  on<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    handle: Handler<ReplyOf<P, M>>,
  ): this {
    const names = [...String(path).matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    const pattern = new RegExp(`^${String(path).replace(/\{\w+\}/g, "([^/]+)")}$`);
    this.routes.unshift({ method: method.toUpperCase(), pattern, names, handle });
    return this;
  }

  /** The bodies that were sent to an operation. */
  sent(method: Method, path: keyof paths): unknown[] {
    const pattern = new RegExp(`^${String(path).replace(/\{\w+\}/g, "[^/]+")}$`);
    return this.calls
      .filter((call) => call.method === method.toUpperCase() && pattern.test(call.path))
      .map((call) => call.body);
  }

  /** Takes the place of `fetch`. */
  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input), "http://atelier.test");
    const method = (init.method ?? "GET").toUpperCase();
    const body = typeof init.body === "string" ? JSON.parse(init.body) : init.body;
    this.calls.push({ method, path: url.pathname, body });
    for (const route of this.routes) {
      const match = route.method === method ? route.pattern.exec(url.pathname) : null;
      if (!match) continue;
      const path = Object.fromEntries(route.names.map((name, at) => [name, match[at + 1] ?? ""]));
      const headers = new Headers(init.headers);
      return respond(
        await route.handle({ path, query: url.searchParams, headers, body }),
        init.signal,
      );
    }
    return respond(new Refusal(404, "not_found", "There is no such thing here."), init.signal);
  };
}

function respond(answer: unknown, signal?: AbortSignal | null): Response {
  if (answer instanceof Refusal) {
    return Response.json(answer.problem, {
      status: answer.problem.status,
      headers: { "content-type": "application/problem+json" },
    });
  }
  if (answer instanceof Events) {
    return new Response(streamOf(answer, signal), {
      headers: { "content-type": "text/event-stream" },
    });
  }
  return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer);
}

/** Sends each event in turn; a promise among them is a pause. */
function streamOf({ events }: Events, signal?: AbortSignal | null): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async start(controller) {
      signal?.addEventListener("abort", () => controller.error(signal.reason));
      for (const event of events) {
        if (event instanceof Promise) await event;
        else if (!signal?.aborted) {
          controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
        }
      }
      if (!signal?.aborted) controller.close();
    },
  });
}
