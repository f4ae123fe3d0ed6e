//! What this crate holds and prints at most, and why.

/// Rows of the inventory that are kept, told apart by host, tool, operator, rule and first sign.
///
/// - Why so many: 20,000 hosts with a few tools each, over years.
/// - What it costs: 1.5 GiB for a million while the report is made, with the reader's own rows;
///   14 seconds, of which most go to reading (measured).
/// - At the bound: further rows are counted, and the report says how many are missing.
pub const ROWS_MAX: usize = 1 << 20;

/// Alerts and incidents that are kept, told apart by their id.
///
/// - Why so many: a thousand a day for most of a year.
/// - What it costs: about 1 KiB each, 256 MiB where all are full.
/// - At the bound: further ones are counted, and the report says how many are missing.
pub const ALARMS_MAX: usize = 1 << 18;

/// Runs of sensors whose health is kept: one is one start of one sensor.
///
/// - Why so many: a few sensors that start anew every day, for years.
/// - What it costs: under 2 KiB each, 8 MiB.
/// - At the bound: further runs are counted, and the report says that figures are too low.
pub const RUNS_MAX: usize = 1 << 12;

/// Rules of policies that are remembered as being in force.
///
/// - Why so many: what people write by hand is a tenth of it.
/// - What it costs: some 300 octets each, under 8 MiB.
/// - At the bound: further ones are counted, and the report says so.
pub const RULES_MAX: usize = 1 << 14;

/// Uses of an earlier period that are known.
///
/// - Why so many: as many as a report has rows.
/// - What it costs: about 100 octets each, 100 MiB.
/// - At the bound: further ones are counted, and the report says that some may look new that are
///   not.
pub const PREVIOUS_MAX: usize = ROWS_MAX;

/// Refused lines that are told with their place and why.
///
/// - Why so many: enough to see what is wrong.
/// - What it costs: a line of text each.
/// - At the bound: the rest is counted.
pub const REFUSED_TOLD_MAX: usize = 20;

/// Sensors that are told by name.
pub const SENSORS_TOLD_MAX: usize = 64;

/// Inputs that are told by name; the rest is counted.
pub const INPUTS_TOLD_MAX: usize = 64;

/// Rows of a table that text and Markdown show.
///
/// - Why so many: more than a person reads; all rows are in CSV and JSON.
/// - What it costs: under 64 KiB of text a table.
/// - At the bound: the rest is counted below the table.
pub const TEXT_ROWS_MAX: usize = 200;

/// Rows of a table that the page shows.
///
/// - Why so many: some forty printed pages; all rows are in CSV and JSON.
/// - What it costs: under 1 MiB of HTML a table.
/// - At the bound: the rest is counted below the table.
pub const PAGE_ROWS_MAX: usize = 1_000;

/// Incidents that are drawn and told stage by stage; the rest is counted.
pub const INCIDENTS_TOLD_MAX: usize = 50;

/// Stages of one incident that are told.
///
/// - Why so many: a chain has seven kinds of stages; a dozen more are repeats.
/// - What it costs: a line and a mark each.
/// - At the bound: the rest is counted.
pub const STAGES_TOLD_MAX: usize = 24;

/// Uses that the picture of the period has a line for.
///
/// - Why so many: more do not fit on a printed page.
/// - What it costs: under 1 KiB of SVG each.
/// - At the bound: the rest is counted below the picture, and is in its columns still.
pub const PICTURE_USES_MAX: usize = 28;

/// Incidents that the picture of the period has a line for.
pub const PICTURE_INCIDENTS_MAX: usize = 10;

/// Hosts in the picture of hosts and tools; the rest is counted below it.
pub const MATRIX_HOSTS_MAX: usize = 40;

/// Tools in the picture of hosts and tools; the rest is counted below it.
pub const MATRIX_TOOLS_MAX: usize = 20;

/// Tools of one host that a row names; the rest is counted in it.
pub const TOOLS_NAMED_MAX: usize = 12;

/// Characters of one foreign text that text, Markdown and the page show.
///
/// - Why so many: a host name has at most 253, a sentence around two of them some 700.
/// - What it costs: the width of a cell.
/// - At the bound: the text ends with an ellipsis; CSV and JSON have all of it.
pub const SHOWN_CHARS_MAX: usize = 800;
