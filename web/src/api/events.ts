/**
 * The one place where live events come in: the streams of turns and runs, and
 * the workspace's socket.
 *
 * Every event carries its number in its stream. After a cut the stream is taken
 * up again after the last number seen, so nothing is lost and nothing is shown
 * twice, however often the connection goes.
 */
import { ApiError, addressOf, type StreamEvent, stream, unreachable } from "./client";
import type { Chat, RunEvent, TurnEvent, WorkspaceEvent } from "./schema";

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;
/** The wire is camelCase throughout, also where the contract's variants don't say so. */
type OnWire<E> = E extends unknown ? { [K in keyof E as CamelCase<K & string>]: E[K] } : never;

/** An event with its place in its stream. */
export type Numbered<E> = E & { readonly seq: number; readonly at: string };
export type LiveTurnEvent = Numbered<OnWire<TurnEvent>>;
export type LiveRunEvent = Numbered<OnWire<RunEvent>>;
export type LiveWorkspaceEvent = Numbered<OnWire<WorkspaceEvent>>;

/** How the connection stands. */
export type LinkState = "connecting" | "live" | "waiting";

export interface Listener<E> {
  onEvent(event: E): void;
  onLink?(link: LinkState): void;
}

/** Something that is being followed. */
export interface Following {
  /** Settles after the last event or `stop`; rejects with `ApiError` when refused. */
  readonly done: Promise<void>;
  stop(): void;
}

/** Waits; settles early when aborted. Tests put their own in its place. */
export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 10_000;

/** Starts a turn and follows it to its end. */
export function startTurn(
  chat: Chat,
  listener: Listener<LiveTurnEvent>,
  pause: Pause = wait,
): Following {
  let turnId: string | undefined;
  const source: Source<LiveTurnEvent> = {
    open: (after, signal) =>
      turnId === undefined
        ? stream("post", "/api/ai/chat", { body: chat, signal })
        : openTurn(turnId, after, signal),
    isLast: isTurnOver,
    // Until the turn has a name a cut can't be resumed, and asking again might
    // start it twice.
    canResume: () => turnId !== undefined,
  };
  const onEvent = (event: LiveTurnEvent) => {
    if (event.type === "started") turnId = event.turnId;
    listener.onEvent(event);
  };
  return follow(source, { ...listener, onEvent }, 0, pause);
}

/** Follows a turn from after the event numbered `after`. */
export function followTurn(
  turnId: string,
  after: number,
  listener: Listener<LiveTurnEvent>,
  pause: Pause = wait,
): Following {
  const open = (from: number, signal: AbortSignal) => openTurn(turnId, from, signal);
  return follow({ open, isLast: isTurnOver, canResume: () => true }, listener, after, pause);
}

/** Follows a run's output from after the event numbered `after`. */
export function followRun(
  runId: string,
  after: number,
  listener: Listener<LiveRunEvent>,
  pause: Pause = wait,
): Following {
  const source: Source<LiveRunEvent> = {
    open: (from, signal) =>
      stream("get", "/api/execute/{id}/events", {
        path: { id: runId },
        query: { after: from },
        signal,
      }),
    isLast: (event) => event.type === "finished",
    canResume: () => true,
  };
  return follow(source, listener, after, pause);
}

/** What listens to a workspace. */
export interface WorkspaceListener extends Listener<LiveWorkspaceEvent> {
  /** Events may have been missed and can't be had again: ask for everything anew. */
  onGap?(): void;
}

type SocketClass = new (address: string) => WebSocket;

/** Follows what happens in a workspace until it is stopped. */
export function watchWorkspace(
  workspaceId: string,
  listener: WorkspaceListener,
  pause: Pause = wait,
  Socket: SocketClass = globalThis.WebSocket,
): Following {
  const controller = new AbortController();
  const { signal } = controller;
  const run = async () => {
    let last: number | undefined;
    for (let failures = 0, attempt = 0; !signal.aborted; attempt += 1) {
      listener.onLink?.("connecting");
      if (attempt > 0 && last === undefined) listener.onGap?.();
      const socket = new Socket(socketAddress(workspaceId, last));
      await untilClosed(socket, signal, {
        onOpen: () => {
          failures = 0;
          listener.onLink?.("live");
        },
        onMessage: (data) => {
          const event = parseEvent<LiveWorkspaceEvent>(data);
          if (!event || (last !== undefined && event.seq <= last)) return;
          last = event.seq;
          listener.onEvent(event);
        },
      });
      if (signal.aborted) return;
      listener.onLink?.("waiting");
      await pause(pauseAfter(failures), signal);
      failures += 1;
    }
  };
  return { done: run(), stop: () => controller.abort() };
}

/** How long to wait after a number of failures in a row, in milliseconds. */
export function pauseAfter(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_PAUSE, 500 * 2 ** failures);
  // Half of it is chance, so that many pages don't come back in step.
  return Math.round(longest / 2 + (longest / 2) * random());
}

interface Source<E> {
  open(after: number, signal: AbortSignal): AsyncGenerator<StreamEvent, void>;
  isLast(event: E): boolean;
  canResume(): boolean;
}

function follow<E extends { readonly seq: number }>(
  source: Source<E>,
  listener: Listener<E>,
  after: number,
  pause: Pause,
): Following {
  const controller = new AbortController();
  const { signal } = controller;
  let last = after;
  let failures = 0;
  /** Reads one connection to its end; true when the stream itself is over. */
  const readOnce = async (): Promise<boolean> => {
    const events = source.open(last, signal);
    for (let isFirst = true; ; ) {
      const next = await nextOf(events, signal, source);
      if (next === undefined) return false;
      const event = parseEvent<E>(next.data);
      if (!event || event.seq <= last) continue;
      if (isFirst) listener.onLink?.("live");
      isFirst = false;
      failures = 0;
      last = event.seq;
      listener.onEvent(event);
      if (source.isLast(event)) {
        await events.return();
        return true;
      }
    }
  };
  const run = async () => {
    while (!signal.aborted) {
      listener.onLink?.("connecting");
      if ((await readOnce()) || signal.aborted) return;
      if (!source.canResume()) throw unreachable();
      listener.onLink?.("waiting");
      await pause(pauseAfter(failures), signal);
      failures += 1;
    }
  };
  return { done: run(), stop: () => controller.abort() };
}

/** The next event; nothing at the end and after a cut that can be mended. */
async function nextOf<E>(
  events: AsyncGenerator<StreamEvent, void>,
  signal: AbortSignal,
  source: Source<E>,
): Promise<StreamEvent | undefined> {
  try {
    const next = await events.next();
    return next.done ? undefined : next.value;
  } catch (error) {
    if (signal.aborted) return undefined;
    const isRefused =
      error instanceof ApiError &&
      error.status >= 400 &&
      error.status < 500 &&
      error.status !== 429;
    if (isRefused || !source.canResume()) throw error;
    return undefined;
  }
}

function openTurn(turnId: string, after: number, signal: AbortSignal) {
  return stream("get", "/api/turns/{id}/events", {
    path: { id: turnId },
    query: { after },
    signal,
  });
}

function isTurnOver(event: LiveTurnEvent): boolean {
  return event.type === "finished";
}

/** Reads an event; nothing for what isn't one. Unknown types pass: they are only ever added. */
function parseEvent<E extends { readonly seq: number }>(data: string): E | undefined {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== "object" || value === null) return undefined;
    const { seq, type } = value as { seq?: unknown; type?: unknown };
    return Number.isSafeInteger(seq) && typeof type === "string" ? (value as E) : undefined;
  } catch {
    return undefined;
  }
}

function socketAddress(workspaceId: string, after: number | undefined): string {
  const path = addressOf("/api/workspaces/{id}/events", { id: workspaceId }, { after });
  const address = new URL(path, globalThis.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

function untilClosed(
  socket: WebSocket,
  signal: AbortSignal,
  handlers: { onOpen(): void; onMessage(data: string): void },
): Promise<void> {
  return new Promise((resolve) => {
    const close = () => socket.close();
    signal.addEventListener("abort", close, { once: true });
    socket.addEventListener("open", () => handlers.onOpen());
    socket.addEventListener("message", (message: MessageEvent) => {
      if (typeof message.data === "string" && !signal.aborted) handlers.onMessage(message.data);
    });
    socket.addEventListener("close", () => {
      signal.removeEventListener("abort", close);
      resolve();
    });
  });
}

/** Waits, or less when the device comes back online meanwhile. */
export function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    globalThis.addEventListener?.("online", end);
    signal.addEventListener("abort", end);
  });
}
