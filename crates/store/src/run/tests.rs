use crate::{RunEnd, RunOutcome, RunRow, RunStatus};

both_engines! {
    async fn a_run_starts_and_ends_once(t) {
        let workspace = t.workspace().await;
        let run = t.run(&workspace);
        let end = RunEnd {
            outcome: RunOutcome::Signal,
            exit_code: Some(-1),
            signal: Some(9),
            reason: Some("killed".to_owned()),
            wall_ms: Some(12),
            cpu_ms: Some(3),
            peak_memory_bytes: Some(1 << 40),
            stdout_bytes: 5,
            stderr_bytes: 6,
            finished_at: t.now(),
        };
        let started_at = t.now();
        t.write(async |tx| {
            tx.insert_run(&run).await?;
            assert!(tx.start_run(run.id, started_at).await?);
            assert!(!tx.start_run(run.id, t.now()).await?);
            tx.set_run_stages(run.id, r#"[{"name":"run"}]"#).await?;
            assert!(tx.finish_run(run.id, &end).await?);
            assert!(!tx.finish_run(run.id, &end).await?);
            Ok(())
        })
        .await;
        let expected = RunRow {
            status: RunStatus::Finished,
            outcome: Some(RunOutcome::Signal),
            exit_code: Some(-1),
            signal: Some(9),
            reason: Some("killed".to_owned()),
            wall_ms: Some(12),
            cpu_ms: Some(3),
            peak_memory_bytes: Some(1 << 40),
            stdout_bytes: 5,
            stderr_bytes: 6,
            started_at: Some(started_at),
            finished_at: Some(end.finished_at),
            stages: r#"[{"name":"run"}]"#.to_owned(),
            ..run
        };
        assert_eq!(t.read(async |r| r.get_run(expected.id).await).await, expected);
    }

    async fn a_restart_interrupts_unfinished_runs(t) {
        let workspace = t.workspace().await;
        let runs: Vec<RunRow> = (0..3).map(|_| t.run(&workspace)).collect();
        let refused = RunEnd {
            outcome: RunOutcome::Refused,
            exit_code: None,
            signal: None,
            reason: None,
            wall_ms: None,
            cpu_ms: None,
            peak_memory_bytes: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
            finished_at: t.now(),
        };
        let at = t.now();
        let interrupted = t
            .write(async |tx| {
                for run in &runs {
                    tx.insert_run(run).await?;
                }
                tx.start_run(runs[0].id, at).await?;
                tx.finish_run(runs[1].id, &refused).await?;
                tx.interrupt_unfinished_runs(at).await
            })
            .await;
        let seen: Vec<_> = interrupted.iter().map(|r| (r.id, r.outcome, r.finished_at)).collect();
        let ended = (Some(RunOutcome::Interrupted), Some(at));
        assert_eq!(seen, [(runs[0].id, ended.0, ended.1), (runs[2].id, ended.0, ended.1)]);

        let page = async |before| {
            let runs = t.read(async |r| r.list_runs(workspace.id, before, 2).await).await;
            runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!(page(None).await, [runs[2].id, runs[1].id]);
        assert_eq!(page(Some(runs[1].id)).await, [runs[0].id]);
    }
}
