//! The same on a real disk, by hand: the kinds of rotation that `logrotate` and the like have.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use sumun_tap::{Begin, Disk, Follower, Options, Pattern, State};

struct Bench {
    folder: tempfile::TempDir,
    disk: Disk,
    follower: Follower,
    now_us: i64,
}

const OPTIONS: Options =
    Options { begin: Begin::End, line_bytes_max: 100, chunk_bytes: 64, chunk_lines: 10, settle_us: 1 };

fn disk(folder: &Path) -> Disk {
    Disk::new(Pattern::new(&folder.join("access.log")).unwrap(), None).unwrap()
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path());
        // Far behind every file's time: all of them have settled.
        Self { folder, disk, follower: Follower::new(OPTIONS, State::default()), now_us: i64::MAX / 2 }
    }

    fn append(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.folder.path().join(from), self.folder.path().join(to)).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn taken(&mut self) -> String {
        let mut text = Vec::new();
        for _ in 0..3 {
            self.follower.look(&mut self.disk, self.now_us).unwrap();
            while let Some(chunk) = self.follower.next(&mut self.disk, self.now_us) {
                if chunk.too_long {
                    text.extend_from_slice(b"(too long)\n");
                } else {
                    text.extend_from_slice(&chunk.bytes);
                }
                self.follower.commit(&chunk.step);
            }
            self.now_us += 10;
        }
        String::from_utf8(text).unwrap()
    }

    fn restart(&mut self) {
        let state = self.follower.state().clone();
        self.disk = disk(self.folder.path());
        self.follower = Follower::new(OPTIONS, state);
    }
}

#[test]
fn what_was_there_before_is_not_read_and_what_comes_is() {
    let mut bench = Bench::new();
    bench.append("access.log.1", "old\n");
    bench.append("access.log", "before\nhalf a");
    assert_eq!(bench.taken(), "");
    bench.append("access.log", " line\nnext\n");
    assert_eq!(bench.taken(), "half a line\nnext\n");
    bench.append("other.log", "not this\n");
    bench.append("access.log", &format!("{}\nshort\n", "y".repeat(500)));
    assert_eq!(bench.taken(), "(too long)\nshort\n");
}

#[test]
fn renamed_removed_and_packed_while_nobody_looked() {
    let mut bench = Bench::new();
    bench.append("access.log", "1\n");
    bench.taken();
    bench.append("access.log", "2\n");
    bench.rename("access.log", "access.log.1");
    bench.append("access.log", "4\n");
    bench.append("access.log.1", "3\n");
    assert_eq!(bench.taken(), "2\n3\n4\n");
    // Twice, with the program down, and packed by the real tool where there is one.
    bench.append("access.log", "5\n");
    bench.rename("access.log", "access.log.2");
    bench.append("access.log.1.new", "");
    bench.append("access.log", "6\n");
    let packed = std::process::Command::new("gzip").arg(bench.path("access.log.2")).status();
    assert!(packed.unwrap().success());
    bench.restart();
    assert_eq!(bench.taken(), "5\n6\n");
    assert_eq!(bench.follower.state().holes, 0);
    // Removed while it is open: read to its end all the same.
    bench.append("access.log", "7\n");
    fs::remove_file(bench.path("access.log")).unwrap();
    bench.append("access.log", "8\n");
    assert_eq!(bench.taken(), "7\n8\n");
    assert_eq!(bench.follower.state().holes, 0);
    // Removed while nobody has it open: told.
    bench.append("access.log", "9\n");
    bench.restart();
    fs::remove_file(bench.path("access.log")).unwrap();
    bench.append("access.log", "10\n");
    assert_eq!(bench.taken(), "10\n");
    assert_eq!(bench.follower.state().holes, 1);
}

#[test]
fn copied_and_cut() {
    let mut bench = Bench::new();
    bench.append("access.log", "1\n");
    bench.taken();
    bench.append("access.log", "2\n");
    fs::copy(bench.path("access.log"), bench.path("access.log.1")).unwrap();
    assert_eq!(bench.taken(), "2\n", "the copy is none of its own while the original stands");
    bench.append("access.log", "3\n");
    fs::copy(bench.path("access.log"), bench.path("access.log.1")).unwrap();
    fs::File::create(bench.path("access.log")).unwrap();
    bench.append("access.log", "4, longer than all that stood there before\n");
    assert_eq!(bench.taken(), "3\n4, longer than all that stood there before\n");
    assert_eq!(bench.follower.state().holes, 0);
    fs::File::create(bench.path("access.log")).unwrap();
    bench.append("access.log", "5\n");
    assert_eq!(bench.taken(), "5\n");
    assert_eq!(bench.follower.state().holes, 1, "cut, and no copy: something may be lost");
    let losses = bench.follower.losses();
    assert_eq!(losses.len(), 1, "{losses:?}");
}

#[test]
fn a_file_that_comes_back_goes_on() {
    let mut bench = Bench::new();
    bench.append("access.log", "1\n");
    bench.taken();
    bench.append("access.log", "2\n");
    assert_eq!(bench.taken(), "2\n");
    let outside = tempfile::tempdir().unwrap();
    fs::copy(bench.path("access.log"), outside.path().join("kept")).unwrap();
    fs::remove_file(bench.path("access.log")).unwrap();
    assert_eq!(bench.taken(), "");
    fs::copy(outside.path().join("kept"), bench.path("access.log")).unwrap();
    bench.append("access.log", "3\n");
    assert_eq!(bench.taken(), "3\n");
}

#[test]
fn packed_with_zstd_in_one_frame_or_several_and_what_breaks_off_is_a_hole() {
    let pack =
        |text: &[u8]| ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest);
    let mut bench = Bench::new();
    bench.append("access.log", "1\n");
    bench.taken();
    bench.append("access.log", "2\n3\n");
    let whole = fs::read(bench.path("access.log")).unwrap();
    bench.append("access.log", "4\n");
    let frames = [pack(&whole), pack(b"4\n")].concat();
    fs::write(bench.path("access.log.1.zst"), &frames).unwrap();
    fs::remove_file(bench.path("access.log")).unwrap();
    bench.append("access.log", "5\n");
    bench.restart();
    assert_eq!(bench.taken(), "2\n3\n4\n5\n");
    assert_eq!(bench.follower.state().holes, 0);
    // Cut in its second frame.
    bench.append("access.log", "6\n");
    let whole = fs::read(bench.path("access.log")).unwrap();
    let frames = [pack(&whole), pack(b"7, which is lost\n")].concat();
    fs::write(bench.path("access.log.2.zst"), &frames[..frames.len() - 5]).unwrap();
    fs::remove_file(bench.path("access.log")).unwrap();
    bench.append("access.log", "8\n");
    bench.restart();
    assert_eq!(bench.taken(), "6\n8\n");
    assert_eq!(bench.follower.state().holes, 1);
}

#[test]
fn packed_files_are_read_by_turns_each_in_its_own_order() {
    let mut bench = Bench::new();
    bench.append("access.log", "now\n");
    let options = Options { begin: Begin::Start, ..OPTIONS };
    let mut wanted = std::collections::BTreeMap::new();
    for n in 1..=3_u64 {
        let name = format!("access.log.{n}");
        let text: String = (0..400).map(|line| format!("{n} {line}\n")).collect();
        bench.append(&name, &text);
        assert!(std::process::Command::new("gzip").arg(bench.path(&name)).status().unwrap().success());
        wanted.insert(n.to_string(), text);
    }
    let mut follower = Follower::new(options, State::default());
    follower.look(&mut bench.disk, bench.now_us).unwrap();
    let numbers: Vec<u64> = follower.state().files.iter().map(|file| file.number).collect();
    assert_eq!(numbers.len(), 4);
    let mut read: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    let mut moved = true;
    while std::mem::take(&mut moved) {
        for number in &numbers {
            if let Some(chunk) = follower.next_of(&mut bench.disk, *number, bench.now_us) {
                let text = String::from_utf8(chunk.bytes).unwrap();
                read.entry(text.split(' ').next().unwrap().to_owned()).or_default().push_str(&text);
                follower.commit(&chunk.step);
                moved = true;
            }
        }
    }
    read.remove("now\n");
    assert!(read == wanted);
}
