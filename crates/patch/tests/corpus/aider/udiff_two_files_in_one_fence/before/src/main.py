def main():
    group.add(
        "--version",
    )
    group.add(
        "--apply",
    )
