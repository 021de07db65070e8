//! Crashes after every step of a commit.
