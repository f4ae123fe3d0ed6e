//! Rows about the first octets of a flow.

use model::Side;

use super::Sign;
use super::places::TRANSPORTS;
use crate::rows::RowKind;
use crate::sheet::{Complaints, Sheet};
use crate::signature::{self, Signature};

pub(super) fn payload(
    entry: &Sheet<'_>,
    complaints: &mut Complaints<'_>,
) -> Vec<(RowKind, String, Sign)> {
    let transport = entry.word("transport", &TRANSPORTS, None, complaints);
    let sides = [("client", Some(Side::Client)), ("server", Some(Side::Server)), ("either", None)];
    let side = entry.word("side", &sides, None, complaints);
    let offset = entry.number("offset", 0..256, complaints).map_or(0, |offset| offset.value);
    let longest = u64::from(u32::MAX);
    let mut len = |key, default| {
        let number = entry.number(key, 0..longest, complaints);
        number.and_then(|number| u32::try_from(number.value).ok()).unwrap_or(default)
    };
    let (first_len_min, first_len_max) = (len("first_len_min", 0), len("first_len_max", u32::MAX));
    let what = "hexadecimal pairs, `??` for any octet";
    let bytes = entry.needed_text("bytes", what, complaints);
    let (Some(transport), Some(side), Some(bytes)) = (transport, side, bytes) else {
        return Vec::new();
    };
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    match signature::octets(bytes.value) {
        Ok(octets) if offset.saturating_add(octets.len()) <= model::Opening::LEN_MAX => {
            let signature =
                Signature { transport, side, offset, octets, first_len_min, first_len_max };
            vec![(RowKind::Payload, bytes.value.to_owned(), Sign::Payload(signature))]
        }
        Ok(_) => {
            let fix = format!("only the first {} octets are looked at", model::Opening::LEN_MAX);
            complaints.at(bytes.offset, "the signature ends too far in".to_owned(), fix);
            Vec::new()
        }
        Err(why) => {
            let why = format!("the signature cannot be read: {why}");
            complaints.at(bytes.offset, why, format!("write {what}, e.g. `87 ?? 10 00`"));
            Vec::new()
        }
    }
}
