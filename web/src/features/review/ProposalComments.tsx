import { useQuery } from "@tanstack/react-query";
import { MessageSquarePlus } from "lucide-react";
import { useState } from "react";
import { commentsQuery } from "@/api/queries/proposals";
import { Button } from "@/ui/Button";
import { CommentThread, WriteComment } from "./CommentThread";

/** What people say of a proposal as a whole. */
export function ProposalComments({ proposalId }: { proposalId: string }) {
  const [isWriting, setWriting] = useState(false);
  const comments = useQuery(commentsQuery(proposalId)).data?.items ?? [];
  return (
    <section aria-label="Comments on the proposal">
      <CommentThread comments={comments.filter(({ hunkId }) => !hunkId)} label="the proposal" />
      {isWriting ? (
        <WriteComment
          proposalId={proposalId}
          label="the proposal"
          onDone={() => setWriting(false)}
        />
      ) : (
        <Button
          size="sm"
          variant="ghost"
          icon={<MessageSquarePlus />}
          onClick={() => setWriting(true)}
          className="m-2"
        >
          Comment on the proposal
        </Button>
      )}
    </section>
  );
}
