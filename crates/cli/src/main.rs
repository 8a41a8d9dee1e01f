//! The `sumun` binary. All of it is in the library beside it, so that benches and tests can reach the parts.

fn main() -> std::process::ExitCode {
    sumun_cli::main()
}
