import { beforeEach, expect, it, vi } from "vitest";
import type { LinkState } from "./events";
import { followTerminal, MOST_WAITING, type TerminalLink } from "./terminalLink";
import type { TerminalNews } from "./terminalStream";

/** A connection that the test holds the other end of. */
class FakeSocket extends EventTarget {
  static all: FakeSocket[] = [];
  readonly sent: unknown[] = [];
  readyState = 1;
  binaryType = "";

  constructor(readonly address: string) {
    super();
    FakeSocket.all.push(this);
  }

  get after(): string | null {
    return new URL(this.address).searchParams.get("after");
  }

  send(frame: unknown): void {
    this.sent.push(frame);
  }

  close(code = 1005): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }

  give(...frames: (object | string)[]): void {
    for (const frame of frames) {
      const data =
        typeof frame === "string" ? new TextEncoder().encode(frame).buffer : JSON.stringify(frame);
      this.dispatchEvent(new MessageEvent("message", { data }));
    }
  }
}

const start = (offset: number) => ({ type: "start", offset, end: offset, columns: 80, rows: 24 });

let pauses: number;
let link: TerminalLink;
let links: LinkState[];
let shown: string;
let draw: (() => void)[];

/** Follows a terminal; `isSlow` draws only when the test says so. */
function follow({ isSlow = false } = {}): void {
  const decoder = new TextDecoder();
  link = followTerminal(
    "t1",
    {
      onLink: (state) => links.push(state),
      onNews: (news: TerminalNews, drawn) => {
        if (news.type === "output") shown += decoder.decode(news.bytes);
        if (isSlow) draw.push(drawn);
        else drawn();
      },
    },
    async () => {
      pauses += 1;
    },
    FakeSocket as unknown as new (
      address: string,
    ) => WebSocket,
  );
}

/** The connection numbered from zero, once it is made. */
async function socket(number: number): Promise<FakeSocket> {
  return vi.waitFor(() => {
    const found = FakeSocket.all[number];
    if (!found) throw new Error(`there is no connection ${number}`);
    return found;
  });
}

beforeEach(() => {
  vi.stubGlobal("location", new URL("http://atelier.test/w/1"));
  FakeSocket.all = [];
  [pauses, links, shown, draw] = [0, [], "", []];
});

it("takes the terminal up again where it was cut, after a pause", async () => {
  follow();
  const first = await socket(0);
  expect(first.address).toBe("ws://atelier.test/api/terminals/t1/socket");
  first.give(start(0), "hello ");
  first.close(1006);
  const second = await socket(1);
  expect(second.after).toBe("6");
  second.give(start(6), "again");
  expect(shown).toBe("hello again");
  expect(pauses).toBe(1);
  expect(links).toEqual(["connecting", "live", "waiting", "connecting", "live"]);
  link.stop();
});

it("comes back at once when the server found it too slow", async () => {
  follow();
  const first = await socket(0);
  first.give(start(0), "x");
  first.close(4000);
  expect((await socket(1)).after).toBe("1");
  expect(pauses).toBe(0);
  link.stop();
});

it("lets go when more comes than is drawn, and comes back when it is drawn", async () => {
  follow({ isSlow: true });
  const first = await socket(0);
  first.give(start(0), "x".repeat(MOST_WAITING), "y");
  expect(first.readyState).toBe(3);
  first.give("this came too late");
  expect(shown).toHaveLength(MOST_WAITING + 1);
  expect(FakeSocket.all).toHaveLength(1);
  for (const drawn of draw.splice(0)) drawn();
  expect((await socket(1)).after).toBe(String(MOST_WAITING + 1));
  expect(pauses).toBe(0);
  link.stop();
});

it("does not come back to a terminal that has ended, nor after it was stopped", async () => {
  follow();
  const first = await socket(0);
  first.give(start(0), { type: "ended", exitCode: 0 });
  first.close(1000);
  await Promise.resolve();
  expect(FakeSocket.all).toHaveLength(1);

  follow();
  const second = await socket(1);
  link.stop();
  expect(second.readyState).toBe(3);
  await Promise.resolve();
  expect(FakeSocket.all).toHaveLength(2);
});

it("sends what is typed and the size, while there is a connection", async () => {
  follow();
  const first = await socket(0);
  expect(link.type(new TextEncoder().encode("ls\r"))).toBe(true);
  link.resize(100, 30);
  expect(first.sent).toEqual([
    new TextEncoder().encode("ls\r"),
    '{"type":"resize","columns":100,"rows":30}',
  ]);
  first.readyState = 0;
  expect(link.type(new TextEncoder().encode("lost"))).toBe(false);
  expect(first.sent).toHaveLength(2);
  link.stop();
});
