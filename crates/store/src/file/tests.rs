use atelier_base::{ErrorKind, FileId, Ids};

use crate::harness::path;
use crate::{Error, FileKind, FileStat, Unique};

fn paths<'a>(files: impl IntoIterator<Item = &'a crate::FileRow>) -> Vec<&'a str> {
    files.into_iter().map(|file| file.path.as_str()).collect()
}

both_engines! {
    async fn the_tree_is_listed_by_the_bytes_of_its_paths(t) {
        let workspace = t.workspace().await;
        let other = t.workspace().await;
        t.files(&other, &["a", "z"]).await;
        // An order that most collations of Postgres would not keep.
        let sorted = ["B.txt", "a", "a-b", "a.b", "a/b", "a/c/d", "a0", "b", "ä"];
        let mut made = t.files(&workspace, &sorted).await;
        made.sort_by_key(|file| file.path.clone());
        assert_eq!(paths(&made), sorted);

        let page = async |after: Option<&str>| {
            let after = after.map(path);
            t.read(async |r| r.list_live(workspace.id, after.as_ref(), 4).await).await
        };
        assert_eq!(page(None).await, made[..4]);
        assert_eq!(page(Some("a.b")).await, made[4..8]);
        assert_eq!(page(Some("b")).await, made[8..]);
        let below = t.read(async |r| r.list_under(workspace.id, &path("a")).await).await;
        assert_eq!(paths(&below), ["a/b", "a/c/d"]);
        assert_eq!(t.read(async |r| r.count_live(workspace.id).await).await, 9);

        let all = t.read(async |r| r.list_live_all(workspace.id).await).await;
        assert_eq!(all.len(), 9);
        let (first, row) = (&all[0], &made[0]);
        assert_eq!((first.id, &first.path, first.kind), (row.id, &row.path, FileKind::File));
        assert_eq!((first.size_bytes, first.inode), (row.size_bytes, u64::MAX));
        assert_eq!((first.modified_ns, first.executable), (row.modified_ns, false));
        assert_eq!(first.current_version_id, row.current_version_id);
        assert_eq!(first.content_hash, Some(atelier_base::ContentHash::of(b"B.txt")));
        let at = async |at: &str| t.read(async |r| r.find_live(workspace.id, &path(at)).await).await;
        assert_eq!(at("B.txt").await.as_ref(), Some(first));
        assert_eq!(at("a/none").await, None);
        let under = t.read(async |r| r.list_live_under(workspace.id, &path("a")).await).await;
        assert_eq!(under, all[4..6]);
    }

    async fn a_file_is_found_by_id_and_by_path(t) {
        let workspace = t.workspace().await;
        let made = t.files(&workspace, &["src/main.rs"]).await;
        let by_path = t
            .read(async |r| r.find_live_by_path(workspace.id, &path("src/main.rs")).await)
            .await;
        assert_eq!(by_path.as_ref(), Some(&made[0]));
        assert_eq!(t.read(async |r| r.get_file(made[0].id).await).await, made[0]);
        assert_eq!(t.read(async |r| r.find_file(made[0].id).await).await, by_path);
        assert_eq!(t.read(async |r| r.find_file(t.id()).await).await, None);
        let missing: Result<_, Error> = t.store.read(async |r| r.get_file(t.id()).await).await;
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    }

    async fn a_folder_moves_with_all_below_it_and_nothing_beside_it(t) {
        let workspace = t.workspace().await;
        let mut folder = t.file(workspace.id, "ä");
        folder.kind = FileKind::Directory;
        t.write(async |tx| tx.insert_files(&[folder]).await).await;
        t.files(&workspace, &["ä/b", "ä/b/c", "ä-b", "ä0", "x"]).await;
        let moved = t
            .write(async |tx| {
                tx.rename_under(workspace.id, &path("ä"), &path("new/place")).await
            })
            .await;
        assert_eq!(moved, 3);
        let tree = t.read(async |r| r.list_live(workspace.id, None, 10).await).await;
        assert_eq!(
            paths(&tree),
            ["new/place", "new/place/b", "new/place/b/c", "x", "ä-b", "ä0"]
        );

        let error = t
            .write_fails(async |tx| {
                tx.set_path(tree[3].id, &path("new/x")).await?;
                tx.set_path(tree[3].id, &path("ä0")).await
            })
            .await;
        assert!(matches!(error, Error::Taken { what: Unique::FilePath }), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let x = t.read(async |r| r.get_file(tree[3].id).await).await;
        assert_eq!(x.path, path("x"), "the first rename was rolled back with the second");
    }

    async fn deleted_files_are_listed_and_come_back(t) {
        let workspace = t.workspace().await;
        let made = t.files(&workspace, &["a", "d/a", "d/b", "da"]).await;
        let (first, second) = (t.now(), t.now());
        t.write(async |tx| {
            tx.mark_deleted(made[0].id, first).await?;
            tx.mark_deleted(made[0].id, second).await?;
            assert_eq!(tx.mark_deleted_under(workspace.id, &path("d"), second).await?, 2);
            Ok(())
        })
        .await;
        let tree = t.read(async |r| r.list_live(workspace.id, None, 10).await).await;
        assert_eq!(paths(&tree), ["da"]);
        let page = async |before: Option<(_, FileId)>| {
            t.read(async |r| r.list_deleted(workspace.id, before, 2).await).await
        };
        let newest = page(None).await;
        assert_eq!(paths(&newest), ["d/b", "d/a"]);
        let oldest = page(Some((second, newest[1].id))).await;
        assert_eq!(paths(&oldest), ["a"]);
        assert_eq!(oldest[0].deleted_at, Some(first), "its first deletion counts");

        let under = async |text: &str, at| {
            let folder = path(text);
            let files = t
                .read(async |r| r.list_deleted_under(workspace.id, &folder, at).await)
                .await;
            files.into_iter().map(|file| file.path.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(under("d", second).await, ["d/a", "d/b"]);
        assert_eq!(under("d", first).await, Vec::<String>::new(), "another deletion");
        assert_eq!(under("a", first).await, ["a"]);

        // Another file took the path meanwhile.
        t.files(&workspace, &["a"]).await;
        let error = t.write_fails(async |tx| tx.restore_file(made[0].id).await).await;
        assert!(matches!(error, Error::Taken { what: Unique::FilePath }), "{error:?}");
        t.write(async |tx| tx.restore_file(made[1].id).await).await;
        let tree = t.read(async |r| r.list_live(workspace.id, None, 10).await).await;
        assert_eq!(paths(&tree), ["a", "d/a", "da"]);
    }

    async fn a_file_gets_a_new_version_and_a_new_stat(t) {
        let workspace = t.workspace().await;
        let file = t.files(&workspace, &["a"]).await.remove(0);
        let transaction = t.transaction(&workspace);
        let version = t.version(&file, transaction.id, b"new");
        let stat = FileStat { size_bytes: 3, modified_ns: -1, inode: 5, executable: true };
        t.write(async |tx| {
            tx.insert_transaction(&transaction).await?;
            tx.insert_version(&version).await?;
            tx.set_current(file.id, version.id, &stat).await
        })
        .await;
        let changed = t.read(async |r| r.get_file(file.id).await).await;
        assert_eq!(changed.current_version_id, Some(version.id));
        assert_eq!((changed.size_bytes, changed.modified_ns), (3, -1));
        assert_eq!((changed.inode, changed.executable), (5, true));

        let touched = FileStat { modified_ns: 7, inode: 8, ..stat };
        t.write(async |tx| {
            tx.set_stat(file.id, &touched).await?;
            tx.set_language(file.id, Some("python")).await
        })
        .await;
        let language = Some("python".to_owned());
        let expected = crate::FileRow { modified_ns: 7, inode: 8, language, ..changed };
        assert_eq!(t.read(async |r| r.get_file(file.id).await).await, expected);
        let error = t.write_fails(async |tx| tx.set_stat(t.id(), &stat).await).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);

        t.write(async |tx| tx.clear_current(file.id, &stat).await).await;
        let outgrown = crate::FileRow { current_version_id: None, modified_ns: -1, inode: 5, ..expected };
        assert_eq!(t.read(async |r| r.get_file(file.id).await).await, outgrown);
    }

    async fn twenty_thousand_files_are_imported_at_once(t) {
        let workspace = t.workspace().await;
        let transaction = t.transaction(&workspace);
        let ids = Ids::system();
        let (files, versions): (Vec<_>, Vec<_>) = (0..20_000)
            .map(|n| {
                let mut file = t.file(workspace.id, &format!("dir{}/file{n}.txt", n % 100));
                file.id = ids.next();
                let version = t.version(&file, transaction.id, &[1]);
                file.current_version_id = Some(version.id);
                (file, version)
            })
            .unzip();
        t.write(async |tx| {
            tx.insert_transaction(&transaction).await?;
            tx.insert_files(&files).await?;
            tx.insert_versions(&versions).await
        })
        .await;
        let all = t.read(async |r| r.list_live_all(workspace.id).await).await;
        assert_eq!(all.len(), 20_000);
        assert!(all.is_sorted_by(|a, b| a.path < b.path));
    }

    async fn env_files_are_found_at_any_depth(t) {
        let workspace = t.workspace().await;
        t.files(&workspace, &[".env", "a/.env.local", "a/b.env", "a/env", "xenv", "z/.environment"]).await;
        let found = async |limit| {
            let rows = t.read(async |r| r.list_live_env_files(workspace.id, limit).await).await;
            assert!(rows.iter().all(|row| row.kind == FileKind::File));
            rows.iter().map(|row| row.path.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(found(9).await, [".env", "a/.env.local", "z/.environment"]);
        assert_eq!(found(1).await, [".env"]);
    }
}
