//! Makes cargo look again when the front end is built: the derive that embeds
//! `web/dist` only tracks the files it found the last time.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
