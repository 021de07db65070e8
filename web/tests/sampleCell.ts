import type { Terminal } from "@/api/schema";
import { type FakeApi, Refusal } from "./fakeApi.ts";
import { WORKSPACE } from "./sampleProject.ts";
import { sampleId } from "./samples.ts";

const MINUTE = 60_000;
const at = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();

/** A cell at work: its terminals. */
export function addCell(api: FakeApi): void {
  const make = (title: string, change: Partial<Terminal> = {}): Terminal => ({
    id: sampleId(),
    workspaceId: WORKSPACE,
    title,
    columns: 80,
    rows: 24,
    state: "running",
    exitCode: null,
    signal: null,
    reason: null,
    createdAt: at(12),
    endedAt: null,
    ...change,
  });
  const terminals = [
    make("build", { state: "ended", exitCode: 2, endedAt: at(3) }),
    make("dev server"),
  ];
  const missing = () => new Refusal(404, "not_found", "There is no such thing here.");
  api
    .on("get", "/api/workspaces/{id}/terminals", () => ({ items: terminals }))
    .on("post", "/api/workspaces/{id}/terminals", () => {
      const terminal = make(`Terminal ${terminals.length + 1}`);
      terminals.push(terminal);
      return terminal;
    })
    .on("patch", "/api/terminals/{id}", ({ path, body }) => {
      const terminal = terminals.find(({ id }) => id === path.id);
      if (!terminal) return missing();
      terminal.title = body.title;
      return terminal;
    })
    .on("delete", "/api/terminals/{id}", ({ path }) => {
      const index = terminals.findIndex(({ id }) => id === path.id);
      terminals.splice(index, index < 0 ? 0 : 1);
      return undefined;
    });
}
