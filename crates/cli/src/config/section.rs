//! One macro for a section of `sumun.toml`: each key's doc comment, type and default in one place.
//!
//! The same declaration gives the struct, its `Default`, and [`Field`]s: what `sumun config check` explains,
//! what environment variables may set, and what `docs/sumun.example.toml` is made from.

/// One key, as data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// The section it stands in, such as `gate.timeouts`; empty at the top.
    pub(crate) section: &'static str,
    /// Its name in the section.
    pub(crate) key: &'static str,
    /// Its doc comment, one line each.
    pub(crate) doc: &'static [&'static str],
    /// How text from the environment or a flag becomes its value.
    pub(crate) kind: Kind,
    /// A value to show where the default is "none".
    pub(crate) example: Option<&'static str>,
}

impl Field {
    /// Its full name, such as `gate.timeouts.connect_s`.
    pub(crate) fn path(&self) -> String {
        if self.section.is_empty() { self.key.to_owned() } else { format!("{}.{}", self.section, self.key) }
    }

    /// A value that would do: the example, or the default.
    pub(crate) fn shown(&self) -> String {
        self.example.map_or_else(|| super::explain::default_of(&self.path()), str::to_owned)
    }

    /// The environment variable that sets it, such as `SUMUN_GATE__TIMEOUTS__CONNECT_S`.
    pub(crate) fn variable(&self) -> String {
        format!("{}{}", super::VARIABLE_PREFIX, self.path().replace('.', "__").to_uppercase())
    }
}

/// What a key's value looks like in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string.
    Text,
    /// An integer.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// An array of strings; between commas in the environment.
    List,
}

impl Kind {
    /// Text from the environment or a flag as a TOML value.
    pub(crate) fn read(self, text: &str) -> Result<toml::Value, String> {
        match self {
            Self::Text => Ok(toml::Value::String(text.to_owned())),
            Self::Integer => text
                .replace('_', "")
                .parse()
                .map(toml::Value::Integer)
                .map_err(|_| "must be an integer".to_owned()),
            Self::Boolean => {
                text.parse().map(toml::Value::Boolean).map_err(|_| "must be `true` or `false`".to_owned())
            }
            Self::List => Ok(toml::Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|entry| !entry.is_empty())
                    .map(|entry| toml::Value::String(entry.to_owned()))
                    .collect(),
            )),
        }
    }
}

/// A type that a key may have.
pub(crate) trait ConfigValue {
    /// What it looks like in TOML.
    const KIND: Kind;
}

macro_rules! kinds {
    ($($ty:ty => $kind:ident),+ $(,)?) => {
        $(impl $crate::config::section::ConfigValue for $ty {
            const KIND: $crate::config::section::Kind = $crate::config::section::Kind::$kind;
        })+
    };
}
pub(crate) use kinds;

kinds! {
    String => Text,
    std::path::PathBuf => Text,
    std::net::SocketAddr => Text,
    sumun_model::GateId => Text,
    Vec<sumun_model::Prefix> => List,
    bool => Boolean,
    u32 => Integer,
    u64 => Integer,
    usize => Integer,
    std::num::NonZeroU64 => Integer,
    std::num::NonZeroUsize => Integer,
}

impl<T: ConfigValue> ConfigValue for Option<T> {
    const KIND: Kind = T::KIND;
}

/// Declares a section. `key: Type = default` for a value, `key: Type = none "example"` for an option that is
/// absent by default, and after `sections` the tables inside it.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])*
        pub struct $name:ident in $section:literal {
            $($(#[doc = $doc:literal])* $key:ident : $ty:ty = $default:expr $(, example $example:literal)? ;)*
        }
        $(sections { $($(#[doc = $inner_doc:literal])* $inner:ident : $inner_ty:ty ;)* })?
    ) => {
        $(#[doc = $section_doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $doc])* pub $key: $ty,)*
            $($($(#[doc = $inner_doc])* pub $inner: $inner_ty,)*)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* $($($inner: <$inner_ty>::default(),)*)? }
            }
        }

        impl $name {
            /// The keys of this section, those of the tables inside it not among them.
            pub(crate) const FIELDS: &'static [$crate::config::section::Field] = &[
                $($crate::config::section::Field {
                    section: $section,
                    key: stringify!($key),
                    doc: &[$($doc),*],
                    kind: <$ty as $crate::config::section::ConfigValue>::KIND,
                    example: $crate::config::section::section!(@example $($example)?),
                },)*
            ];
            /// What the section is for, one line each.
            pub(crate) const DOC: &'static [&'static str] = &[$($section_doc),*];
        }
    };
    (@example) => { None };
    (@example $example:literal) => { Some($example) };
}
pub(crate) use section;
