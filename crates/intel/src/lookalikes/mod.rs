//! Whether a name imitates a brand, or speaks like a help desk.

mod brand;

use brand::Brand;
use model::Lure;

use crate::sheet::Complaints;

/// Takes brands and vocabulary, and makes [`LookAlikes`] of them.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    brands: Vec<Brand>,
}

/// Everything that a name is compared with.
#[derive(Debug, Default)]
pub(crate) struct LookAlikes {
    brands: Vec<Brand>,
}

impl Builder {
    /// Add the brand of a file, or those of its `[[brand]]` tables.
    pub(crate) fn read_brands(&mut self, file: &str, text: &str, complaints: &mut Complaints<'_>) {
        brand::read(file, text, &mut self.brands, complaints);
    }

    /// The index, and what is wrong with brands.
    pub(crate) fn build(self, _complaints: &mut Vec<model::Complaint>) -> LookAlikes {
        LookAlikes { brands: self.brands }
    }
}

impl LookAlikes {
    /// Whether a name lies, in the wire's spelling: lower case, A-labels, no trailing dot.
    pub(crate) fn judge(&self, _name: &str) -> Option<Lure> {
        None
    }

    /// How many brands there are.
    pub(crate) fn brands(&self) -> usize {
        self.brands.len()
    }
}
