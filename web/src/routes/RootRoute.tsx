import { Outlet } from "@tanstack/react-router";
import { PaletteHost } from "@/features/frame/PaletteHost";
import { Toaster } from "@/ui/Toast";
import { TooltipProvider } from "@/ui/Tooltip";

export function RootRoute() {
  return (
    <TooltipProvider>
      <div className="flex h-full flex-col">
        <Outlet />
      </div>
      <PaletteHost />
      <Toaster />
    </TooltipProvider>
  );
}
