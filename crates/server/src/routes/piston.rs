//! What clients of Piston ask for.

use atelier_api::Code;
use atelier_api::piston::{
    PistonExecute, PistonFile, PistonResult, PistonRuntime, PistonRuntimes, PistonStage,
};
use atelier_base::WorkspacePath;
use atelier_domain as domain;
use atelier_domain::run::{ScratchFile, ScratchJob, StageLimits, StageResult};
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::Body;
use crate::http::error::{ApiError, ApiResult};

pub(super) async fn execute_piston(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<Value>,
) -> ApiResult<Json<PistonResult>> {
    let job = job(read(body)?)?;
    let done = app.domain.run_scratch(&ctx, job).await.map_err(told)?;
    let compile = done.compile.map(stage);
    // A program that was not compiled did not run either: its clients look for
    // what went wrong in `run` too.
    let run = done.run.map(stage).or_else(|| compile.clone());
    Ok(Json(PistonResult {
        language: done.language.as_str().to_owned(),
        version: done.version,
        run: run.ok_or_else(|| domain::Error::Internal("a job without a stage".to_owned()))?,
        compile,
    }))
}

pub(super) async fn list_piston_runtimes(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<PistonRuntimes>> {
    let found = app.domain.list_scratch_runtimes(&ctx).await?;
    let items = found.into_iter().map(|(runtime, version)| PistonRuntime {
        language: runtime.language.as_str().to_owned(),
        version,
        aliases: runtime
            .language
            .aliases()
            .iter()
            .map(|&alias| alias.to_owned())
            .collect(),
        runtime: runtime.program().to_owned(),
    });
    Ok(Json(PistonRuntimes(items.collect())))
}

/// Reads a request, with Piston's words for what is missing.
fn read(body: Value) -> ApiResult<PistonExecute> {
    let invalid = |message: String| ApiError::new(Code::Invalid, message);
    for field in ["language", "version"] {
        if body[field].as_str().is_none_or(str::is_empty) {
            return Err(invalid(format!("{field} is required as a string")));
        }
    }
    let Some(files) = body["files"].as_array() else {
        return Err(invalid("files is required as an array".to_owned()));
    };
    if let Some(at) = files.iter().position(|file| !file["content"].is_string()) {
        return Err(invalid(format!(
            "files[{at}].content is required as a string"
        )));
    }
    for stage in ["compile", "run"] {
        for limit in ["memory_limit", "timeout", "cpu_time"] {
            let field = format!("{stage}_{limit}");
            if !body[&field].is_null() && !body[&field].is_number() {
                return Err(invalid(format!("If specified, {field} must be a number")));
            }
        }
    }
    serde_json::from_value(body).map_err(|error| invalid(error.to_string()))
}

fn job(body: PistonExecute) -> ApiResult<ScratchJob> {
    let files = body.files.into_iter().enumerate();
    let files = files.map(|(at, given)| file(at, given));
    Ok(ScratchJob {
        language: body.language,
        version: body.version,
        files: files.collect::<ApiResult<_>>()?,
        stdin: body.stdin.unwrap_or_default(),
        args: body.args.unwrap_or_default(),
        compile: StageLimits {
            timeout_ms: number("compile_timeout", body.compile_timeout)?,
            cpu_ms: number("compile_cpu_time", body.compile_cpu_time)?,
            memory_bytes: number("compile_memory_limit", body.compile_memory_limit)?,
        },
        run: StageLimits {
            timeout_ms: number("run_timeout", body.run_timeout)?,
            cpu_ms: number("run_cpu_time", body.run_cpu_time)?,
            memory_bytes: number("run_memory_limit", body.run_memory_limit)?,
        },
    })
}

/// Reads a limit; 0 and -1 are none of its own.
fn number(field: &str, limit: Option<i64>) -> ApiResult<Option<u64>> {
    match limit {
        None | Some(0 | -1) => Ok(None),
        Some(limit) => u64::try_from(limit)
            .map(Some)
            .map_err(|_| ApiError::new(Code::Invalid, format!("{field} must be non-negative"))),
    }
}

fn file(at: usize, given: PistonFile) -> ApiResult<ScratchFile> {
    let name = given.name.filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| format!("file{at}.code"));
    let path = WorkspacePath::new(&name).map_err(|error| {
        ApiError::new(
            Code::Invalid,
            format!("files[{at}].name can't be used: {error}"),
        )
    })?;
    let coded = |bytes: Option<Vec<u8>>, encoding: &str| {
        let wrong = || {
            ApiError::new(
                Code::Invalid,
                format!("files[{at}].content is not {encoding}"),
            )
        };
        bytes.ok_or_else(wrong)
    };
    let (bytes, source) = match given.encoding.as_deref() {
        Some("base64") => (
            coded(STANDARD.decode(&given.content).ok(), "base64")?,
            false,
        ),
        Some("hex") => (coded(unhexed(&given.content), "hex")?, false),
        _ => (given.content.into_bytes(), true),
    };
    Ok(ScratchFile {
        path,
        bytes,
        source,
    })
}

fn unhexed(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let bytes = digits.chunks_exact(2);
    bytes
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
        .collect()
}

/// Says what is wrong with the input in the domain's own words.
fn told(error: domain::Error) -> ApiError {
    match error {
        domain::Error::Invalid { detail, .. } => ApiError::new(Code::Invalid, detail),
        other => other.into(),
    }
}

fn stage(done: StageResult) -> PistonStage {
    use domain::run::Outcome;
    let report = done.report;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let killed = report.exit_code.is_none() && report.outcome != Outcome::Ok;
    let (status, said) = match report.outcome {
        Outcome::Ok => (None, None),
        Outcome::Exit | Outcome::Pids => {
            let code = report.exit_code.unwrap_or_default();
            (Some("RE"), Some(format!("Exited with error status {code}")))
        }
        Outcome::Timeout => (Some("TO"), Some("Time limit exceeded".to_owned())),
        Outcome::Output => (Some("OL"), Some("Output limit exceeded".to_owned())),
        Outcome::Memory => (Some("SG"), Some("Memory limit exceeded".to_owned())),
        Outcome::Disk => (Some("SG"), Some("Disk limit exceeded".to_owned())),
        _ => (Some("SG"), Some("Caught fatal signal".to_owned())),
    };
    PistonStage {
        stdout: text(&done.stdout),
        stderr: text(&done.stderr),
        output: text(&done.output),
        code: report.exit_code,
        // What a limit ends is killed.
        signal: killed.then(|| signal_name(report.signal.unwrap_or(9))),
        message: report.reason.or(said),
        status: status.map(str::to_owned),
        cpu_time: report.cpu.map(millis),
        wall_time: millis(report.wall),
        memory: report.peak_memory_bytes,
    }
}

/// Returns a signal's name on Linux.
fn signal_name(number: i32) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
        "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
        "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    let place = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
    match place.and_then(|place| NAMES.get(place)) {
        Some(name) => format!("SIG{name}"),
        None => format!("SIG{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_and_signals_are_read_and_named() {
        assert_eq!(unhexed("00fFa1"), Some(vec![0, 255, 161]));
        assert_eq!((unhexed("0"), unhexed("0g")), (None, None));
        for (number, name) in [
            (9, "SIGKILL"),
            (11, "SIGSEGV"),
            (31, "SIGSYS"),
            (40, "SIG40"),
        ] {
            assert_eq!(signal_name(number), name);
        }
    }
}
