//! Edit transactions on a real file system.

#[cfg(test)]
mod transaction {
    mod disk;
    pub(crate) mod ground;
    mod kill;
    mod race;
    mod refuse;
}
