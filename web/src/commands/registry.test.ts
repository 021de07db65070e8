import { afterEach, expect, it, vi } from "vitest";
import { availableCommands, registerCommands, runCommand } from "./registry";

const forget: (() => void)[] = [];
const command = (id: string, more: object = {}) => ({
  id,
  label: id,
  group: "Test",
  run: vi.fn(),
  ...more,
});
const register = (...commands: ReturnType<typeof command>[]) => {
  forget.push(registerCommands(commands));
};

afterEach(() => {
  for (const undo of forget.splice(0)) undo();
});

it("runs a command by its name, and tells when there is none", () => {
  const save = command("file.save");
  register(save);
  expect(runCommand("file.save")).toBe(true);
  expect(save.run).toHaveBeenCalledOnce();
  expect(runCommand("file.close")).toBe(false);
});

it("offers only what can be run now", () => {
  register(command("a"), command("b", { when: () => false }));
  expect(availableCommands().map(({ id }) => id)).toEqual(["a"]);
  expect(runCommand("b")).toBe(false);
});

it("means the one registered last, and the earlier again when that is gone", () => {
  const first = command("file.save");
  const second = command("file.save");
  register(first);
  register(second);
  runCommand("file.save");
  expect(second.run).toHaveBeenCalledOnce();
  forget.pop()?.();
  runCommand("file.save");
  expect(first.run).toHaveBeenCalledOnce();
});
