use atelier_base::{ContentHash, ErrorKind};

use crate::{Error, HunkState, Proposal, ProposalHunkRow, ProposalState};

both_engines! {
    async fn a_proposal_is_reviewed_hunk_by_hunk(t) {
        let turn = t.turn(&t.workspace().await).await;
        let mut made = t.proposal(&turn);
        t.write(async |tx| tx.insert_proposal(&made).await).await;
        let get = async || -> Proposal {
            t.read(async |r| r.get_proposal(made.proposal.id).await).await
        };
        assert_eq!(get().await, made);

        let (before, after) = (ContentHash::of(b"x"), ContentHash::of(b"y"));
        let at = t.now();
        t.write(async |tx| {
            let id = made.proposal.id;
            tx.set_hunk_states(
                id,
                &[(made.hunks[0].id, HunkState::Accepted), (made.hunks[2].id, HunkState::Rejected)],
            )
            .await?;
            tx.set_applied(id, 0, Some(before), Some(after)).await?;
            tx.set_applied(id, 1, None, Some(after)).await?;
            tx.set_hunks_merged(id, &[made.hunks[0].id]).await?;
            tx.set_proposal_state(id, ProposalState::PartlyApplied, Some(at)).await
        })
        .await;
        let changed = get().await;
        made.hunks[0].state = HunkState::Accepted;
        made.hunks[2].state = HunkState::Rejected;
        made.hunks[0].merged = true;
        (made.files[0].applied_before_hash, made.files[0].applied_after_hash) =
            (Some(before), Some(after));
        made.files[1].applied_after_hash = Some(after);
        made.proposal.state = ProposalState::PartlyApplied;
        made.proposal.decided_at = Some(at);
        assert_eq!(changed, made);
    }

    async fn hunks_of_another_proposal_are_refused(t) {
        let turn = t.turn(&t.workspace().await).await;
        let (mine, other) = (t.proposal(&turn), t.proposal(&turn));
        t.write(async |tx| {
            tx.insert_proposal(&mine).await?;
            tx.insert_proposal(&other).await
        })
        .await;
        let error = t
            .write_fails(async |tx| {
                let states = [
                    (mine.hunks[0].id, HunkState::Accepted),
                    (other.hunks[0].id, HunkState::Accepted),
                ];
                tx.set_hunk_states(mine.proposal.id, &states).await
            })
            .await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = t
            .write_fails(async |tx| {
                tx.set_hunks_merged(mine.proposal.id, &[other.hunks[0].id]).await
            })
            .await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(t.read(async |r| r.get_proposal(mine.proposal.id).await).await, mine);
        let missing: Result<_, Error> = t.store.read(async |r| r.get_proposal(t.id()).await).await;
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    }

    async fn proposals_are_listed_by_state_and_by_turn(t) {
        let workspace = t.workspace().await;
        let turn = t.turn(&workspace).await;
        let made: Vec<Proposal> = (0..3).map(|_| t.proposal(&turn)).collect();
        t.write(async |tx| {
            for proposal in &made {
                tx.insert_proposal(proposal).await?;
            }
            tx.set_proposal_state(made[1].proposal.id, ProposalState::Superseded, None).await
        })
        .await;
        let ids: Vec<_> = made.iter().map(|made| made.proposal.id).collect();
        let page = async |state, before| {
            let page = t
                .read(async |r| r.list_proposals(workspace.id, state, before, 2).await)
                .await;
            page.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(page(None, None).await, [ids[2], ids[1]]);
        let counts = t
            .read(async |r| r.count_proposal_changes(workspace.id, None, None, 2).await)
            .await;
        let counted: Vec<_> = counts.iter().map(|of| (of.id, of.files)).collect();
        let files = u32::try_from(made[0].files.len()).unwrap();
        assert_eq!(counted, [(ids[2], files), (ids[1], files)]);
        let lines = |count: fn(&ProposalHunkRow) -> u32| made[2].hunks.iter().map(count).sum::<u32>();
        assert_eq!(counts[0].added, lines(|hunk| hunk.new_lines));
        assert_eq!(counts[0].removed, lines(|hunk| hunk.old_lines));
        assert_eq!(page(None, Some(ids[1])).await, [ids[0]]);
        assert_eq!(page(Some(ProposalState::Open), None).await, [ids[2], ids[0]]);
        assert_eq!(page(Some(ProposalState::Superseded), None).await, [ids[1]]);
        let by_turn = t.read(async |r| r.list_proposals_by_turn(turn.id).await).await;
        assert_eq!(by_turn.iter().map(|row| row.id).collect::<Vec<_>>(), ids);
    }
}
