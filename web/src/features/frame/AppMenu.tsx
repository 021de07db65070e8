import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  Activity,
  Cpu,
  LayoutGrid,
  LogOut,
  MoreHorizontal,
  Palette,
  Search,
  Sparkles,
} from "lucide-react";
import { signOut } from "@/api/queries/session";
import { runCommand } from "@/commands/registry";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuItem } from "@/ui/Menu";
import { toast } from "@/ui/Toast";

/** The way to every page, for a phone too, and out. */
export function AppMenu() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();

  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      toast.error(error);
      return;
    }
    queryClient.clear();
    void navigate({ to: "/sign-in", replace: true });
  };

  const items: MenuItem[] = [
    {
      id: "palette",
      label: "Find a command",
      icon: <Search />,
      keys: "Mod+K",
      run: () => runCommand("palette.open"),
    },
    {
      id: "workspaces",
      label: "Workspaces",
      icon: <LayoutGrid />,
      separated: true,
      run: () => void navigate({ to: "/" }),
    },
    {
      id: "models",
      label: "Models",
      icon: <Sparkles />,
      run: () => void navigate({ to: "/settings/models" }),
    },
    { id: "usage", label: "Usage", icon: <Activity />, run: () => void navigate({ to: "/usage" }) },
    {
      id: "system",
      label: "System",
      icon: <Cpu />,
      run: () => void navigate({ to: "/settings/system" }),
    },
    {
      id: "design",
      label: "Components",
      icon: <Palette />,
      run: () => void navigate({ to: "/design" }),
    },
    {
      id: "sign-out",
      label: "Sign out",
      icon: <LogOut />,
      separated: true,
      run: () => void leave(),
    },
  ];
  return (
    <Menu
      label="Atelier"
      items={items}
      trigger={<IconButton label="Menu" icon={<MoreHorizontal />} />}
    />
  );
}
