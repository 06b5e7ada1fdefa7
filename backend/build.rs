//! Rebuilds the binary when the built web app changes, so that it never carries an old one.

fn main() {
    println!("cargo:rerun-if-changed=../clients/web/dist");
    println!("cargo:rerun-if-changed=../migrations/sqlite");
}
