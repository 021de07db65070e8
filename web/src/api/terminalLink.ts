/**
 * The connection of one terminal: taken up again after a cut at the byte where
 * it was lost, and let go for a while when more comes than can be drawn.
 */
import { addressOf } from "./client";
import { type LinkState, type Pause, pauseAfter, wait } from "./events";
import { framesOf, type TerminalNews, TerminalStream } from "./terminalStream";

export interface TerminalListener {
  /** `drawn` is to be called once the output is on screen. */
  onNews(news: TerminalNews, drawn: () => void): void;
  onLink(link: LinkState): void;
}

export interface TerminalLink {
  /** Sends what was typed; false when there is no connection to send it on. */
  type(bytes: Uint8Array<ArrayBuffer>): boolean;
  resize(columns: number, rows: number): void;
  stop(): void;
}

type SocketClass = new (address: string) => WebSocket;

/** Bytes that may wait to be drawn. Above it the connection is let go. */
export const MOST_WAITING = 4 * 1024 * 1024;
/** The server's word for a client that was too slow: come back at once. */
const TOO_SLOW = 4000;

/** Follows a terminal until it ends or is stopped. */
export function followTerminal(
  id: string,
  listener: TerminalListener,
  pause: Pause = wait,
  Socket: SocketClass = globalThis.WebSocket,
): TerminalLink {
  const controller = new AbortController();
  const { signal } = controller;
  const stream = new TerminalStream();
  const backlog = new Backlog();
  let socket: WebSocket | undefined;
  const run = async () => {
    for (let failures = 0; !signal.aborted && !stream.hasEnded; ) {
      listener.onLink("connecting");
      stream.reconnect();
      let isFull = false;
      socket = new Socket(addressOfSocket(id, stream.offset));
      socket.binaryType = "arraybuffer";
      const code = await untilClosed(socket, signal, (data) => {
        const news = stream.take(typeof data === "string" ? data : new Uint8Array(data));
        if (!news) return;
        if (news.type === "start") {
          failures = 0;
          listener.onLink("live");
        }
        const size = news.type === "output" ? news.bytes.length : 0;
        backlog.add(size);
        listener.onNews(news, () => backlog.remove(size));
        isFull = backlog.size > MOST_WAITING;
        if (isFull) socket?.close();
      });
      if (signal.aborted || stream.hasEnded) return;
      await backlog.drained();
      if (isFull || code === TOO_SLOW) continue;
      listener.onLink("waiting");
      await pause(pauseAfter(failures), signal);
      failures += 1;
    }
  };
  void run();
  const isOpen = () => socket?.readyState === 1;
  return {
    type: (bytes) => {
      if (!isOpen()) return false;
      for (const frame of framesOf(bytes)) socket?.send(frame);
      return true;
    },
    resize: (columns, rows) => {
      if (isOpen()) socket?.send(JSON.stringify({ type: "resize", columns, rows }));
    },
    stop: () => controller.abort(),
  };
}

/** The bytes that came and aren't drawn yet. */
class Backlog {
  size = 0;
  private empty: (() => void) | undefined;

  add(bytes: number): void {
    this.size += bytes;
  }

  remove(bytes: number): void {
    this.size -= bytes;
    if (this.size === 0) this.empty?.();
  }

  drained(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.empty = resolve;
    });
  }
}

function addressOfSocket(id: string, after: number | undefined): string {
  const path = addressOf("/api/terminals/{id}/socket", { id }, { after });
  const address = new URL(path, globalThis.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

/** Hands on every frame; settles with the code that the connection closed with. */
function untilClosed(
  socket: WebSocket,
  signal: AbortSignal,
  onFrame: (data: string | ArrayBuffer) => void,
): Promise<number> {
  return new Promise((resolve) => {
    const close = () => socket.close();
    signal.addEventListener("abort", close, { once: true });
    socket.addEventListener("message", (message: MessageEvent) => {
      // What still arrives after we let go comes again from the offset.
      if (!signal.aborted && socket.readyState === 1) onFrame(message.data);
    });
    socket.addEventListener("close", (event) => {
      signal.removeEventListener("abort", close);
      resolve(event.code);
    });
  });
}
