//! Reading the configuration: file, environment and flags merged, every problem found at once.

use super::section::{Field, Kind};
use super::{Config, FILE_VARIABLE, LOG_FILTER_VARIABLE, SECTIONS, VARIABLE_PREFIX, fields};
use crate::suggest::nearest;
use crate::text_position::{Lines, Position};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Where a value was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// The configuration file, which cannot be read at all.
    WholeFile(PathBuf),
    /// In the configuration file.
    File(PathBuf, Position),
    /// In this environment variable.
    Environment(String),
    /// On the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::WholeFile(path) => write!(f, "{}", path.display()),
            Self::File(path, at) => write!(f, "{}:{}:{}", path.display(), at.line, at.column),
            Self::Environment(variable) => write!(f, "environment variable {variable}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// One thing wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where it was said.
    pub origin: Origin,
    /// The key, such as `gate.listen`; empty if the file cannot be read at all.
    pub key: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "`{}` ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigProblem>);

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// A value from the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The key it sets.
    pub key: &'static str,
    /// How it is written, such as `--listen`.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// What the configuration is made from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file's path and text; `None`: there is no file.
    pub file: Option<(PathBuf, String)>,
    /// The whole environment; what is not ours is passed over.
    pub environment: Vec<(String, String)>,
    /// Values from the command line.
    pub flags: Vec<Flag>,
}

/// A configuration, and where its values came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration; its paths no longer depend on the file's folder.
    pub config: Config,
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    origins: BTreeMap<String, Origin>,
}

impl Loaded {
    /// Where the value of a key was said.
    #[must_use]
    pub fn origin(&self, key: &str) -> &Origin {
        self.origins.get(key).unwrap_or(&Origin::Default)
    }
}

impl Sources {
    /// The file named, or [`super::FILE_DEFAULT`] if it is there, and this process's environment.
    ///
    /// # Errors
    /// The file named cannot be read, or the one that is there by default.
    pub fn of_process(named: Option<&Path>, flags: Vec<Flag>) -> Result<Self, ConfigErrors> {
        let path = named.unwrap_or(Path::new(super::FILE_DEFAULT));
        let file = match std::fs::read_to_string(path) {
            Ok(text) => Some((path.to_owned(), text)),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let problem = match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    std::io::ErrorKind::IsADirectory => "this is a folder".to_owned(),
                    _ => format!("failed to read the configuration: {error}"),
                };
                let message = format!(
                    "{problem}; name another file with `--config`, or begin with a copy of docs/sumun.example.toml"
                );
                let origin = Origin::WholeFile(path.to_owned());
                return Err(ConfigErrors(vec![ConfigProblem { origin, key: String::new(), message }]));
            }
        };
        // Variables that are not UTF-8 are not ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Self { file, environment, flags })
    }

    /// Merges and checks.
    ///
    /// # Errors
    /// Every problem found, not just the first.
    pub fn load(self) -> Result<Loaded, ConfigErrors> {
        let mut merge = Merge::default();
        if let Some((path, text)) = &self.file {
            merge.file(path, text);
        }
        merge.environment(&self.environment);
        merge.flags(&self.flags);
        let mut config = merge.config();
        if merge.problems.is_empty() {
            for (key, message) in config.problems() {
                let origin = merge.values.get(key).map_or(Origin::Default, |(origin, _)| origin.clone());
                merge.problems.push(ConfigProblem { origin, key: key.to_owned(), message });
            }
        }
        if !merge.problems.is_empty() {
            // Those of the file first, in its order; then the environment, then the flags.
            merge.problems.sort_by_key(|problem| match &problem.origin {
                Origin::WholeFile(_) => (0, None),
                Origin::File(_, at) => (0, Some(*at)),
                Origin::Default => (1, None),
                Origin::Environment(_) => (2, None),
                Origin::Flag(_) => (3, None),
            });
            return Err(ConfigErrors(merge.problems));
        }
        let file = self.file.map(|(path, _)| path);
        config.resolve_paths(file.as_deref().and_then(Path::parent).unwrap_or(Path::new("")));
        let origins = merge.values.into_iter().map(|(key, (origin, _))| (key, origin)).collect();
        Ok(Loaded { config, file, origins })
    }
}

/// Values said so far, the later source in the place of the earlier.
#[derive(Default)]
struct Merge {
    values: BTreeMap<String, (Origin, toml::Value)>,
    problems: Vec<ConfigProblem>,
}

impl Merge {
    fn problem(&mut self, origin: Origin, key: &str, message: impl Into<String>) {
        self.problems.push(ConfigProblem { origin, key: key.to_owned(), message: message.into() });
    }

    fn file(&mut self, path: &Path, text: &str) {
        let lines = Lines::of(text);
        let at = |offset| Origin::File(path.to_owned(), lines.position(offset));
        match DeTable::parse(text) {
            Ok(table) => self.table("", table.into_inner(), &at),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                self.problem(at(offset), "", format!("not TOML: {}", error.message()));
            }
        }
    }

    fn table(&mut self, section: &str, table: DeTable<'_>, at: &dyn Fn(usize) -> Origin) {
        for (key, value) in table {
            let path = if section.is_empty() {
                key.as_ref().to_string()
            } else {
                format!("{section}.{}", key.as_ref())
            };
            let here = at(key.span().start);
            if SECTIONS.iter().any(|(name, _, _)| *name == path) {
                match value.into_inner() {
                    DeValue::Table(inner) => self.table(&path, inner, at),
                    other => {
                        let found = other.type_str();
                        let message =
                            format!("is a section, but here stands a value ({found}); write `[{path}]`");
                        self.problem(here, &path, message);
                    }
                }
            } else if field(&path).is_some() {
                self.value(&path, at(value.span().start), value);
            } else {
                self.problem(here, &path, unknown(&path));
            }
        }
    }

    fn value(&mut self, path: &str, origin: Origin, value: Spanned<DeValue<'_>>) {
        match toml::Value::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => {
                self.values.insert(path.to_owned(), (origin, value));
            }
            Err(error) => self.problem(origin, path, error.message()),
        }
    }

    fn environment(&mut self, variables: &[(String, String)]) {
        // The variable that holds the keys themselves is named by a key; it is not one.
        let said =
            |name: &str| variables.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let key_env = said("SUMUN_SEAL__KEY_ENV")
            .or_else(|| self.values.get("seal.key_env").and_then(|(_, value)| value.as_str()))
            .map_or_else(|| Config::default().seal.key_env, str::to_owned);
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(VARIABLE_PREFIX) else { continue };
            let elsewhere = [FILE_VARIABLE, LOG_FILTER_VARIABLE, &key_env];
            if elsewhere.contains(&name.as_str()) || crate::client::VARIABLES.contains(&name.as_str()) {
                continue;
            }
            let path = rest.replace("__", ".").to_lowercase();
            let origin = Origin::Environment(name.clone());
            match field(&path) {
                Some(field) => self.text(field, &path, origin, text),
                None => {
                    let meant = suggestion(&path).and_then(|path| field_variable(&path));
                    let tail = meant.map_or_else(
                        || "names no key; `sumun config check` shows those there are".to_owned(),
                        |variable| format!("names no key; did you mean {variable}?"),
                    );
                    self.problem(origin, "", tail);
                }
            }
        }
    }

    fn flags(&mut self, flags: &[Flag]) {
        for flag in flags {
            if let Some(field) = field(flag.key) {
                self.text(field, flag.key, Origin::Flag(flag.name), &flag.value);
            }
        }
    }

    fn text(&mut self, field: &Field, path: &str, origin: Origin, text: &str) {
        match field.kind.read(text) {
            Ok(value) => {
                self.values.insert(path.to_owned(), (origin, value));
            }
            Err(message) => self.problem(origin, path, message),
        }
    }

    /// Reads each value by itself first, so that every bad one is found and blamed on where it was said.
    fn config(&mut self) -> Config {
        let mut good = toml::Table::new();
        let mut bad = Vec::new();
        for (path, (origin, value)) in &self.values {
            let mut alone = toml::Table::new();
            insert(&mut alone, path, value.clone());
            match Config::deserialize(toml::Value::Table(alone)) {
                Ok(_) => insert(&mut good, path, value.clone()),
                Err(error) => bad.push((origin.clone(), path.clone(), says(path, value, error.message()))),
            }
        }
        for (origin, path, mut message) in bad {
            let list = field(&path).is_some_and(|field| field.kind == Kind::List);
            if list && matches!(origin, Origin::Environment(_) | Origin::Flag(_)) {
                message
                    .push_str("; here the entries stand bare between commas, such as `10.0.0.0/8,192.0.2.1`");
            }
            self.problem(origin, &path, message);
        }
        match Config::deserialize(toml::Value::Table(good)) {
            Ok(config) => config,
            Err(error) => {
                self.problem(Origin::Default, "", error.message());
                Config::default()
            }
        }
    }
}

/// The parser's words, so that they can stand behind the key's name, and a value that would do.
fn says(path: &str, value: &toml::Value, message: &str) -> String {
    let good = field(path).map(Field::shown).unwrap_or_default();
    match message.strip_prefix("invalid type: ") {
        Some(rest) => format!("has the wrong type: {rest}; such as {good}"),
        // These name what was found themselves.
        None if ["unknown variant", " asks for ", "did you mean"]
            .iter()
            .any(|told| message.contains(told)) =>
        {
            format!("cannot be used: {message}")
        }
        None => format!("is {value}, which cannot be used: {message}; such as {good}"),
    }
}

fn insert(table: &mut toml::Table, path: &str, value: toml::Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn field(path: &str) -> Option<&'static Field> {
    fields().find(|field| field.path() == path)
}

fn field_variable(path: &str) -> Option<String> {
    field(path).map(Field::variable)
}

fn unknown(path: &str) -> String {
    match suggestion(path) {
        Some(meant) => format!("is not a key; did you mean `{meant}`?"),
        None => {
            let (section, _) = path.rsplit_once('.').unwrap_or(("", path));
            let here: Vec<String> = fields()
                .filter(|field| field.section == section)
                .map(|field| format!("`{}`", field.key))
                .chain(SECTIONS.iter().filter_map(|(name, _, _)| {
                    let (parent, _) = name.rsplit_once('.').unwrap_or(("", name));
                    (parent == section && !name.is_empty()).then(|| format!("`[{name}]`"))
                }))
                .collect();
            format!("is not a key; here may stand {}", here.join(", "))
        }
    }
}

/// The key that was meant: the same name in another section, or a name that differs by a slip.
fn suggestion(path: &str) -> Option<String> {
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let same_name = fields().find(|field| field.key == name(path)).map(Field::path);
    let sections = SECTIONS.iter().map(|(name, _, _)| (*name).to_owned()).filter(|name| !name.is_empty());
    let known: Vec<String> = fields().map(Field::path).chain(sections).collect();
    let slip = || nearest(path, known.iter().map(String::as_str)).map(str::to_owned);
    let slip_elsewhere = || {
        let meant = nearest(&name(path), fields().map(|field| field.key))?;
        fields().find(|field| field.key == meant).map(Field::path)
    };
    same_name.or_else(slip).or_else(slip_elsewhere)
}
