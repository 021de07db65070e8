fn run() {
    let args = Args::parse();
    dispatch(args)
}
