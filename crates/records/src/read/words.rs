//! Words of records back into the model's closed sets, and texts that are held once.

use std::collections::HashSet;
use std::sync::Arc;

use model::{AlertId, ChainStage, Detection, Mac, Occasion, Timestamp, ToolId, UsageId};

use super::line::Text;
use crate::limits::{TEXT_READ_MAX, WORDS_READ_MAX};
use crate::stamp;

/// Why a line cannot be read.
pub(super) type Why = String;

/// Texts that many records share.
#[derive(Debug, Default)]
pub(super) struct Words {
    known: HashSet<Arc<str>>,
}

impl Words {
    /// The text, held once where there is room for that, and cut where it is too long.
    pub(super) fn hold(&mut self, text: &str) -> Arc<str> {
        let text = cut(text);
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        if self.known.len() < WORDS_READ_MAX {
            self.known.insert(Arc::clone(&new));
        }
        new
    }

    pub(super) fn held(&mut self, text: Option<&Text<'_>>) -> Option<Arc<str>> {
        text.map(|text| self.hold(text.get()))
    }
}

/// At most [`TEXT_READ_MAX`] octets of a text.
pub(super) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_READ_MAX)).unwrap_or(text)
}

/// What a field must have, else why the line cannot be read.
pub(super) fn need<T>(field: &str, value: Option<T>) -> Result<T, Why> {
    value.ok_or_else(|| format!("it has no {field}"))
}

pub(super) fn moment(field: &str, text: &Text<'_>) -> Result<Timestamp, Why> {
    stamp::parse(text.get()).ok_or_else(|| format!("{field} is no moment"))
}

pub(super) fn alert_id(field: &str, text: &Text<'_>) -> Result<AlertId, Why> {
    id(field, text).map(AlertId)
}

pub(super) fn usage_id(field: &str, text: &Text<'_>) -> Result<UsageId, Why> {
    id(field, text).map(UsageId)
}

fn id(field: &str, text: &Text<'_>) -> Result<u128, Why> {
    let text = text.get();
    let plain = text.len() == 32 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    let id = u128::from_str_radix(text, 16).ok().filter(|_| plain);
    id.ok_or_else(|| format!("{field} is not 32 hexadecimal digits"))
}

pub(super) fn tool(text: &Text<'_>) -> Result<ToolId, Why> {
    ToolId::parse(text.get()).ok_or_else(|| "rmm.tool is no tool's id".to_owned())
}

/// `00-00-5E-00-53-23`; also with colons.
pub(super) fn mac(text: &str) -> Option<Mac> {
    let mut octets = [0; 6];
    let mut parts = text.split(['-', ':']);
    for octet in &mut octets {
        let part = parts.next().filter(|part| part.len() == 2)?;
        *octet = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(Mac(octets))
}

pub(super) fn detection(text: &Text<'_>) -> Result<Detection, Why> {
    use Detection as D;
    const ALL: [D; 8] = [
        D::Relay,
        D::Api,
        D::Download,
        D::Protocol,
        D::Lure,
        D::Indicator,
        D::Campaign,
        D::Inbound,
    ];
    find(&ALL, Detection::word, text).ok_or_else(|| "rmm.detection is unknown".to_owned())
}

pub(super) fn occasion(text: &Text<'_>) -> Option<Occasion> {
    use Occasion as O;
    find(&[O::First, O::Growth, O::Still, O::Ended], Occasion::word, text)
}

pub(super) fn stage(text: &Text<'_>) -> Result<ChainStage, Why> {
    use ChainStage as C;
    const ALL: [C; 7] =
        [C::Lure, C::Download, C::SecondName, C::Relay, C::SecondTool, C::Session, C::Spread];
    find(&ALL, ChainStage::word, text).ok_or_else(|| "a stage of rmm.chain is unknown".to_owned())
}

fn find<T: Copy>(all: &[T], word: fn(T) -> &'static str, text: &Text<'_>) -> Option<T> {
    all.iter().copied().find(|one| word(*one) == text.get())
}
