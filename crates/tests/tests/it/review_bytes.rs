//! What a review puts into the files and takes out again, byte for byte:
//! content that is not text, declared encodings, modes, odd names.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use atelier_api::Code;
use atelier_api::proposal::{Change, HunkKind, Proposal};
use atelier_tests::on_both_engines;

use super::edits::search_replace;

const PICTURE: &[u8] = b"\0\x01\x02one\xff\n";
const LATER: &[u8] = b"\0\x01\x02two\xfe\n more \0";

/// As `git diff --binary --full-index` writes it: makes `new.bin`, changes
/// `pic.bin` from [`PICTURE`] to [`LATER`].
const BINARY: &str = "\
diff --git a/new.bin b/new.bin
new file mode 100644
index 0000000000000000000000000000000000000000..eed02ecce6344d4cc7fbf09e4c348c06b60c8eaf
GIT binary patch
literal 6
Ncmex=gCQ@q8~_Z%10nzb

literal 0
HcmV?d00001

diff --git a/pic.bin b/pic.bin
index f10c886380bb5cd750c14b45b0e8925be7a65217..caceefbf36c291a93619916377b1b6699912757b 100644
GIT binary patch
literal 15
WcmZQzWGX4o|Hq|}n_rZwzyJUtC<Ivm

literal 8
PcmZQzWXjJ={m%se2Q>mu

";

on_both_engines! {
    async fn content_that_is_not_text_goes_in_and_out(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", "1\n")]).await.id;
        owner.sh(workspace, r"printf '\000\001\002one\377\n' > pic.bin").await;
        let before = app.disk(workspace);
        assert_eq!(before["pic.bin"].as_deref(), Some(PICTURE));
        let proposal = owner.propose(workspace, BINARY).await;
        let kinds: Vec<_> = proposal.files.iter().map(|file| (file.binary, file.hunks[0].kind, file.after.is_none())).collect();
        assert_eq!(kinds, [(true, HunkKind::Create, true), (true, HunkKind::Binary, true)]);
        assert_eq!((proposal.files[1].before_bytes, proposal.files[1].after_bytes), (Some(8), Some(15)));
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        let after = app.disk(workspace);
        assert_eq!((after["new.bin"].as_deref(), after["pic.bin"].as_deref()), (Some(b"\xff\xd8\0new".as_slice()), Some(LATER)));
        owner.undo(proposal.summary.id).await.ok::<Proposal>();
        assert_eq!(app.disk(workspace), before);

        // Of another content it is no patch, and later edits are not overwritten.
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        owner.sh(workspace, r"printf '\000mine' > pic.bin").await;
        let mine = app.disk(workspace);
        owner.undo(proposal.summary.id).await.refused(Code::MergeConflict);
        assert_eq!(app.disk(workspace), mine);
    }

    async fn a_declared_encoding_is_shown_as_text_and_kept(app) {
        let owner = app.owner();
        let declared = "root = true\n[*.txt]\ncharset = latin1\n";
        let workspace = owner.workspace_with("a", &[(".editorconfig", declared)]).await.id;
        owner.sh(workspace, r"printf 'caf\351\r\nbar\nna\357f' > menu.txt").await;
        let before = app.disk(workspace);
        let proposal = owner.propose(workspace, &search_replace("menu.txt", "café", "thé")).await;
        let file = &proposal.files[0];
        let texts = (file.before.as_deref(), file.after.as_deref());
        assert_eq!(texts, (Some("café\r\nbar\nnaïf"), Some("thé\r\nbar\nnaïf")), "{}", file.encoding);
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        assert_eq!(app.disk(workspace)["menu.txt"].as_deref(), Some(b"th\xe9\r\nbar\nna\xeff".as_slice()));
        owner.sh(workspace, r"printf '\nno\353l' >> menu.txt").await;
        owner.undo(proposal.summary.id).await.ok::<Proposal>();
        assert_eq!(app.disk(workspace)["menu.txt"].as_deref(), Some(b"caf\xe9\r\nbar\nna\xeff\nno\xebl".as_slice()), "merged with what was written since");

        owner.sh(workspace, r"printf 'caf\351\r\nbar\nna\357f' > menu.txt").await;
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        owner.undo(proposal.summary.id).await.ok::<Proposal>();
        assert_eq!(app.disk(workspace), before);
    }

    async fn a_file_that_moves_and_changes_keeps_its_mode(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("tool", "one\ntwo\nthree\n")]).await.id;
        let files = app.files_of(workspace);
        let mode = |name: &str| fs::metadata(files.join(name)).unwrap().permissions().mode() & 0o777;
        fs::set_permissions(files.join("tool"), Permissions::from_mode(0o750)).unwrap();
        let patch = "diff --git a/tool b/bin/tool\nsimilarity index 70%\nrename from tool\nrename to bin/tool\n--- a/tool\n+++ b/bin/tool\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
        let id = owner.propose(workspace, patch).await.summary.id;
        owner.apply(id).await.ok::<Proposal>();
        assert_eq!((owner.text(workspace, "bin/tool").await.as_str(), mode("bin/tool")), ("one\nTWO\nthree\n", 0o750));
        owner.undo(id).await.ok::<Proposal>();
        assert_eq!((owner.text(workspace, "tool").await.as_str(), mode("tool")), ("one\ntwo\nthree\n", 0o750));
    }

    async fn spaces_at_the_end_of_a_name_are_the_names(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("x ", "1\n"), ("x", "1\n"), ("é ", "1\n")]).await.id;
        let before = app.disk(workspace);
        let edit = |head: &str| format!("{head}\n@@ -1 +1 @@\n-1\n+2\n");
        let patch = [
            edit("diff --git a/x  b/x \n--- a/x \t\n+++ b/x \t"),
            edit("diff --git \"a/\\303\\251 \" \"b/\\303\\251 \"\n--- \"a/\\303\\251 \"\n+++ \"b/\\303\\251 \""),
        ].concat();
        let proposal = owner.propose(workspace, &patch).await;
        let paths: Vec<&str> = proposal.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["x ", "é "]);
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        let after = app.disk(workspace);
        let texts = ["x ", "x", "é "].map(|name| after[name].as_deref());
        assert_eq!(texts, [Some(b"2\n".as_slice()), Some(b"1\n"), Some(b"2\n")]);
        owner.undo(proposal.summary.id).await.ok::<Proposal>();
        assert_eq!(app.disk(workspace), before);

        let renamed = "diff --git a/x  b/y \nsimilarity index 100%\nrename from x \nrename to y \n";
        let proposal = owner.propose(workspace, renamed).await;
        let file = &proposal.files[0];
        assert_eq!((file.change, file.from_path.as_deref(), file.path.as_str()), (Change::Rename, Some("x "), "y "));
    }
}
