fn run() {
    let cli = Cli::parse();
    dispatch(cli)
}
