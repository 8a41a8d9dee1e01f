//! Has the console's files embedded anew when they were built anew. Where they are missing, nothing is: see `console_files`.

fn main() {
    // A debug build reads them from the disk.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        // What is missing cannot be watched: all would be built anew each time.
        let _ = std::fs::create_dir_all("../../console/dist");
        println!("cargo::rerun-if-changed=../../console/dist");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
