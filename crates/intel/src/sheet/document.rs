//! A TOML document as a sheet reads it: keys, values, and where each of them stands.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

/// A table: the whole document, or one of its `[[…]]`.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Table<'a> {
    /// Each key once, in any order.
    pub(crate) entries: Vec<Entry<'a>>,
}

/// A key and its value.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: Cow<'a, str>,
    /// Octets of the document before the key, and before the value.
    pub(crate) key_at: usize,
    pub(crate) at: usize,
    pub(crate) value: Value<'a>,
}

/// A value, as it is written but for escapes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Value<'a> {
    Text(Cow<'a, str>),
    /// Its digits, and their base.
    Integer(Cow<'a, str>, u32),
    Float(Cow<'a, str>),
    Flag(bool),
    /// The day, where there is one: `YYYY-MM-DD`.
    Moment(Option<Cow<'a, str>>),
    /// Values and where they stand.
    List(Vec<(usize, Value<'a>)>),
    Table(Table<'a>),
}

impl<'a> Table<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| *entry.key == *key)
    }

    /// The same document as the crate `toml` read it.
    pub(super) fn of(table: DeTable<'a>) -> Table<'a> {
        let entries = table.into_iter().map(|(key, value)| Entry {
            key_at: key.span().start,
            at: value.span().start,
            key: key.into_inner(),
            value: Value::of(value.into_inner()),
        });
        Table { entries: entries.collect() }
    }
}

impl<'a> Value<'a> {
    fn of(value: DeValue<'a>) -> Value<'a> {
        match value {
            DeValue::String(text) => Value::Text(text),
            DeValue::Integer(digits) => {
                Value::Integer(digits.as_str().to_owned().into(), digits.radix())
            }
            DeValue::Float(float) => Value::Float(float.as_str().to_owned().into()),
            DeValue::Boolean(flag) => Value::Flag(flag),
            DeValue::Datetime(moment) => {
                Value::Moment(moment.date.map(|date| date.to_string().into()))
            }
            DeValue::Array(list) => {
                let placed = |value: toml::Spanned<DeValue<'a>>| {
                    (value.span().start, Value::of(value.into_inner()))
                };
                Value::List(list.into_iter().map(placed).collect())
            }
            DeValue::Table(table) => Value::Table(Table::of(table)),
        }
    }

    /// What TOML calls a value of this kind.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "string",
            Value::Integer(..) => "integer",
            Value::Float(_) => "float",
            Value::Flag(_) => "boolean",
            Value::Moment(_) => "datetime",
            Value::List(_) => "array",
            Value::Table(_) => "table",
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[(usize, Value<'a>)]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}
