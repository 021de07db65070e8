import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ShieldAlert } from "lucide-react";
import { systemQuery } from "@/api/queries/system";
import { Badge } from "@/ui/Badge";

/** Warns where runs can't be isolated and so are refused. Silent otherwise. */
export function IsolationBadge() {
  const { data } = useQuery(systemQuery);
  if (!data || data.isolation.ready) return null;
  return (
    <Link
      to="/settings/system"
      title={data.isolation.reason ?? undefined}
      className="shrink-0 rounded-full"
    >
      <Badge tone="warning" icon={<ShieldAlert aria-hidden />}>
        Runs are off
      </Badge>
    </Link>
  );
}
