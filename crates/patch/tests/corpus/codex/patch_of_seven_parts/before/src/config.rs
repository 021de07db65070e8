struct Config;

impl Config {
    pub progress: bool,
    pub diagnostics: bool,
}

fn interval() -> Duration {
    Duration::from_millis(500)
}
