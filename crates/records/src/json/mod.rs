//! JSON written straight into a buffer: the one way in which records and their shapes are written.
//!
//! [`fields!`] lists the fields of an object in the order in which they stand in its record. A name
//! with its marks is one constant; what is between names is written by the [`Json`] of its type.
//! Nothing is allocated. Texts are escaped as serde_json escapes them, so that a record reads the
//! same whoever wrote it.

mod number;
mod page;
mod text;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use model::DomainName;

pub(crate) use self::number::{digits, hex, ip, pair};
pub(crate) use self::page::Page;
pub(crate) use self::text::{inside, shown, text};

/// What can stand in a record.
pub(crate) trait Json {
    /// Add it.
    fn json(&self, out: &mut Page);

    /// Whether it says nothing, and so is left out of an object where it may be missing.
    fn says_nothing(&self) -> bool {
        false
    }
}

/// The object that a struct is written as: its fields in their order, `name`, or `name as "other"`.
/// `?` before a field leaves it out where it says nothing; `..` puts the fields of an object, or
/// what a class of records has in common, in the place of one. `members` before all: just the
/// fields, for an object that somebody else writes.
macro_rules! fields {
    (members $of:ty: $($fields:tt)+) => {
        impl $of {
            /// Add its fields as members of an object, a comma before each.
            #[inline]
            fn members(&self, out: &mut $crate::json::Page) {
                $crate::json::fields!(@each self, out, $($fields)+);
            }
        }
    };
    ($of:ty: $($fields:tt)+) => {
        impl $crate::json::Json for $of {
            #[inline]
            fn json(&self, out: &mut $crate::json::Page) {
                let start = out.len();
                $crate::json::fields!(@each self, out, $($fields)+);
                $crate::json::enclose(out, start, b"{}");
            }
        }
    };
    (@each $of:ident, $out:ident,) => {};
    (@each $of:ident, $out:ident, ..$field:ident $(, $($rest:tt)*)?) => {
        $of.$field.members($out);
        $crate::json::fields!(@each $of, $out, $($($rest)*)?);
    };
    (@each $of:ident, $out:ident, ?$field:ident as $name:literal $(, $($rest:tt)*)?) => {
        if !$crate::json::Json::says_nothing(&$of.$field) {
            $crate::json::fields!(@one $of, $out, $field, $name);
        }
        $crate::json::fields!(@each $of, $out, $($($rest)*)?);
    };
    (@each $of:ident, $out:ident, ?$field:ident $(, $($rest:tt)*)?) => {
        if !$crate::json::Json::says_nothing(&$of.$field) {
            $crate::json::fields!(@one $of, $out, $field, stringify!($field));
        }
        $crate::json::fields!(@each $of, $out, $($($rest)*)?);
    };
    (@each $of:ident, $out:ident, $field:ident as $name:literal $(, $($rest:tt)*)?) => {
        $crate::json::fields!(@one $of, $out, $field, $name);
        $crate::json::fields!(@each $of, $out, $($($rest)*)?);
    };
    (@each $of:ident, $out:ident, $field:ident $(, $($rest:tt)*)?) => {
        $crate::json::fields!(@one $of, $out, $field, stringify!($field));
        $crate::json::fields!(@each $of, $out, $($($rest)*)?);
    };
    (@one $of:ident, $out:ident, $field:ident, $name:expr) => {
        $crate::json::constant!($out, ",\"", $name, "\":");
        $crate::json::Json::json(&$of.$field, $out);
    };
}
pub(crate) use fields;

/// Add a constant, whose length is known while compiling.
macro_rules! constant {
    ($out:expr, $($part:expr),+) => {{
        const TEXT: &str = concat!($($part),+);
        const OCTETS: &[u8; TEXT.len()] = match TEXT.as_bytes().first_chunk() {
            Some(octets) => octets,
            None => &[0; TEXT.len()],
        };
        $out.put(OCTETS);
    }};
}
pub(crate) use constant;

/// Make what was added since `start`, members with a comma before each, an object or an array.
#[inline]
pub(crate) fn enclose(out: &mut Page, start: usize, [open, close]: &[u8; 2]) {
    out.put_at(start, *open);
    out.put(&[*close]);
}

/// Add an array.
#[inline]
pub(crate) fn array<T: Json>(out: &mut Page, members: impl IntoIterator<Item = T>) {
    let start = out.len();
    for member in members {
        out.put(b",");
        member.json(out);
    }
    enclose(out, start, b"[]");
}

/// Add an object whose names are words of ours.
pub(crate) fn map<T: Json>(out: &mut Page, members: impl IntoIterator<Item = (&'static str, T)>) {
    let start = out.len();
    for (name, value) in members {
        out.put(b",");
        text(out, name);
        out.put(b":");
        value.json(out);
    }
    enclose(out, start, b"{}");
}

/// A text of ours in which nothing is to be escaped.
#[derive(Clone, Copy)]
pub(crate) struct Word(pub(crate) &'static str);

impl Json for Word {
    #[inline]
    fn json(&self, out: &mut Page) {
        out.put(b"\"");
        out.add(self.0.as_bytes());
        out.put(b"\"");
    }
}

impl<T: Json> Json for Option<T> {
    #[inline]
    fn json(&self, out: &mut Page) {
        match self {
            Some(value) => value.json(out),
            None => out.put(b"null"),
        }
    }

    #[inline]
    fn says_nothing(&self) -> bool {
        self.is_none()
    }
}

impl<T: Json> Json for [T] {
    #[inline]
    fn json(&self, out: &mut Page) {
        array(out, self);
    }

    #[inline]
    fn says_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Json, const N: usize> Json for [T; N] {
    fn json(&self, out: &mut Page) {
        array(out, self);
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self, out: &mut Page) {
        array(out, self);
    }

    fn says_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Json + ?Sized> Json for &T {
    #[inline]
    fn json(&self, out: &mut Page) {
        (**self).json(out);
    }

    #[inline]
    fn says_nothing(&self) -> bool {
        (**self).says_nothing()
    }
}

macro_rules! texts {
    ($($type:ty)+) => {
        $(impl Json for $type {
            #[inline]
            fn json(&self, out: &mut Page) {
                text(out, self);
            }
        })+
    };
}

texts! { str String Box<str> Arc<str> Cow<'_, str> }

impl Json for DomainName {
    #[inline]
    fn json(&self, out: &mut Page) {
        text(out, self.as_str());
    }
}

macro_rules! numbers {
    ($($type:ty)+) => {
        $(impl Json for $type {
            #[inline]
            fn json(&self, out: &mut Page) {
                digits(out, u64::from(*self));
            }
        })+
    };
}

numbers! { u8 u16 u32 u64 }

/// A number that is not whole. None of ours is infinite; JSON has no word for one that is.
impl Json for f64 {
    fn json(&self, out: &mut Page) {
        by_serde(self, out);
    }
}

/// A mark, which says nothing where it is not set.
impl Json for bool {
    #[inline]
    fn json(&self, out: &mut Page) {
        match self {
            true => out.put(b"true"),
            false => out.put(b"false"),
        }
    }

    #[inline]
    fn says_nothing(&self) -> bool {
        !self
    }
}

impl Json for IpAddr {
    #[inline]
    fn json(&self, out: &mut Page) {
        out.put(b"\"");
        number::ip(out, *self);
        out.put(b"\"");
    }
}

/// A part of a record that was read.
impl Json for serde_json::Value {
    fn json(&self, out: &mut Page) {
        by_serde(self, out);
    }
}

fn by_serde(value: &impl serde::Serialize, out: &mut Page) {
    if serde_json::to_writer(&mut *out, value).is_err() {
        // A page takes every octet, and names are texts: this cannot be.
        debug_assert!(false, "a value cannot be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Inner {
        first: Option<u8>,
        last: bool,
    }

    fields!(Inner: ?first, ?last as "@last");

    impl Inner {
        fn members(&self, out: &mut Page) {
            out.put(b",\"spread\":1");
        }
    }

    struct Outer<'a> {
        name: &'a str,
        inner: Inner,
        list: &'a [Inner],
        left: &'a [Inner],
        missing: Option<Inner>,
    }

    fields!(Outer<'_>: ?missing, ..inner, name as "the name", inner, list, ?left, missing);

    #[test]
    fn fields_stand_in_their_order_and_what_says_nothing_is_left_out() {
        let inner = |first, last| Inner { first, last };
        let list = [inner(Some(7), true), inner(None, false), inner(None, true)];
        let outer = Outer {
            name: "\"",
            inner: inner(Some(0), false),
            list: &list,
            left: &[],
            missing: None,
        };
        let mut out = Page::default();
        out.put(b"before");
        outer.json(&mut out);
        let want = "before{\"spread\":1,\"the name\":\"\\\"\",\"inner\":{\"first\":0},\
            \"list\":[{\"first\":7,\"@last\":true},{},{\"@last\":true}],\"missing\":null}";
        assert_eq!(String::from_utf8_lossy(out.octets()), want);
    }

    #[test]
    fn arrays_and_maps() {
        let mut out = Page::default();
        array(&mut out, [0u8; 0]);
        array(&mut out, [1u8, 2]);
        map(&mut out, [("a", true), ("b", false)]);
        map(&mut out, [("a", true); 0]);
        0.07.json(&mut out);
        assert_eq!(String::from_utf8_lossy(out.octets()), "[][1,2]{\"a\":true,\"b\":false}{}0.07");
    }
}
