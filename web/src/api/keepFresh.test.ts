import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import type { LiveWorkspaceEvent } from "./events";
import { applyEvent } from "./keepFresh";
import { keys } from "./queries/keys";
import type { ChangedFile, File } from "./schema";

const file = (id: string, path: string): File => ({
  id,
  path,
  workspaceId: "w",
  kind: "file",
  sizeBytes: 1,
  currentVersionId: "v1",
});

const changed = (change: ChangedFile["change"], fileId: string, path: string, versionId = "v2") =>
  ({
    seq: 1,
    at: "",
    type: "filesChanged",
    count: 1,
    files: [{ fileId, path, change, versionId }],
  }) satisfies LiveWorkspaceEvent;

function setUp() {
  const client = new QueryClient();
  client.setQueryData(keys.files("w"), [file("a", "a.ts"), file("b", "d/b.ts")]);
  const paths = () => client.getQueryData<File[]>(keys.files("w"))?.map(({ path }) => path);
  const names = (event: LiveWorkspaceEvent) =>
    applyEvent(client, "w", event).map((key) => key.join("/"));
  return { client, paths, names };
}

describe("applyEvent", () => {
  it("leaves the list of files alone when one has a new text", () => {
    const { client, names } = setUp();
    const before = client.getQueryData(keys.files("w"));
    expect(names(changed("modified", "a", "a.ts"))).not.toContain("files/w");
    expect(client.getQueryData(keys.files("w"))).toBe(before);
  });

  it("asks for a file whose text changed, but not after this page's own save", () => {
    const { client, names } = setUp();
    expect(names(changed("modified", "a", "a.ts"))).toContain("file/a");
    client.setQueryData(keys.file("a"), { file: file("a", "a.ts"), versionId: "v2" });
    expect(names(changed("modified", "a", "a.ts"))).not.toContain("file/a");
  });

  it("takes a deleted folder out with all that is in it", () => {
    const { paths, names } = setUp();
    expect(names(changed("deleted", "d", "d"))).toContain("files/w/deleted");
    expect(paths()).toEqual(["a.ts"]);
  });

  it.each(["created", "renamed"] as const)("asks for the list after something was %s", (change) => {
    expect(setUp().names(changed(change, "c", "c.ts"))).toContain("files/w");
  });

  it("asks for all files when there were too many to name", () => {
    const event = { seq: 1, at: "", type: "filesChanged", files: [], count: 5000 } as const;
    const { names } = setUp();
    expect(names({ ...event, files: [] })).toEqual(
      expect.arrayContaining(["files/w", "file", "versions"]),
    );
  });

  it.each<[Record<string, string>, string[]]>([
    [{ type: "proposalChanged", proposalId: "p" }, ["proposal/p", "proposals/w", "comments/p"]],
    [{ type: "commentsChanged", proposalId: "p" }, ["comments/p"]],
    [{ type: "runChanged", runId: "r" }, ["run/r", "runs/w", "draft", "cell/w"]],
    [{ type: "terminalsChanged" }, ["terminals/w", "cell/w"]],
    [
      { type: "turnChanged", turnId: "t", conversationId: "c" },
      ["turn/t", "conversation/c", "conversations/w", "usage"],
    ],
    [{ type: "novelty" }, []],
  ])("of %j makes %j out of date", (event, stale) => {
    const live = { seq: 1, at: "", ...event } as unknown as LiveWorkspaceEvent;
    expect(setUp().names(live)).toEqual(stale);
  });
});
