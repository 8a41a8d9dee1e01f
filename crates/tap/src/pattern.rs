//! File names by pattern: `*` for any characters, `?` for one, in the last part of the path only.

use std::path::{Path, PathBuf};

/// Why a pattern is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No name.
    #[error("`{0}` names no file; write a path such as `/var/log/nginx/access.log`")]
    NoName(String),
    /// A sign where none may stand.
    #[error(
        "`{0}` has `*` or `?` in a folder's name; only the file's name may have them: follow each folder by itself"
    )]
    Folder(String),
}

/// A folder and a pattern of names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The folder.
    pub folder: PathBuf,
    name: String,
}

impl Pattern {
    /// Reads one.
    ///
    /// # Errors
    /// It names no file, or has its signs in the wrong place.
    pub fn new(path: &Path) -> Result<Self, PatternError> {
        let shown = path.display().to_string();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| PatternError::NoName(shown.clone()))?.to_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if folder.to_string_lossy().contains(['*', '?']) {
            return Err(PatternError::Folder(shown));
        }
        Ok(Self { folder: folder.to_owned(), name })
    }

    /// What a rotation makes of such names: something behind them.
    #[must_use]
    pub fn rotated(&self) -> Self {
        Self { folder: self.folder.clone(), name: format!("{}?*", self.name) }
    }

    /// The path, its signs included.
    #[must_use]
    pub fn shown(&self) -> String {
        self.folder.join(&self.name).display().to_string()
    }

    /// Whether a name in the folder fits.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        let (pattern, name): (Vec<char>, Vec<char>) = (self.name.chars().collect(), name.chars().collect());
        let (mut p, mut n) = (0, 0);
        // Where the last star stands, and up to where it reaches.
        let mut star: Option<(usize, usize)> = None;
        while let Some(c) = name.get(n) {
            match (pattern.get(p), star) {
                (Some('*'), _) => {
                    star = Some((p, n));
                    p += 1;
                }
                (Some(wanted), _) if *wanted == '?' || wanted == c => {
                    p += 1;
                    n += 1;
                }
                (_, Some((at, reach))) => {
                    star = Some((at, reach + 1));
                    p = at + 1;
                    n = reach + 1;
                }
                _ => return false,
            }
        }
        pattern.get(p..).is_some_and(|rest| rest.iter().all(|sign| *sign == '*'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_or_not() {
        for (pattern, name, fits) in [
            ("access.log", "access.log", true),
            ("access.log", "access.log.1", false),
            ("*.log", "a.log", true),
            ("*.log", "a.log.gz", false),
            ("app-*.json*", "app-1.json.gz", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b", "xaxxbab", true),
            ("*", "", true),
        ] {
            assert_eq!(Pattern::new(Path::new(pattern)).unwrap().fits(name), fits, "{pattern} {name}");
        }
        let rotated = Pattern::new(Path::new("/l/access.log")).unwrap().rotated();
        assert!(rotated.fits("access.log.1") && rotated.fits("access.log-20261121.gz"));
        assert!(!rotated.fits("access.log") && !rotated.fits("error.log.1"));
        assert!(Pattern::new(Path::new("/*/a.log")).is_err() && Pattern::new(Path::new("/")).is_err());
    }
}
