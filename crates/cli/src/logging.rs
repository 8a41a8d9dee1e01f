//! Log lines: to standard error, filtered by `SUMUN_LOG`.
//!
//! A short command writes them at once. A role hands them to a thread: whoever logs never waits for whoever reads. A
//! queue of bounded size stands between; lines that find it full are dropped, counted, and the count is written as soon
//! as there is room. A line that cannot be written at all (standard error closed, its reader gone) is given up: logging
//! never ends a process and never panics.
//!
//! Never here: what an event log holds. Log lines may be lost; records may not.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use tracing::error;
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that wait for a slow reader: some ten thousand lines, more than any start or edit causes.
const QUEUE_BYTES_MAX: usize = 2 << 20;
/// Lines that wait; each costs its allocation beside its bytes.
const QUEUE_LINES_MAX: usize = 16 * 1024;
/// How long the end of a process waits for lines not yet written.
const FLUSH_AT_EXIT_MAX: Duration = Duration::from_secs(1);
/// How long a process that must end because a thread panicked waits for the line that says so.
const FLUSH_AT_PANIC_MAX: Duration = Duration::from_millis(100);
/// Threads without which a role only seems to run. Their panic ends the process, so that a supervisor starts it anew.
const VITAL_THREADS: [&str; 3] = ["housekeeper", "spool-drain", "log-sync"];
/// Exit code after a panic of a vital thread; the same that Rust gives when `main` panics.
const PANICKED: i32 = 101;

/// The queue of the role that runs in this process, if one does.
static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// Log lines of a command that soon ends: written at once.
pub(crate) fn start_for_command() {
    builder().with_writer(io::stderr).init();
}

/// Log lines of a role: queued for a thread. A panic is a log line too, and ends the process if the thread is vital.
///
/// Dropping what is returned waits up to a second for lines not yet written.
pub(crate) fn start_for_role() -> io::Result<Flush> {
    // A handle of its own: a write that hangs must not hold the lock that `eprintln!` takes.
    let target = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let queue = Arc::new(Queue::default());
    let lines = Arc::clone(&queue);
    thread::Builder::new().name("log-lines".to_owned()).spawn(move || lines.write_to(target))?;
    let _ = QUEUE.set(Arc::clone(&queue));
    builder().with_writer(ToQueue(queue)).init();
    std::panic::set_hook(Box::new(on_panic));
    Ok(Flush)
}

fn builder() -> tracing_subscriber::fmt::SubscriberBuilder<
    tracing_subscriber::fmt::format::DefaultFields,
    tracing_subscriber::fmt::format::Format,
    tracing_subscriber::EnvFilter,
> {
    let filter = tracing_subscriber::EnvFilter::try_from_env(crate::config::LOG_FILTER_VARIABLE)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        // What says that a line could not be written would panic where it cannot be written either.
        .log_internal_errors(false)
}

/// Says something on standard error: by way of the queue if a role runs here, as its thread may be stuck in a write.
pub(crate) fn say(text: &str) {
    match QUEUE.get() {
        Some(queue) => queue.put(text.as_bytes()),
        // If stderr is gone there is nobody left to tell.
        None => drop(io::stderr().write_all(text.as_bytes())),
    }
}

/// Waits at its end for lines not yet written.
#[derive(Debug)]
pub(crate) struct Flush;

impl Drop for Flush {
    fn drop(&mut self) {
        if let Some(queue) = QUEUE.get() {
            queue.flush(FLUSH_AT_EXIT_MAX);
        }
    }
}

fn on_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let what = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let current = thread::current();
    let name = current.name().unwrap_or("without a name");
    // Empty unless RUST_BACKTRACE asks for it.
    let trace = std::backtrace::Backtrace::capture();
    let trace = if trace.status() == std::backtrace::BacktraceStatus::Captured {
        format!("\n{trace}")
    } else {
        String::new()
    };
    let vital = VITAL_THREADS.contains(&name);
    let end = if vital { "; nothing works without it: this process ends" } else { "" };
    error!("A fault in Sumun itself: thread `{name}` panicked at {place}: {what}{end}{trace}");
    if vital {
        if let Some(queue) = QUEUE.get() {
            queue.flush(FLUSH_AT_PANIC_MAX);
        }
        std::process::exit(PANICKED);
    }
}

/// Lines between those who log and the thread that writes.
#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    /// There is something to write.
    more: Condvar,
    /// All is written.
    idle: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Lines dropped since the last one that was taken in.
    dropped: u64,
    /// The thread is at a write.
    writing: bool,
}

impl Queue {
    /// A panic under this lock could only come from an allocation; the state is whole before and after each.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line in, or counts it as dropped. Never waits for a write.
    fn put(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.lines.len() >= QUEUE_LINES_MAX || state.bytes + line.len() > QUEUE_BYTES_MAX {
            state.dropped += 1;
            return;
        }
        if let Some(notice) = state.notice() {
            state.push(notice);
        }
        state.push(line.to_vec());
        drop(state);
        self.more.notify_one();
    }

    /// The next line to write, or the count of those dropped if they were the last; waits until there is one.
    fn take(&self) -> Vec<u8> {
        let mut state = self.lock();
        state.writing = false;
        loop {
            let next = match state.lines.pop_front() {
                Some(line) => {
                    state.bytes -= line.len();
                    Some(line)
                }
                None => state.notice(),
            };
            if let Some(line) = next {
                state.writing = true;
                return line;
            }
            self.idle.notify_all();
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write_to(&self, mut target: impl Write) {
        loop {
            let line = self.take();
            // Given up; the next one may pass.
            let _ = target.write_all(&line);
        }
    }

    fn flush(&self, at_most: Duration) {
        let state = self.lock();
        let _ = self
            .idle
            .wait_timeout_while(state, at_most, |state| state.writing || !state.lines.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
    }
}

impl State {
    fn push(&mut self, line: Vec<u8>) {
        self.bytes += line.len();
        self.lines.push_back(line);
    }

    fn notice(&mut self) -> Option<Vec<u8>> {
        let dropped = std::mem::take(&mut self.dropped);
        (dropped > 0).then(|| {
            format!("log lines dropped here, because nobody read standard error: {dropped}\n").into_bytes()
        })
    }
}

/// Gives each event's line to the queue.
struct ToQueue(Arc<Queue>);

struct Line<'a>(&'a Queue);

impl<'a> MakeWriter<'a> for ToQueue {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    use std::sync::mpsc;

    #[test]
    fn a_full_queue_drops_and_says_how_many() {
        let queue = Queue::default();
        let line = vec![b'x'; QUEUE_BYTES_MAX / 4];
        for _ in 0..7 {
            queue.put(&line);
        }
        // The notice stands where the lines are missing.
        assert_eq!(queue.take(), line);
        queue.put(b"after\n");
        for _ in 0..3 {
            assert_eq!(queue.take(), line);
        }
        let notice = queue.take();
        assert!(String::from_utf8_lossy(&notice).ends_with("standard error: 3\n"));
        assert_eq!(queue.take(), b"after\n");
        // And if nothing is logged after them, it comes by itself.
        for _ in 0..5 {
            queue.put(&line);
        }
        for _ in 0..4 {
            queue.take();
        }
        assert!(String::from_utf8_lossy(&queue.take()).ends_with("standard error: 1\n"));
    }

    /// Never takes a byte until told to.
    struct Stuck(mpsc::Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whoever_logs_and_whoever_ends_waits_for_no_reader() {
        let queue = Arc::new(Queue::default());
        let (release, stuck) = mpsc::channel();
        let lines = Arc::clone(&queue);
        thread::spawn(move || lines.write_to(Stuck(stuck)));
        // Would never return if a full queue were waited for.
        for _ in 0..3 * QUEUE_LINES_MAX {
            queue.put(b"a line\n");
        }
        assert!(queue.lock().dropped > 0);
        queue.flush(Duration::from_millis(1));
        assert!(queue.lock().writing || !queue.lock().lines.is_empty());
        // A write that fails is given up, and those behind it are tried.
        drop(release);
        queue.flush(Duration::from_secs(60));
        assert!(queue.lock().lines.is_empty());
    }

    /// Only does something in the process that the test below starts.
    #[test]
    fn child_of_the_next() {
        let Ok(name) = std::env::var("SUMUN_TEST_PANICKING_THREAD") else { return };
        let flush = start_for_role().unwrap();
        let panics = || -> () { panic!("made up") };
        let _ = thread::Builder::new().name(name).spawn(panics).unwrap().join();
        error!("going on");
        drop(flush);
    }

    #[test]
    fn a_panic_of_a_vital_thread_ends_the_process_and_any_other_is_told() {
        let run = |name: &str| {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "logging::tests::child_of_the_next", "--nocapture"])
                .env("SUMUN_TEST_PANICKING_THREAD", name)
                .env_remove("RUST_BACKTRACE")
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut said = String::new();
            BufReader::new(child.stderr.take().unwrap()).read_to_string(&mut said).unwrap();
            (child.wait().unwrap().code().unwrap(), said)
        };
        for name in VITAL_THREADS {
            let (code, said) = run(name);
            assert_eq!(code, PANICKED, "{said}");
            assert!(
                said.contains(&format!("thread `{name}` panicked at ")) && said.contains("made up"),
                "{said}"
            );
            assert!(said.contains("this process ends") && !said.contains("going on"), "{said}");
        }
        let (code, said) = run("of-one-request");
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("thread `of-one-request` panicked at ") && said.contains("going on"), "{said}");
        assert_eq!(said.as_bytes().lines().count(), 2, "{said}");
    }
}
