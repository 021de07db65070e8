import { createParser } from "eventsource-parser";
import { ApiError, errorOf, stream, unreachable } from "./client";
import type { CreateProgress, CreateWorkspace, Workspace } from "./schema";

/** How far the making of a workspace is. */
export interface Progress {
  phase: string;
  /** From 0 to 100, when it is known. */
  percent: number | null;
}

export interface Making {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** Makes a workspace and tells how far it is. Throws `ApiError`. */
export async function createWorkspace(
  body: CreateWorkspace,
  { signal, onProgress }: Making,
): Promise<Workspace> {
  for await (const { data } of stream("post", "/api/workspaces", { body, signal })) {
    const made = read(data, onProgress);
    if (made) return made;
  }
  throw unreachable();
}

/**
 * Makes a workspace of a zip file. Not by `fetch`, which can't tell how much
 * of a body was sent.
 */
export function uploadWorkspace(
  name: string,
  archive: File,
  { signal, onProgress }: Making,
): Promise<Workspace> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const parser = createParser({
      onEvent: ({ data }) => {
        try {
          const made = read(data, onProgress);
          if (made) resolve(made);
        } catch (error) {
          reject(error);
        }
      },
    });
    let parsed = 0;
    const parse = () => {
      if (request.status !== 201 && request.status !== 200) return;
      parser.feed(request.responseText.slice(parsed));
      parsed = request.responseText.length;
    };
    request.upload.onprogress = ({ loaded, total, lengthComputable }) =>
      onProgress({
        phase: "Uploading",
        percent: lengthComputable ? (loaded / total) * 100 : null,
      });
    request.upload.onload = () => onProgress({ phase: "Unpacking", percent: null });
    request.onprogress = parse;
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(signal.reason);
    request.onload = () => {
      parse();
      // Without effect when the stream said how it ended.
      reject(request.status < 300 ? unreachable() : errorOf(request.status, request.responseText));
    };
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", "/api/workspaces");
    request.setRequestHeader("accept", "text/event-stream, application/problem+json");
    const form = new FormData();
    form.set("name", name);
    form.set("archive", archive);
    request.send(form);
  });
}

/** Reads one event: the workspace when it is made, nothing while work goes on. */
function read(data: string, onProgress: Making["onProgress"]): Workspace | undefined {
  const event = JSON.parse(data) as CreateProgress;
  switch (event.type) {
    case "created":
      return event.workspace;
    case "failed":
      throw new ApiError(event.problem);
    case "progress":
      onProgress({ phase: event.phase, percent: event.percent ?? null });
      return undefined;
  }
}
