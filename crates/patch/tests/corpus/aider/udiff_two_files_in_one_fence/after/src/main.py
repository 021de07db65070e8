def main():
    group.add(
        "--version",
    )
    group.add(
        "--check",
    )
    group.add(
        "--apply",
    )
