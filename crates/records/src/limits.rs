//! What this crate holds at most, and why.

/// Files that a summary record names, of each kind (passed over, damaged).
///
/// - Why so many: a line of the summary stays below 16 KiB with paths of usual length, which is
///   where common collectors cut.
/// - What it costs: nothing that stays.
/// - At the bound: the rest is only counted.
pub const FILES_NAMED_MAX: usize = 40;

/// Rows of rules that the summary text shows.
///
/// - Why so many: the whole text fits on a terminal of 25 lines.
/// - What it costs: nothing that stays.
/// - At the bound: the rest is summed up in one row.
pub const RULE_ROWS_MAX: usize = 6;

/// Feeds that one health record names.
///
/// - Why so many: a large site has a few dozen.
/// - What it costs: about 100 octets each.
/// - At the bound: the rest is not named; `rmmwatch check` names all.
pub const FEEDS_NAMED_MAX: usize = 256;

/// Rules of the policy that a health record names.
///
/// - Why so many: what people write by hand is a tenth of it.
/// - What it costs: 100 octets each in every health record.
/// - At the bound: later rules are not named.
pub const RULES_NAMED_MAX: usize = 4096;

/// Flows whose ends are kept as text by who writes observations, for the next record of the flow.
///
/// - Why so many: question and answer, opening and hello come within a round trip, in which a busy
///   link opens a few hundred flows.
/// - What it costs: 350 octets each, 180 KiB; a sensor that tells few flows has a smaller table.
/// - At the bound: a flow takes the place of another, whose text is made anew when it is told again.
pub const FLOWS_WRITTEN_MAX: usize = 512;

/// The rows that this table has at first; it is doubled while many texts have to be made. Both are
/// powers of two.
pub const FLOWS_WRITTEN_FIRST: usize = 8;

/// Fingerprints of hellos that are kept printed, of each kind. A power of two.
///
/// - Why so many: the programs of a site say some dozen different hellos.
/// - What it costs: about 300 octets each, 150 KiB; with the next bound at worst 600 KiB.
/// - At the bound: a fingerprint takes the place of another, which is hashed again when it is told.
pub const PRINTS_KEPT_MAX: usize = 256;

/// Octets of the lists or the text of such a fingerprint.
///
/// - Why so many: the lists of browsers have about 100, their texts 300.
/// - What it costs: see above.
/// - At the bound: a longer one is hashed each time.
pub const PRINT_BYTES_MAX: usize = 1_024;

/// Lines that could not be read of which the reader says why.
///
/// - Why so many: more than a person reads.
/// - What it costs: under 1 KiB each.
/// - At the bound: further ones are only counted.
pub const COMPLAINTS_MAX: usize = 100;

/// Octets of one line of records that are read.
///
/// - Why so many: the longest records of ours have some 20 KiB.
/// - What it costs: one buffer of this size a reader.
/// - At the bound: the line is refused, and passed over to its end.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Rows of the inventory that one reader holds.
///
/// - Why so many: ten times what one sensor holds, for a year of several.
/// - What it costs: about 400 octets each with their index, 400 MiB in all.
/// - At the bound: records of further rows are counted in `usages_left_out`.
pub const USAGES_READ_MAX: usize = 1_000_000;

/// Hours of rows that one reader holds: one for each row and each hour in which it was used.
///
/// - Why so many: a month's working hours of 20,000 hosts.
/// - What it costs: 4 octets each and 60 a row, 80 MiB in all.
/// - At the bound: no hours are told at all: some of them would be misleading.
pub const HOURS_READ_MAX: usize = 1 << 22;

/// Alerts that one reader holds.
///
/// - Why so many: a busy year of a sensor.
/// - What it costs: about 1 KiB each as a rule, 200 MiB in all.
/// - At the bound: records of further ones are counted in `alerts_left_out`.
pub const ALERTS_READ_MAX: usize = 200_000;

/// Runs of a sensor whose health one reader holds.
///
/// - Why so many: a thousand captures, each replayed on its own, or some sensors for years.
/// - What it costs: some 4 KiB each, 16 MiB in all.
/// - At the bound: records of further ones are counted in `health_left_out`.
pub const RUNS_READ_MAX: usize = 4_096;

/// Different words (names of tools, operators, zones, rules) that a reader holds just once.
///
/// - Why so many: there are a few hundred of most, and one operator a row at worst.
/// - What it costs: about 60 octets each, 16 MiB in all.
/// - At the bound: further ones are held once for each record that has them.
pub const WORDS_READ_MAX: usize = 1 << 18;

/// Octets of a text of a record that are read.
///
/// - Why so many: ours are sentences.
/// - What it costs: see the tables above.
/// - At the bound: the text is cut there.
pub const TEXT_READ_MAX: usize = 4_096;

/// Members of an array of a record that are read: stages, hosts, rules, uses.
///
/// - Why so many: ours have at most a few hundred.
/// - What it costs: see the tables above.
/// - At the bound: further ones are passed over.
pub const MEMBERS_READ_MAX: usize = 1_024;

/// Octets of one text in a record of another format.
///
/// - Why so many: ours are sentences; collectors of lines cut a record at 16 KiB.
/// - What it costs: nothing that stays.
/// - At the bound: the text is cut there. The native record keeps it whole.
pub const TEXT_SHAPED_MAX: usize = 4_096;

/// Members of one array in a record of another format: signs, stages, addresses.
///
/// - Why so many: ours have a few dozen at most.
/// - What it costs: nothing that stays.
/// - At the bound: further ones are left out. The native record keeps them.
pub const MEMBERS_SHAPED_MAX: usize = 256;

/// Octets of a template, and of what it makes of one record.
///
/// - Why so many: what receives a webhook seldom takes more.
/// - What it costs: that much while a record is written.
/// - At the bound: the template is refused; a record that becomes longer is refused.
pub const TEMPLATE_BYTES_MAX: usize = 1 << 20;

/// Instructions that a template may take for one record.
///
/// - Why so many: a loop over all signs of an incident takes some thousand.
/// - What it costs: some 20 ms of a core in a loop that does nothing.
/// - At the bound: that record is refused.
pub const TEMPLATE_FUEL_MAX: u64 = 500_000;

/// Octets of an EVE event.
///
/// - Why so many: common collectors cut a line at 16 KiB.
/// - What it costs: the event is made again with shorter texts and lists, twice at most.
/// - At the bound: texts are cut at 32 octets, and of every list one member is left.
pub const EVE_LINE_BYTES_MAX: usize = 16 << 10;
