//! Every bound of this crate, and why it is what it is.

/// Octets of one catalogue, gate or label file.
///
/// - Why so many: the largest tool has some hundred rows of about 200 octets.
/// - What it costs: the text and its parse tree, about ten times as much, while it is read.
/// - At the bound: the file is left out, with a complaint.
pub const CATALOGUE_FILE_BYTES_MAX: usize = 1 << 20;

/// Octets of one feed that is read by line.
///
/// - Why so many: four million URLs of 250 octets.
/// - What it costs: time; the text is not kept.
/// - At the bound: the rest is left out, with a complaint.
pub const FEED_FILE_BYTES_MAX: usize = 1 << 30;

/// Problems of one feed that is read by line, when they are four times its indicators and more.
///
/// - Why so many: a list with a few columns too many has one a line, and would be named as such.
/// - What it costs: a fraction of a second of reading.
/// - At the bound: the rest is left out, with a complaint.
pub const FEED_BAD_LINES_MAX: usize = 1 << 17;

/// Octets of one feed whose format must be read as a whole: JSON, XML, YAML, TOML.
///
/// - Why so many: the largest public bundles have some 50 MiB.
/// - What it costs: the text, and what its reader makes of it, while it is read.
/// - At the bound: the feed is left out, with a complaint that names the plain form.
pub const FEED_WHOLE_BYTES_MAX: usize = 64 << 20;

/// Octets of one TOML feed: those are curated by hand, and cost ten times their size to read.
///
/// - Why so many: 50,000 indicators of 300 octets.
/// - What it costs: 160 MiB while it is read.
/// - At the bound: the feed is left out, with a complaint that names the plain form.
pub const FEED_TOML_BYTES_MAX: usize = 16 << 20;

/// Octets of one line of a plain list or CSV.
///
/// - Why so many: a URL of 2,000 octets and a sentence about it.
/// - What it costs: this much for a feed while it is read.
/// - At the bound: the line is left out, with a complaint.
pub const LINE_BYTES_MAX: usize = 8192;

/// Octets of a feed by which its format and its columns are told.
///
/// - Why so many: licences of 300 lines stand before the first entry of some.
/// - What it costs: one look at each when the feed is loaded.
/// - At the bound: a feed that is all comments up to there counts as a plain list.
pub const FEED_BEGINNING_BYTES: usize = 64 << 10;

/// Lines that one field in quotes, or one rule, of a feed may go on over.
///
/// - Why so many: remarks of a few paragraphs; rules that are broken by keyword.
/// - What it costs: this many lines, kept until it ends.
/// - At the bound: a complaint; the lines behind the first are read as entries of their own.
pub const CONTINUED_LINES_MAX: usize = 64;

/// Indicators of all feeds together.
///
/// - Why so many: the large public lists hold one to two million names.
/// - What it costs: 14 to 22 octets in a table besides the text itself, and 16 more where entries
///   differ in more than their line: about 60 for a name, 250 MiB in all.
/// - At the bound: the rest of the feed is left out, with one complaint.
pub const INDICATORS_MAX: usize = 1 << 22;

/// Octets that all names, and all entries of each other kind, take together.
///
/// - Why so many: four million names or pages of 120 octets.
/// - What it costs: this much.
/// - At the bound: the rest of the feed is left out, with one complaint.
pub const TEXTS_BYTES_MAX: usize = 512 << 20;

/// Octets that descriptions of indicators take together.
///
/// - Why so many: a quarter of a million different sentences.
/// - What it costs: this much.
/// - At the bound: further entries are told as listed in their feed, and counted.
pub const DETAIL_BYTES_MAX: usize = 32 << 20;

/// Rows of the whole catalogue.
///
/// - Why so many: 300 tools have about 2,000.
/// - What it costs: about 200 octets each, 13 MiB in all.
/// - At the bound: further rows are left out, with a complaint.
pub const ROWS_MAX: usize = 1 << 16;

/// Complaints kept for one file.
///
/// - Why so many: more than a person mends in one sitting.
/// - What it costs: about 300 octets each.
/// - At the bound: the rest is counted in one last complaint.
pub const COMPLAINTS_PER_FILE_MAX: usize = 100;

/// Notes of the gate kept for one list.
///
/// - Why so many: a list that holds more common names is no list of indicators.
/// - What it costs: about 300 octets each.
/// - At the bound: the rest is counted in one last note; every gated row is gated all the same.
pub const GATE_NOTES_PER_FILE_MAX: usize = 100;

/// Letters of all spellings of brands together.
///
/// - Why so many: a thousand brands of sixteen letters.
/// - What it costs: about 70 octets times the spelling's letters for each letter, 20 MiB in all;
///   four times that for a moment while they are built.
/// - At the bound: the brand is left out, with a complaint.
pub const SPELLING_LETTERS_MAX: usize = 1 << 14;

/// Matches given for one observation.
///
/// - Why so many: two names, an address and a port, each owned by a few tools and feeds.
/// - What it costs: 120 octets each, for the time of one look-up.
/// - At the bound: the rest is left out; the most specific come first.
pub const MATCHES_MAX: usize = 32;

/// Owners reported for one name: tools of equal standing.
///
/// - Why so many: a white-label relay serves half a dozen products.
/// - What it costs: one match each.
/// - At the bound: the rest, in order of the tools' ids, is left out.
pub const OWNERS_PER_NAME_MAX: usize = 8;

/// Feeds reported for one name or address.
///
/// - Why so many: more lists in agreement add nothing.
/// - What it costs: one match each.
/// - At the bound: the rest, in order of loading, is left out.
pub const FEEDS_PER_NAME_MAX: usize = 8;

/// Names of one certificate that are looked up.
///
/// - Why so many: a certificate of one service rarely has more; one of a CDN has hundreds.
/// - What it costs: one look-up each.
/// - At the bound: the rest is not looked at.
pub const CERTIFICATE_NAMES_MAX: usize = 64;

/// Names of one certificate of which it is asked whether they lie.
///
/// - Why so many: a name with and without `www`, and a few hosts.
/// - What it costs: under a microsecond each, thirty for the worst.
/// - At the bound: further ones are not judged.
pub const CERTIFICATE_NAMES_JUDGED_MAX: usize = 4;

/// Patterns whose literal end begins inside a label, so that no table finds them.
///
/// - Why so many: such patterns describe families of throw-away names and are rare.
/// - What it costs: one comparison of ends each, for every name that is looked up.
/// - At the bound: the pattern does not load, with a complaint.
pub const LOOSE_PATTERNS_MAX: usize = 64;

/// Patterns that end in the same labels: of feeds, and as many of the catalogue.
///
/// - Why so many: a family of throw-away names has one; a tool has a few for one domain.
/// - What it costs: one comparison each, for every name below those labels.
/// - At the bound: the pattern does not load, with a complaint.
pub const PATTERNS_PER_NAME_MAX: usize = 64;

/// Octets that all compiled patterns of feeds may take.
///
/// - Why so many: 8,192 plain ones, or 250 of the largest.
/// - What it costs: this much.
/// - At the bound: the pattern does not load, with a complaint.
pub const PATTERNS_BYTES_MAX: usize = 64 << 20;

/// Patterns of one feed for which there is no place, or which are none, before it is given up.
///
/// - Why so many: a feed with a few too many still has its names read.
/// - What it costs: up to a millisecond each.
/// - At the bound: the rest of the feed is left out, with a complaint; further trails that are no
///   patterns are not looked at, and counted.
pub const PATTERNS_REFUSED_MAX: usize = 4096;

/// Octets that a compiled pattern may take.
///
/// - Why so many: `[a-z0-9-]{1,63}` compiles to a few KiB.
/// - What it costs: this much for every pattern at the very most.
/// - At the bound: the pattern does not load, with a complaint.
pub const PATTERN_BYTES_MAX: usize = 256 << 10;

/// Octets of a payload signature.
///
/// - Why so many: openings are 256 octets long.
/// - What it costs: two octets each.
/// - At the bound: the row does not load, with a complaint.
pub const SIGNATURE_OCTETS_MAX: usize = 256;

/// Pieces of a payload signature besides its first.
///
/// - Why so many: headers have a handful of fixed fields.
/// - What it costs: one comparison each, for openings that the first pieces fit.
/// - At the bound: the row does not load, with a complaint.
pub const SIGNATURE_PIECES_MAX: usize = 8;

/// Octets of a version, or of a tenant's name, that is taken out of what was seen.
///
/// - Why so many: host names end at 253; versions are far shorter.
/// - What it costs: this much for a match.
/// - At the bound: the rest is cut off.
pub const TAKEN_LEN_MAX: usize = 253;

/// Fixed octets that a payload signature must have.
///
/// - Why so few: some protocols have no longer magic number.
/// - What it costs: a chance of 1 in 65,536 for a random opening.
/// - At the bound: the row does not load, with a complaint.
pub const SIGNATURE_FIXED_MIN: usize = 2;

/// Objects and lists of a feed in JSON that are looked into, one inside the other.
///
/// - Why so many: a list of answers, of events, of objects, of attributes: eight at most.
/// - What it costs: a frame of the stack each.
/// - At the bound: what is deeper is passed over as a whole.
pub const JSON_DEPTH_MAX: usize = 12;

/// Octets of one STIX pattern.
///
/// - Why so many: some bundles put thousands of values into one `IN (…)`.
/// - What it costs: about 100 octets for each value, while the pattern is read.
/// - At the bound: the indicator is left out, with a complaint.
pub const STIX_PATTERN_BYTES_MAX: usize = 1 << 20;

/// Brackets of a STIX pattern, one inside the other.
///
/// - Why so many: patterns that people write have three.
/// - What it costs: a frame of the stack each.
/// - At the bound: the indicator is left out, with a complaint.
pub const STIX_PATTERN_DEPTH_MAX: usize = 32;

/// Octets of one feed in YAML: one tool a file, or all of them in one.
///
/// - Why so many: three hundred tools, with their certificates, take 3 MiB.
/// - What it costs: about a second for each 8 MiB; the values of one document at a time.
/// - At the bound: the feed is left out, with a complaint.
pub const YAML_BYTES_MAX: usize = 8 << 20;

/// Maps and lists of a feed in YAML, one inside the other.
///
/// - Why so many: tools have five.
/// - What it costs: a key each.
/// - At the bound: the document is left out from there, with a complaint.
pub const YAML_DEPTH_MAX: usize = 16;

/// Elements of STIX 1, one inside the other.
///
/// - Why so many: packages within packages, with related objects, have about 30.
/// - What it costs: 8 octets and a name each.
/// - At the bound: the file is left out from there, with a complaint.
pub const STIX1_DEPTH_MAX: usize = 100;

/// Octets of one tag of STIX 1.
///
/// - Why so many: the root declares up to a hundred namespaces and where their schemas are.
/// - What it costs: one copy of the namespaces in it.
/// - At the bound: the file is left out from there, with a complaint.
pub const STIX1_TAG_BYTES_MAX: usize = 64 << 10;

/// Octets of one attribute of STIX 1 that is read.
///
/// - Why so many: ids have about 100.
/// - What it costs: nothing; they stay in the text.
/// - At the bound: the file is left out from there, with a complaint.
pub const STIX1_ATTRIBUTE_BYTES_MAX: usize = 1024;

/// Prefixes of STIX 1 that are declared at one time.
///
/// - Why so many: libraries declare all of CybOX's objects, about a hundred, in each package.
/// - What it costs: one comparison each for every element.
/// - At the bound: the file is left out from there, with a complaint.
pub const STIX1_NAMESPACES_MAX: usize = 256;

/// Octets of one text of STIX 1, e.g. a list of values between `##comma##`.
///
/// - Why so many: 100,000 names.
/// - What it costs: nothing; one with entities in it is copied.
/// - At the bound: the text is left out, which one complaint for all of them says.
pub const STIX1_TEXT_BYTES_MAX: usize = 4 << 20;

/// Values of one list of STIX 1.
///
/// - Why so many: more than lists hold that are still written by anyone's hand or tool.
/// - What it costs: an indicator each.
/// - At the bound: the rest of the list is left out, with a complaint.
pub const STIX1_LIST_ITEMS_MAX: usize = 100_000;

/// Indicators, observables, objects and values of one file of STIX 1.
///
/// - Why so many: a file of 64 MiB has about 800,000.
/// - What it costs: about 100 octets each until all references are known, 100 MiB in all.
/// - At the bound: the file is left out from there, with a complaint.
pub const STIX1_NODES_MAX: usize = 1 << 20;

/// Names (`id`, `idref`) of one file of STIX 1.
///
/// - Why so many: a file of 64 MiB has about 500,000: of indicators, observables and objects.
/// - What it costs: about 130 octets each until all references are known, 70 MiB in all.
/// - At the bound: the file is left out from there, with a complaint.
pub const STIX1_NAMES_MAX: usize = 1 << 19;

/// How sure the catalogue is of a row that is specific, in per cent.
pub const CONFIDENCE_SPECIFIC_PCT: u8 = 90;
/// How sure the catalogue is of a row that other products share, in per cent.
pub const CONFIDENCE_SHARED_PCT: u8 = 60;
/// How sure the catalogue is of a row that everyone shows, in per cent.
pub const CONFIDENCE_GENERIC_PCT: u8 = 20;
/// How sure a list is that does not say, in per cent.
pub const CONFIDENCE_FEED_PCT: u8 = 80;
/// How sure a list is at the most of a value that it gives only together with others, in per cent:
/// no alert of it is more than low.
pub const CONFIDENCE_PART_PCT: u8 = 45;

const _: () = assert!(SIGNATURE_OCTETS_MAX <= model::Opening::LEN_MAX);
const _: () = assert!(INDICATORS_MAX * 60 <= 256 << 20);
