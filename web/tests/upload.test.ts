import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/client";
import { type Progress, uploadWorkspace } from "@/api/createWorkspace";
import { Refusal } from "./fakeApi";
import { sampleWorkspace } from "./samples";

/** A request that the test answers by hand. */
class FakeRequest {
  static last: FakeRequest;
  readonly upload: { onprogress?: (event: object) => void; onload?: () => void } = {};
  status = 0;
  responseText = "";
  form: FormData | undefined;
  onprogress = () => {};
  onload = () => {};
  onerror = () => {};
  onabort = () => {};

  constructor() {
    FakeRequest.last = this;
  }
  open() {}
  setRequestHeader() {}
  send(form: FormData) {
    this.form = form;
  }
  abort() {
    this.onabort();
  }
  /** Sends some more of the answer. */
  answer(text: string, status = 201) {
    this.status = status;
    this.responseText += text;
    this.onprogress();
  }
}

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const ZIP = new File(["zip"], "shop.zip");

beforeEach(() => vi.stubGlobal("XMLHttpRequest", FakeRequest));
afterEach(() => vi.unstubAllGlobals());

function upload() {
  const told: Progress[] = [];
  const controller = new AbortController();
  const done = uploadWorkspace("Shop", ZIP, {
    signal: controller.signal,
    onProgress: (progress) => told.push(progress),
  });
  return { done, told, controller, request: FakeRequest.last };
}

async function failureOf(done: Promise<unknown>): Promise<unknown> {
  return done.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("an upload", () => {
  it("tells how far it is, up to the workspace", async () => {
    const { done, told, request } = upload();
    const workspace = sampleWorkspace();
    expect(request.form?.get("name")).toBe("Shop");
    expect(request.form?.get("archive")).toMatchObject({ name: "shop.zip" });
    request.upload.onprogress?.({ loaded: 1, total: 4, lengthComputable: true });
    request.upload.onload?.();
    const text = event({ type: "progress", phase: "Unpacking files", percent: 50 });
    request.answer(text.slice(0, 20));
    request.answer(text.slice(20));
    request.answer(event({ type: "created", workspace }));
    request.onload();
    expect(await done).toEqual(workspace);
    expect(told).toEqual([
      { phase: "Uploading", percent: 25 },
      { phase: "Unpacking", percent: null },
      { phase: "Unpacking files", percent: 50 },
    ]);
  });

  it("fails with the server's reason, in the stream or before it", async () => {
    const { problem } = new Refusal(422, "import_refused", "The project can't be imported.");
    const inStream = upload();
    inStream.request.answer(event({ type: "failed", problem }));
    inStream.request.onload();
    expect(await failureOf(inStream.done)).toMatchObject({ code: "import_refused" });

    const before = upload();
    before.request.answer(JSON.stringify(problem), 422);
    before.request.onload();
    expect(await failureOf(before.done)).toMatchObject({ code: "import_refused" });
  });

  it("fails when the connection does, and when the stream ends too soon", async () => {
    const cut = upload();
    cut.request.onerror();
    expect(await failureOf(cut.done)).toMatchObject({ code: "unreachable" });

    const short = upload();
    short.request.answer(event({ type: "progress", phase: "Unpacking", percent: 1 }));
    short.request.onload();
    expect(await failureOf(short.done)).toBeInstanceOf(ApiError);
  });

  it("stops when it is cancelled", async () => {
    const { done, controller } = upload();
    controller.abort();
    expect(await failureOf(done)).toBe(controller.signal.reason);
  });
});
