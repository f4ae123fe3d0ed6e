//! In which hours rows were used, as far as observations tell.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::{Timestamp, ToolId, Usage, UsageId};

use crate::limits::HOURS_READ_MAX;

/// Whole hours since 1970, by tool and operator.
pub(super) type HoursTold = BTreeMap<(ToolId, Option<Arc<str>>), BTreeSet<u32>>;

/// Hours by row, each row's in order.
#[derive(Debug)]
pub(super) struct Hours {
    by_row: HashMap<UsageId, Vec<u32>>,
    /// How many more there is room for. At none, what is held would tell half, and goes.
    room: usize,
}

impl Default for Hours {
    fn default() -> Self {
        Hours { by_row: HashMap::new(), room: HOURS_READ_MAX }
    }
}

impl Hours {
    /// A sign of that row was seen then.
    pub(super) fn note(&mut self, row: UsageId, at: Timestamp) {
        if self.room == 0 {
            return;
        }
        let hour = u32::try_from(at.secs() / 3600).unwrap_or(u32::MAX);
        let hours = self.by_row.entry(row).or_default();
        let Err(place) = hours.binary_search(&hour) else { return };
        hours.insert(place, hour);
        self.room -= 1;
        if self.room == 0 {
            self.by_row = HashMap::new();
        }
    }

    /// One row went into another.
    pub(super) fn join(&mut self, from: UsageId, into: UsageId) {
        let Some(gone) = self.by_row.remove(&from) else { return };
        let hours = self.by_row.entry(into).or_default();
        hours.extend(gone);
        hours.sort_unstable();
        hours.dedup();
    }

    /// The hours of each tool and operator of which every row told its own.
    pub(super) fn finish<'a>(
        mut self,
        rows: impl Iterator<Item = (UsageId, &'a Usage)>,
    ) -> HoursTold {
        let mut told: BTreeMap<_, Option<BTreeSet<u32>>> = BTreeMap::new();
        for (id, row) in rows {
            let hours = self.by_row.remove(&id);
            let key = (row.tool.0.clone(), row.operator.clone());
            let all = told.entry(key).or_insert_with(|| Some(BTreeSet::new()));
            match (all.as_mut(), hours) {
                (Some(all), Some(hours)) => all.extend(hours),
                // When the others were used says nothing of this one.
                (Some(_), None) => *all = None,
                (None, _) => {}
            }
        }
        let known = told.into_iter();
        known
            .filter_map(|(key, hours)| Some((key, hours.filter(|hours| !hours.is_empty())?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Identity;

    fn row(operator: Option<&str>) -> Usage {
        Usage {
            host: std::net::Ipv4Addr::LOCALHOST.into(),
            zone: None,
            identity: Identity::default(),
            tool: (ToolId::parse("acme-remote").expect("an id"), "Acme".into()),
            operator: operator.map(Into::into),
            inbound: false,
            authorised: false,
            rule: "deny-by-default".into(),
            first: Timestamp::ZERO,
            last: Timestamp::ZERO,
            signs: 1,
            sessions: 0,
            bytes_sent: 0,
            bytes_received: 0,
            new: None,
        }
    }

    #[test]
    fn hours_are_told_where_every_row_tells_its_own() {
        let mut hours = Hours::default();
        let at = |hour: u64| Timestamp::from_secs(hour * 3600 + 59, 0);
        for (id, hour) in [(1, 7), (1, 5), (1, 7), (2, 9), (3, 4)] {
            hours.note(UsageId(id), at(hour));
        }
        hours.join(UsageId(3), UsageId(1));
        let (one, other, silent) = (row(Some("a")), row(None), row(None));
        let rows = [(UsageId(1), &one), (UsageId(2), &other), (UsageId(4), &silent)];
        let told = hours.finish(rows.into_iter());
        let told: Vec<_> =
            told.into_iter().map(|((_, operator), hours)| (operator, hours)).collect();
        assert_eq!(told, [(Some("a".into()), BTreeSet::from([4, 5, 7]))]);
    }

    #[test]
    fn without_room_no_hours_are_told() {
        let mut hours = Hours { room: 3, ..Hours::default() };
        for hour in 0..4 {
            hours.note(UsageId(1), Timestamp::from_secs(hour * 3600, 0));
        }
        let one = row(None);
        assert!(hours.finish([(UsageId(1), &one)].into_iter()).is_empty());
    }
}
