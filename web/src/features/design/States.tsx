import { FolderPlus, ShieldAlert } from "lucide-react";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Notice } from "@/ui/Notice";
import { ProgressBar } from "@/ui/ProgressBar";
import { Skeleton } from "@/ui/Skeleton";
import { Spinner } from "@/ui/Spinner";
import { toast } from "@/ui/Toast";
import { Specimen } from "./Specimen";

const FAILURE = {
  problem: {
    title: "The project can't be imported.",
    detail: "The archive's entry “../../etc/passwd” leads outside the workspace.",
    hint: "Pack the folder anew, without absolute paths or links.",
    requestId: "0199a4f2-6f3e-7c11-9d55-4b1f0c2a7e90",
  },
};

export function States() {
  return (
    <>
      <Specimen name="Badge">
        <Badge>Open</Badge>
        <Badge tone="accent">Default</Badge>
        <Badge tone="success">Applied</Badge>
        <Badge tone="warning" icon={<ShieldAlert aria-hidden />}>
          Runs are off
        </Badge>
        <Badge tone="danger">Failed</Badge>
      </Specimen>
      <Specimen name="Spinner, ProgressBar, Skeleton">
        <Spinner label="Loading" />
        <div className="min-w-56 flex-1">
          <ProgressBar label="Cloning" percent={62} />
        </div>
        <div className="min-w-56 flex-1">
          <ProgressBar label="Starting" />
        </div>
        <Skeleton lines={3} className="w-full" />
      </Specimen>
      <Specimen name="EmptyState">
        <div className="w-full">
          <EmptyState
            icon={<FolderPlus />}
            title="No workspaces yet"
            action={<Button variant="primary">New workspace</Button>}
          >
            Start from nothing, a template, a folder on this server, a zip or a git repository.
          </EmptyState>
        </div>
      </Specimen>
      <Specimen name="ErrorState">
        <ErrorState error={FAILURE} retry={() => undefined} className="w-full" />
      </Specimen>
      <Specimen name="Notice">
        <div className="w-full overflow-hidden rounded-md border border-line">
          <Notice tone="info" actions={<Button size="sm">Restart</Button>}>
            The program ended with exit status 0.
          </Notice>
          <Notice tone="warning" actions={<Button size="sm">Allow pypi.org</Button>}>
            pypi.org:443 was refused.
          </Notice>
        </div>
      </Specimen>
      <Specimen name="Toast">
        <Button
          onClick={() =>
            toast.success("“Shop” is archived", { label: "Undo", run: () => undefined })
          }
        >
          Archive
        </Button>
        <Button onClick={() => toast.info("The file changed", "Another page saved it.")}>
          Tell
        </Button>
        <Button
          onClick={() =>
            toast.offer("Port 5173 is listening", { label: "Open preview", run: () => undefined })
          }
        >
          Offer
        </Button>
        <Button onClick={() => toast.error(FAILURE)}>Fail</Button>
      </Specimen>
    </>
  );
}
