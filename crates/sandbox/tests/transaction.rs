//! Edit transactions on a real file system.

#[cfg(test)]
mod transaction {
    mod disk;
    mod fault;
    pub(crate) mod ground;
    mod kill;
    mod order;
    mod race;
    mod refuse;
    mod story;
    mod trace;
}
