import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { PickerDialog } from "@/ui/PickerDialog";
import { TooltipProvider } from "@/ui/Tooltip";

const ITEMS = [
  { id: "a", name: "src/shop.py" },
  { id: "b", name: "README.md" },
];

function open(change: { isError?: boolean; isPending?: boolean; items?: typeof ITEMS }) {
  const { isError = false, isPending = false, items = ITEMS } = change;
  const said = { refetch: vi.fn(), onPick: vi.fn() };
  const { unmount } = render(
    <PickerDialog
      title="Add a file"
      label="Files"
      placeholder="Part of a path"
      query={{ isError, isPending, error: new Error("cut off"), refetch: said.refetch }}
      items={isError || isPending ? [] : items}
      none="There is no file."
      noneFound="No file has that."
      onPick={said.onPick}
      onClose={vi.fn()}
    >
      {({ name }) => name}
    </PickerDialog>,
    { wrapper: TooltipProvider },
  );
  return { user: userEvent.setup(), unmount, ...said };
}

describe("a picker", () => {
  it("finds by a few letters and picks by keyboard alone", async () => {
    const { user, onPick } = open({});
    await user.keyboard("read{Enter}");
    expect(onPick).toHaveBeenCalledExactlyOnceWith("b");
    await user.keyboard("xyz");
    expect(screen.getByText("No file has that.")).toBeVisible();
  });

  it("can be tried again when its list could not be had", async () => {
    const { user, refetch } = open({ isError: true });
    expect(screen.queryByText("There is no file.")).not.toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(refetch).toHaveBeenCalledOnce();
  });

  it("says that there is nothing only when that is known", () => {
    const { unmount } = open({ isPending: true });
    expect(screen.queryByText("There is no file.")).not.toBeInTheDocument();
    unmount();
    open({ items: [] });
    expect(screen.getByText("There is no file.")).toBeVisible();
  });
});
