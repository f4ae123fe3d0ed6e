//! The records that are sent, and what of them stands at the other end.

/// Octets of a record that follow its number.
const REST: &str = r#"","text":"ünïcode \"quoted\" * $5 \\r\\n \u0007 😀","#;

/// How a record ends, and nothing in it.
pub(crate) const END: &str = r#""end":true}"#;

/// A record: its number, and some 400 octets that are another's for no other number.
pub(crate) fn line(number: usize) -> String {
    let odd = number.wrapping_mul(0x9e37_79b9);
    format!(r#"{{"id":"id-{number:06}{REST}"fill":"{odd:0300}",{END}"#)
}

/// The id of that record, if it is one.
pub(crate) fn id(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line.get(7..16)?).ok().filter(|id| id.starts_with("id-"))
}

/// What arrived.
pub(crate) struct Shelf {
    /// How often each record did, by its number.
    copies: Vec<u32>,
    /// Bodies that were never sent: damaged, cut, run together.
    corrupt: usize,
    /// The first of them.
    example: Option<String>,
}

impl Shelf {
    pub(crate) fn new(records: usize) -> Shelf {
        Shelf { copies: vec![0; records], corrupt: 0, example: None }
    }

    /// A body came.
    pub(crate) fn take(&mut self, body: &[u8]) {
        self.take_once(body, u32::MAX);
    }

    /// A body came to a store that keeps so many of the same id.
    pub(crate) fn take_once(&mut self, body: &[u8], most: u32) {
        let number = id(body).and_then(|id| id[3..].parse::<usize>().ok());
        match number.filter(|number| line(*number).as_bytes() == body) {
            Some(number) if number < self.copies.len() => {
                self.copies[number] = (self.copies[number] + 1).min(most);
            }
            _ => {
                self.corrupt += 1;
                self.example.get_or_insert_with(|| String::from_utf8_lossy(body).into_owned());
            }
        }
    }

    /// Different records.
    pub(crate) fn distinct(&self) -> usize {
        self.copies.iter().filter(|copies| **copies > 0).count()
    }

    /// Copies beyond the first: what removing the same id removes.
    pub(crate) fn twice(&self) -> usize {
        self.copies.iter().map(|copies| copies.saturating_sub(1) as usize).sum()
    }

    pub(crate) fn corrupt(&self) -> usize {
        self.corrupt
    }

    /// What is wrong, for who reads a failed test.
    pub(crate) fn wrong(&self) -> String {
        let missing = self.copies.iter().enumerate().filter(|(_, copies)| **copies == 0);
        let missing: Vec<usize> = missing.map(|(number, _)| number).collect();
        let (first, last) = (missing.first(), missing.last());
        format!("{} missing, {first:?} to {last:?}; {:?}", missing.len(), self.example)
    }
}
