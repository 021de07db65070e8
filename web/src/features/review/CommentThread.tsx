import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { keys } from "@/api/queries/keys";
import { commentsQuery, createComment, deleteComment } from "@/api/queries/proposals";
import { sessionQuery } from "@/api/queries/session";
import type { Comment } from "@/api/schema";
import { ago } from "@/lib/format";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { TextArea } from "@/ui/Input";

/** The comments on a hunk, or on the whole proposal, and room for another. */
export function CommentThread({
  proposalId,
  hunkId,
  label,
  isWriting,
  onDone,
}: {
  proposalId: string;
  hunkId?: string;
  /** What it is on, as in "change 2". */
  label: string;
  isWriting: boolean;
  onDone: () => void;
}) {
  const comments = useQuery(commentsQuery(proposalId));
  const own = (comments.data?.items ?? []).filter(
    (comment) => (comment.hunkId ?? undefined) === hunkId,
  );
  if (own.length === 0 && !isWriting) return null;
  return (
    <div className="border-line border-t bg-panel px-3 py-2 text-sm">
      {own.length > 0 ? (
        <ul aria-label={`Comments on ${label}`} className="flex flex-col gap-1.5">
          {own.map((comment) => (
            <One key={comment.id} comment={comment} />
          ))}
        </ul>
      ) : null}
      {isWriting ? (
        <Writing proposalId={proposalId} hunkId={hunkId} label={label} onDone={onDone} />
      ) : null}
    </div>
  );
}

function One({ comment }: { comment: Comment }) {
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const remove = useMutation({
    mutationFn: () => deleteComment(comment.id),
    onSettled: () => client.invalidateQueries({ queryKey: keys.comments(comment.proposalId) }),
  });
  const user = session.data?.user;
  const isOwn = user?.id === comment.userId;
  return (
    <li className="flex items-start gap-2">
      <p className="min-w-0 flex-1 whitespace-pre-wrap [overflow-wrap:anywhere]">
        {comment.body}{" "}
        <span className="text-muted">
          – {isOwn ? "you" : "a reviewer"}, {ago(comment.createdAt)}
        </span>
      </p>
      {isOwn ? (
        <IconButton
          size="sm"
          label="Delete this comment"
          icon={<Trash2 />}
          disabled={remove.isPending}
          onClick={() => remove.mutate()}
        />
      ) : null}
    </li>
  );
}

function Writing({
  proposalId,
  hunkId,
  label,
  onDone,
}: {
  proposalId: string;
  hunkId: string | undefined;
  label: string;
  onDone: () => void;
}) {
  const [body, setBody] = useState("");
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: () => createComment(proposalId, { body, ...(hunkId ? { hunkId } : {}) }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.comments(proposalId) });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim() !== "" && !send.isPending) send.mutate();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onDone();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  return (
    <form onSubmit={submit} onKeyDown={onKeyDown} className="mt-1.5 flex flex-col gap-2">
      <TextArea
        autoFocus
        aria-label={`Comment on ${label}`}
        placeholder="Say something"
        maxLength={4096}
        value={body}
        onChange={(event) => setBody(event.target.value)}
      />
      {send.isError ? <ErrorState error={send.error} /> : null}
      <div className="flex justify-end gap-2">
        <Button size="sm" variant="ghost" onClick={onDone}>
          Cancel
        </Button>
        <Button size="sm" type="submit" busy={send.isPending} disabled={body.trim() === ""}>
          Comment
        </Button>
      </div>
    </form>
  );
}
