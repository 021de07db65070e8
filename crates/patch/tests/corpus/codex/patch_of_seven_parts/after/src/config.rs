struct Config;

impl Config {
    pub stream_progress: bool,
    pub diagnostics: bool,
}

fn interval() -> Duration {
    Duration::from_millis(250)
}
