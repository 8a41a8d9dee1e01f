//! A folder in memory, with all that is done to logs: names are apart from contents, and contents from who has them open.

use flate2::read::MultiGzDecoder;
use flate2::{Compression, write::GzEncoder};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _, Write as _};
use sumun_tap::{Files, Form, Found, Inode};

#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    modified_us: i64,
}

/// The folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(crate) names: BTreeMap<String, u64>,
    contents: BTreeMap<u64, Content>,
    /// Numbers of removed files, given again at once.
    free: Vec<u64>,
    next: u64,
    /// Held open by the follower.
    open: BTreeSet<u64>,
    pub(crate) now_us: i64,
}

pub(crate) const ACTIVE: &str = "access.log";

impl Folder {
    fn inode(&mut self) -> u64 {
        self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next
        })
    }

    fn tick(&mut self) -> i64 {
        self.now_us += 1000;
        self.now_us
    }

    pub(crate) fn append(&mut self, name: &str, bytes: &[u8]) {
        let now = self.tick();
        let inode = match self.names.get(name) {
            Some(inode) => *inode,
            None => {
                let inode = self.inode();
                self.names.insert(name.to_owned(), inode);
                self.contents.insert(inode, Content::default());
                inode
            }
        };
        let content = self.contents.get_mut(&inode).unwrap();
        content.bytes.extend_from_slice(bytes);
        content.modified_us = now;
    }

    pub(crate) fn content(&self, name: &str) -> Option<&Content> {
        self.contents.get(self.names.get(name)?)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(inode) = self.names.remove(name) {
            self.release(inode);
        }
    }

    /// A content goes once nobody has it, by name or open.
    fn release(&mut self, inode: u64) {
        let named = self.names.values().any(|other| *other == inode);
        if !named && !self.open.contains(&inode) && self.contents.remove(&inode).is_some() {
            self.free.push(inode);
        }
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(inode) = self.names.remove(from) {
            self.remove(to);
            self.names.insert(to.to_owned(), inode);
        }
    }

    pub(crate) fn copy(&mut self, from: &str, to: &str) {
        if let Some(content) = self.content(from).cloned() {
            self.remove(to);
            self.append(to, &content.bytes);
        }
    }

    pub(crate) fn truncate(&mut self, name: &str) {
        let now = self.tick();
        if let Some(inode) = self.names.get(name) {
            let content = self.contents.get_mut(inode).unwrap();
            content.bytes.clear();
            content.modified_us = now;
        }
    }

    /// As `gzip` does: the packed one is written beside it, then the plain one goes.
    pub(crate) fn gzip(&mut self, name: &str) {
        let Some(content) = self.content(name).cloned() else { return };
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(&content.bytes).unwrap();
        let packed = out.finish().unwrap();
        let to = format!("{name}.gz");
        self.remove(&to);
        self.append(&to, &packed);
        let inode = self.names[&to];
        self.contents.get_mut(&inode).unwrap().modified_us = content.modified_us;
        self.remove(name);
    }

    /// Whoever followed is gone, and what he had open with him.
    pub(crate) fn close_all(&mut self) {
        for inode in std::mem::take(&mut self.open) {
            self.release(inode);
        }
    }

    /// What a name holds, unpacked.
    pub(crate) fn text(&self, name: &str) -> Vec<u8> {
        let bytes = self.content(name).map(|content| content.bytes.clone()).unwrap_or_default();
        if !name.ends_with(".gz") || bytes.is_empty() {
            return bytes;
        }
        let mut text = Vec::new();
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
        text
    }

    fn standing(&self, path: &str, inode: u64) -> bool {
        self.names.get(path) == Some(&inode)
    }
}

impl Files for Folder {
    fn list(&mut self) -> io::Result<Vec<Found>> {
        let found = self.names.iter().map(|(name, inode)| {
            let content = &self.contents[inode];
            Found {
                path: name.clone(),
                inode: Inode { device: 1, number: *inode },
                size: content.bytes.len() as u64,
                modified_us: content.modified_us,
                active: name == ACTIVE,
                form: if name.ends_with(".gz") { Form::Gzip } else { Form::Plain },
            }
        });
        Ok(found.collect())
    }

    fn read(&mut self, path: &str, inode: Inode, form: Form, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let number = inode.number;
        if !self.standing(path, number) && !self.open.contains(&number) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let text = match form {
            Form::Plain => {
                self.open.insert(number);
                self.contents[&number].bytes.clone()
            }
            Form::Gzip | Form::Zstd => self.text(path),
        };
        let rest = text.get(usize::try_from(at).unwrap()..).unwrap_or_default();
        // Little at once, so that reads are put together.
        let len = rest.len().min(into.len()).min(37);
        into[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn forget(&mut self, inode: Inode) {
        self.open.remove(&inode.number);
        self.release(inode.number);
    }
}
