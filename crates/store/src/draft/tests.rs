use atelier_base::ContentHash;

use crate::{DraftRow, DraftState};

both_engines! {
    async fn a_draft_is_listed_until_it_is_discarded(t) {
        let (workspace, other) = (t.workspace().await, t.workspace().await);
        let drafts: Vec<DraftRow> = (0..2).map(|_| t.draft(&workspace)).collect();
        let elsewhere = DraftRow { share_caches: false, ..t.draft(&other) };
        let turn = t.turn(&workspace).await;
        let proposal = t.proposal(&turn);
        let proposal_id = proposal.proposal.id;
        let standing = ContentHash::of(b"what it stands on");
        t.write(async |tx| {
            tx.insert_proposal(&proposal).await?;
            for row in drafts.iter().chain([&elsewhere]) {
                tx.insert_draft(row).await?;
            }
            tx.set_draft_proposed(drafts[0].id, proposal_id, standing).await
        })
        .await;
        let first = DraftRow {
            state: DraftState::Proposed,
            manifest_hash: standing,
            proposal_id: Some(proposal_id),
            ..drafts[0].clone()
        };
        assert_eq!(t.read(async |r| r.find_draft(first.id).await).await, Some(first.clone()));
        assert_eq!(t.read(async |r| r.find_draft(elsewhere.id).await).await, Some(elsewhere.clone()));
        assert_eq!(t.read(async |r| r.find_draft(t.id()).await).await, None);
        let listed = t.read(async |r| r.list_drafts(workspace.id).await).await;
        assert_eq!(listed, [drafts[1].clone(), first.clone()]);

        t.write(async |tx| tx.discard_draft(first.id).await).await;
        let gone = t.read(async |r| r.find_draft(first.id).await).await.unwrap();
        assert_eq!((gone.state, gone.proposal_id), (DraftState::Discarded, Some(proposal_id)));
        assert_eq!(t.read(async |r| r.list_drafts(workspace.id).await).await, [drafts[1].clone()]);
        assert_eq!(t.read(async |r| r.find_draft_of_proposal(proposal_id).await).await, Some(gone));
        assert_eq!(t.read(async |r| r.find_draft_of_proposal(t.id()).await).await, None);
        let kept = t.read(async |r| r.list_kept_drafts().await).await;
        assert_eq!(kept, [drafts[1].id, elsewhere.id]);
        t.write(async |tx| tx.delete_workspace(workspace.id).await).await;
        assert_eq!(t.read(async |r| r.list_kept_drafts().await).await, [elsewhere.id]);
    }
}
