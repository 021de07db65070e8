import { describe, expect, it } from "vitest";
import {
  changedRules,
  firstChoice,
  refKey,
  refOf,
  TASKS,
  type TaskRule,
  usualOf,
  withFirst,
  withSecond,
} from "./taskRules";

const one = { providerId: "p1", model: "qwen/qwen3-coder" };
const two = { providerId: "p2", model: null };
const chat: TaskRule = { task: "chat", prefer: "order", models: [] };

describe("the rule of a task", () => {
  it("is kept only when it is another than the usual one", () => {
    const usual = TASKS.map(({ id }): TaskRule => ({ task: id, prefer: usualOf(id), models: [] }));
    expect(changedRules(usual)).toEqual([]);
    const cheap: TaskRule = { ...chat, prefer: "cheapest" };
    const named: TaskRule = { task: "edit", prefer: "order", models: [one] };
    expect(changedRules([...usual.slice(3), cheap, named])).toEqual([cheap, named]);
  });

  it("names a model by its provider too, whatever its name is", () => {
    expect(refOf(refKey(one))).toEqual(one);
    expect(refOf(refKey(two))).toEqual(two);
    expect(refOf("cheapest")).toBeUndefined();
  });

  it("goes from a preference to a model and back", () => {
    const named = withFirst(chat, refKey(one));
    expect(named).toEqual({ task: "chat", prefer: "order", models: [one] });
    expect(firstChoice(named)).toBe(refKey(one));
    expect(withFirst(named, "fastest")).toEqual({ task: "chat", prefer: "fastest", models: [] });
  });

  it("keeps who takes over when the first is another, and never names one twice", () => {
    const both = withSecond(withFirst(chat, refKey(one)), refKey(two));
    expect(both.models).toEqual([one, two]);
    const other = { providerId: "p3", model: "m" };
    expect(withFirst(both, refKey(other)).models).toEqual([other, two]);
    expect(withFirst(both, refKey(two)).models).toEqual([two]);
    expect(withSecond(both, "").models).toEqual([one]);
  });

  it("keeps a third when the second is another", () => {
    const [third, other] = [
      { providerId: "p3", model: "m" },
      { providerId: "p4", model: "n" },
    ];
    const rule: TaskRule = { ...chat, models: [one, two, third] };
    expect(withSecond(rule, refKey(other)).models).toEqual([one, other, third]);
    expect(withSecond(rule, refKey(third)).models).toEqual([one, third]);
    expect(withSecond(rule, "").models).toEqual([one]);
  });
});
