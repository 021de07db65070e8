import { expect, it } from "vitest";
import { parseWorkspaceSearch } from "./workspaceSearch";

const ID = "0199a4f2-6f3e-7c11-9d55-4b1f0c2a7e90";

it.each([
  [
    { file: ID, line: "12", panel: "review" },
    { file: ID, line: 12, panel: "review" },
  ],
  [
    { proposal: ID, run: ID, conversation: ID },
    { proposal: ID, run: ID, conversation: ID },
  ],
  [{ file: "../../etc/passwd", line: -1, panel: "kitchen" }, {}],
  [{ file: 7, line: 1.5, other: "x" }, {}],
])("reads %j", (raw, expected) => {
  expect(parseWorkspaceSearch(raw)).toEqual(expected);
});
