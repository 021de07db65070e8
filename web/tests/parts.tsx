import { vi } from "vitest";
import type { File, FileContent, Hunk, Proposal, ProposalFile, Run, Version } from "@/api/schema";
import type { FakeApi } from "./fakeApi";
import { emptyApi } from "./page";
import { sampleId, sampleProvider, sampleWorkspace } from "./samples";

/** What the tests of the workspace's parts share: a server with a project, and its things. */

const NOW = "2026-11-21T08:00:00Z";

export function sampleFile(path: string, change: Partial<File> = {}): File {
  return {
    id: sampleId(),
    workspaceId: "",
    path,
    kind: "file",
    language: null,
    sizeBytes: 10,
    currentVersionId: sampleId(),
    deletedAt: null,
    ...change,
  };
}

export function contentOf(file: File, content: string | null): FileContent {
  return { file, content, binary: content === null, versionId: file.currentVersionId ?? null };
}

export function sampleVersion(change: Partial<Version> = {}): Version {
  return {
    id: sampleId(),
    fileId: sampleId(),
    path: "main.py",
    contentHash: "0".repeat(64),
    sizeBytes: 10,
    authorKind: "user",
    turnId: null,
    runId: null,
    proposalId: null,
    createdAt: NOW,
    ...change,
  };
}

export function sampleRun(change: Partial<Run> = {}): Run {
  return {
    id: sampleId(),
    workspaceId: "",
    command: "python3 main.py",
    status: "finished",
    outcome: "ok",
    exitCode: 0,
    signal: null,
    reason: null,
    wallMs: 42,
    cpuMs: 40,
    peakMemoryBytes: null,
    stdoutBytes: 3,
    stderrBytes: 0,
    createdAt: NOW,
    startedAt: NOW,
    finishedAt: NOW,
    stages: [],
    ...change,
  };
}

export function sampleHunk(line: number, change: Partial<Hunk> = {}): Hunk {
  return {
    id: sampleId(),
    kind: "text",
    oldStart: line,
    oldLines: 1,
    newStart: line,
    newLines: 1,
    label: "exact",
    state: "open",
    merged: false,
    needs: [],
    ...change,
  };
}

export function sampleProposal(files: ProposalFile[], change: Partial<Proposal> = {}): Proposal {
  return {
    id: sampleId(),
    workspaceId: "",
    turnId: null,
    title: "Tidy the names",
    format: "search_replace",
    state: "open",
    fileCount: files.length,
    added: 2,
    removed: 2,
    createdAt: NOW,
    decidedAt: null,
    files,
    ...change,
  };
}

/** A server with one workspace, in which nothing has happened yet. */
export function projectApi(files: File[] = []): { api: FakeApi; workspaceId: string } {
  const workspace = sampleWorkspace({ id: sampleId() });
  const none = () => ({ items: [], nextCursor: null });
  const api = emptyApi()
    .on("get", "/api/workspaces/{id}", () => workspace)
    .on("get", "/api/workspaces/{id}/files", ({ query }) => ({
      items: files.filter(
        ({ deletedAt }) => Boolean(deletedAt) === (query.get("deleted") === "true"),
      ),
      nextCursor: null,
    }))
    .on("get", "/api/workspaces/{id}/runs", none)
    .on("get", "/api/workspaces/{id}/conversations", none)
    .on("get", "/api/workspaces/{id}/proposals", none)
    .on("get", "/api/proposals/{id}/comments", () => ({ items: [] }))
    .on("get", "/api/providers", () => ({ items: [sampleProvider({ name: "Model" })] }));
  return { api, workspaceId: workspace.id };
}

/** Events with their numbers, as a stream has them. */
export function numbered(events: object[]): object[] {
  return events.map((event, index) => ({ seq: index + 1, at: NOW, ...event }));
}

/** What jsdom lacks for the editor, which asks where its text stands. */
export function layOutNothing(): void {
  Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
  Range.prototype.getBoundingClientRect = () => new DOMRect();
  vi.stubGlobal("requestIdleCallback", (act: () => void) => setTimeout(act, 0));
}
