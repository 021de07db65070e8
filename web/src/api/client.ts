import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Problem, paths } from "./schema";

/**
 * The one place that fetches. Everything else asks by the method and path of
 * the contract and gets its types from `schema.ts`.
 */

/** A request that failed, with what the server said about it. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }

  get status(): number {
    return this.problem.status;
  }

  /** The stable name; see the table of error codes. */
  get code(): string {
    return this.problem.code;
  }
}

type Method = "get" | "post" | "put" | "patch" | "delete";
type Fits<P extends keyof paths, M extends Method> = paths[P] extends Record<M, object> ? P : never;
/** The paths that answer to a method. */
export type PathOf<M extends Method> = { [P in keyof paths]: Fits<P, M> }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = M extends keyof paths[P]
  ? paths[P][M]
  : never;

type JsonOf<R> = R extends { content: { "application/json": infer T } } ? T : never;
type Responses<O> = O extends { responses: infer R } ? R : never;
/** What an operation answers with when it succeeds. */
export type ReplyOf<P extends keyof paths, M extends Method> =
  Responses<Operation<P, M>> extends infer R
    ? 204 extends keyof R
      ? undefined
      : JsonOf<R[Extract<keyof R, 200 | 201 | 202>]>
    : never;
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer B } } }
  ? B
  : never;
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? Exclude<Q, undefined> : never;
type PathParametersOf<O> = O extends { parameters: { path: infer Q } } ? Q : never;

type Needed<Key extends string, T> = [T] extends [never] ? unknown : { [K in Key]: T };
type Optional<Key extends string, T> = [T] extends [never] ? unknown : { [K in Key]?: T };

interface CommonOptions {
  signal?: AbortSignal;
  /** The version that was edited; refused with 409 when another stands. */
  ifMatch?: string;
}

/** What a request needs besides its method and path. */
export type OptionsOf<P extends keyof paths, M extends Method> = CommonOptions &
  Needed<"path", PathParametersOf<Operation<P, M>>> &
  Optional<"query", QueryOf<Operation<P, M>>> &
  Needed<"body", BodyOf<Operation<P, M>>>;

interface LooseOptions extends CommonOptions {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** Sends a request and returns the JSON of its answer. Throws `ApiError`. */
export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  options: OptionsOf<P, M>,
): Promise<ReplyOf<P, M>> {
  const response = await send(method, path, options as LooseOptions, "application/json");
  if (response.status === 204) return undefined as ReplyOf<P, M>;
  return (await response.json()) as ReplyOf<P, M>;
}

/** One server-sent event. */
export interface StreamEvent {
  id: string | undefined;
  data: string;
}

/**
 * Sends a request and yields the events of its answer. Throws `ApiError` when
 * it is refused; ends when the stream ends. Aborting `signal` ends it at once.
 */
export async function* stream<M extends "get" | "post", P extends PathOf<M>>(
  method: M,
  path: P,
  options: OptionsOf<P, M>,
): AsyncGenerator<StreamEvent, void> {
  const response = await send(method, path, options as LooseOptions, "text/event-stream");
  if (!response.body) return;
  const events = response.body
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield { id: value.id, data: value.data };
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Builds the address of a request. */
export function addressOf(
  path: string,
  parameters: Record<string, string> = {},
  query: Record<string, unknown> = {},
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? ""),
  );
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) search.set(key, String(value));
  }
  return search.size > 0 ? `${filled}?${search}` : filled;
}

let signedOut: () => void = () => undefined;

/** Says what happens when the server answers that nobody is signed in. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** Turns an answer that isn't a success into an error, and tells of a lost session. */
export function errorOf(status: number, text: string, isSignIn = false): ApiError {
  const error = new ApiError(problemOf(status, text));
  if (status === 401 && !isSignIn) signedOut();
  return error;
}

/** The error for a server that did not answer. */
export function unreachable(): ApiError {
  return new ApiError({
    type: "/problems/unreachable",
    title: "The server can't be reached.",
    status: 0,
    code: "unreachable",
    detail: "There was no answer.",
    hint: "Check that Atelier is running and that this device is online, then try again.",
    requestId: "",
  });
}

async function send(
  method: string,
  path: string,
  options: LooseOptions,
  accept: string,
): Promise<Response> {
  const headers: Record<string, string> = { accept: `${accept}, application/problem+json` };
  if (options.ifMatch) headers["if-match"] = `"${options.ifMatch}"`;
  if (options.body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(addressOf(path, options.path, options.query), {
      method: method.toUpperCase(),
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      credentials: "same-origin",
      signal: options.signal,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  const isSignIn = path === "/api/session" && method === "post";
  // The status says enough when the connection is cut in the middle of the reason.
  const text = await response.text().catch(() => "");
  throw errorOf(response.status, text, isSignIn);
}

/** Reads a problem document; anything else, such as a proxy's page, becomes one. */
function problemOf(status: number, text: string): Problem {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isProblem(parsed)) return parsed;
  } catch {
    // Not JSON: the server itself always answers with a problem document.
  }
  return {
    type: "about:blank",
    title: "The server gave an answer that isn't understood.",
    status,
    code: "unexpected_answer",
    detail: `It answered with status ${status}.`,
    hint: "Something between this browser and Atelier may have answered in its place.",
    requestId: "",
  };
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { code, title, status } = value as Partial<Problem>;
  return typeof code === "string" && typeof title === "string" && typeof status === "number";
}
