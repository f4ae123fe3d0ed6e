//! Where a record is put together before it joins the lines that wait.

/// Octets that a page has room for at first: more than most records have.
const ROOM: usize = 4 << 10;

/// The octets of one record. They are written into room that is there, by moves of known length
/// where what is written is constant: a vector that grows octet by octet costs a call for each part
/// of a record, and there are some sixty. A page that was emptied keeps its room, which is that of
/// its longest record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    room: Vec<u8>,
    len: usize,
}

impl Page {
    /// How many octets were written.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// What was written.
    #[inline]
    pub(crate) fn octets(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or_default()
    }

    /// What was written, to be written over.
    #[inline]
    pub(crate) fn octets_mut(&mut self) -> &mut [u8] {
        self.room.get_mut(..self.len).unwrap_or_default()
    }

    /// Write from the beginning again.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Add octets of a known number.
    #[inline(always)] // one comparison and some moves; as a call it costs three times that
    pub(crate) fn put<const N: usize>(&mut self, octets: &[u8; N]) {
        match self.room.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            Some(place) => {
                *place = *octets;
                self.len += N;
            }
            None => self.grow(octets),
        }
    }

    /// Add the first `len` of some octets, by one move of all of them.
    #[inline(always)]
    pub(crate) fn put_first<const N: usize>(&mut self, octets: &[u8; N], len: usize) {
        let end = self.len + len.min(N);
        self.put(octets);
        self.len = end;
    }

    /// Add octets.
    #[inline]
    pub(crate) fn add(&mut self, octets: &[u8]) {
        match self.room.get_mut(self.len..).and_then(|rest| rest.get_mut(..octets.len())) {
            Some(place) => {
                place.copy_from_slice(octets);
                self.len += octets.len();
            }
            None => self.grow(octets),
        }
    }

    /// Add octets for which there is no room yet.
    #[cold]
    fn grow(&mut self, octets: &[u8]) {
        self.room.truncate(self.len);
        self.room.extend_from_slice(octets);
        self.len = self.room.len();
        self.room.resize((2 * self.len).max(ROOM), 0);
    }

    /// Write over the octet at `at`; add it where nothing stands there.
    #[inline]
    pub(crate) fn put_at(&mut self, at: usize, octet: u8) {
        match self.octets_mut().get_mut(at) {
            Some(place) => *place = octet,
            None => self.put(&[octet]),
        }
    }
}

/// So that what cannot be written otherwise is written by serde_json.
impl std::io::Write for Page {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.add(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_what_was_written_however_long() {
        let mut page = Page::default();
        for round in 0..3 {
            let mut want = Vec::new();
            for number in 0..3_000_u32 * round {
                let text = number.to_string();
                page.add(text.as_bytes());
                page.put(b", ");
                page.put_first(b"abcdefghijklmnop", 3);
                page.put_first(b"xyz", 9);
                want.extend_from_slice(format!("{text}, abcxyz").as_bytes());
            }
            page.put_at(page.len(), b'.');
            page.put_at(0, b'0');
            want.push(b'.');
            if let Some(first) = want.first_mut() {
                *first = b'0';
            }
            assert!(page.octets() == want);
            page.clear();
            assert!(page.octets().is_empty());
        }
    }
}
