//! Reading, listing, importing and cloning on a real file system.

#[cfg(test)]
mod files {
    mod archive;
    mod clone;
    mod copy;
    mod follow;
    mod ground;
    mod read;
    mod server;
    mod unzip;
    mod walk;
}
