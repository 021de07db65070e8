import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { SplitPane } from "@/ui/SplitPane";

const PANES = [
  { id: "left", label: "Left", share: 30, least: 100, content: <p>Left side</p> },
  { id: "right", label: "Right", share: 70, least: 100, content: <p>Right side</p> },
];

/** Gives the panes the sizes that a browser would: 1,000 pixels by their shares. */
function layOut(): void {
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function (
    this: HTMLElement,
  ) {
    const share = Number.parseFloat(this.style.flexGrow);
    const all = [...(this.parentElement?.children ?? [])].map((child) =>
      Number.parseFloat((child as HTMLElement).style.flexGrow),
    );
    const whole = all.filter((one) => !Number.isNaN(one)).reduce((a, b) => a + b, 0);
    return new DOMRect(0, 0, (share / whole) * 1000, 500);
  });
}

const border = () => screen.getByRole("separator", { name: "Resize left" });
const share = () => border().getAttribute("aria-valuenow");

beforeEach(layOut);

describe("a split pane", () => {
  it("is moved by keyboard, down to what a pane needs", async () => {
    const user = userEvent.setup();
    render(<SplitPane name="test" panes={PANES} />);
    expect(share()).toBe("30");
    await user.tab();
    expect(border()).toHaveFocus();
    await user.keyboard("{ArrowRight}{ArrowRight}");
    expect(share()).toBe("33");
    await user.keyboard("{Home}");
    expect(share()).toBe("10");
    await user.keyboard("{End}");
    expect(share()).toBe("90");
    await user.keyboard("{ArrowUp}x");
    expect(share()).toBe("90");
  });

  it("is dragged, and only while the button is down", () => {
    render(<SplitPane name="test" panes={PANES} />);
    fireEvent.pointerMove(border(), { clientX: 900 });
    expect(share()).toBe("30");
    fireEvent.pointerDown(border(), { clientX: 300, button: 0 });
    fireEvent.pointerMove(border(), { clientX: 350 });
    fireEvent.pointerMove(border(), { clientX: 500 });
    expect(share()).toBe("50");
    fireEvent.pointerUp(border(), { clientX: 500 });
    fireEvent.pointerMove(border(), { clientX: 700 });
    expect(share()).toBe("50");
  });

  it("remembers its shares, and forgets them on a double click", async () => {
    const user = userEvent.setup();
    const first = render(<SplitPane name="test" panes={PANES} />);
    fireEvent.pointerDown(border(), { clientX: 300, button: 0 });
    fireEvent.pointerMove(border(), { clientX: 400 });
    first.unmount();
    const again = render(<SplitPane name="test" panes={PANES} />);
    expect(share()).toBe("40");
    await user.dblClick(border());
    expect(share()).toBe("30");
    again.unmount();
    render(<SplitPane name="test" panes={PANES} />);
    expect(share()).toBe("30");
  });

  it("keeps what is in a pane when another one goes", async () => {
    const field = { ...PANES[0], content: <input aria-label="Text" /> } as (typeof PANES)[0];
    const right = PANES[1] as (typeof PANES)[0];
    const user = userEvent.setup();
    const view = render(<SplitPane name="test" panes={[field, right]} />);
    await user.type(screen.getByLabelText("Text"), "typed");
    view.rerender(<SplitPane name="test" panes={[field]} />);
    expect(screen.getByLabelText("Text")).toHaveValue("typed");
    expect(screen.queryByRole("separator")).not.toBeInTheDocument();
  });
});
