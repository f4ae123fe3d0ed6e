//! `rmmwatch check`: is all that the sensor needs in order, and if not, what to do.

use std::io::Write;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use capture::{Live, LiveOptions};
use intel::FeedInfo;

use crate::cli::CheckArgs;
use crate::exit::{Exit, fail, printable};
use crate::knowledge::Knowledge;

/// Run the command.
pub(crate) fn run(args: &CheckArgs) -> Exit {
    let knowledge = match Knowledge::load(&args.knowledge) {
        Ok(knowledge) => knowledge,
        Err(exit) => return exit,
    };
    let mut out = std::io::stdout().lock();
    match report(args, &knowledge, &mut out) {
        Ok(exit) => exit,
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(why) => fail(Exit::Failed, &why),
    }
}

fn report(args: &CheckArgs, knowledge: &Knowledge, out: &mut impl Write) -> std::io::Result<Exit> {
    let Knowledge { settings, book, policy, book_complaints, policy_complaints, bundle } =
        knowledge;
    let mut exit = Exit::Done;
    match &settings.text {
        Some((name, _)) => writeln!(out, "settings   {name}")?,
        None => writeln!(out, "settings   the defaults")?,
    }
    if let Some(bundle) = bundle {
        writeln!(out, "bundle     version {}, signed", bundle.version)?;
    }
    let rows: usize = book.tools().iter().map(|tool| tool.rows.len()).sum();
    writeln!(out, "catalogue  {} tools, {rows} rows", book.tools().len())?;
    for (number, feed) in book.feeds().iter().enumerate() {
        write_feed(feed, book.gated_of(number), out)?;
    }
    writeln!(out, "brands     {}", book.brands())?;
    for note in book.brand_notes() {
        writeln!(out, "note       {}", printable(&note.to_string()))?;
    }
    let zones: Vec<&str> = policy.zones().collect();
    writeln!(out, "resolvers  {} names and addresses", book.resolvers())?;
    writeln!(out, "policy     {} zones, {} rules", zones.len(), policy.rules().count())?;
    for complaint in policy_complaints.iter().chain(book_complaints) {
        writeln!(out, "problem    {}", printable(&complaint.to_string()))?;
        exit = Exit::Usage;
    }
    for gated in book.gated() {
        if !gated.file.starts_with("built-in:") {
            writeln!(out, "gated      {gated}")?;
        }
    }
    for dead in book.self_test() {
        writeln!(out, "problem    dead row: {dead}")?;
        exit = Exit::Usage;
    }
    if let Some(filter) = &settings.config.capture.filter {
        match capture::check_filter(filter) {
            Ok(()) => writeln!(out, "filter     {filter}")?,
            Err(why) => {
                writeln!(out, "problem    {why}")?;
                exit = Exit::Usage;
            }
        }
    }
    for (stream, path) in settings.config.output.paths() {
        match writable(path) {
            Ok(()) => writeln!(out, "output     {stream} to {}", path.display())?,
            Err(why) => {
                writeln!(out, "problem    {stream} cannot go to {}: {why}", path.display())?;
                exit = Exit::Failed;
            }
        }
    }
    if let Some(path) = crate::state::of_run(None, &settings.config.state) {
        match crate::state::try_out(&path) {
            Ok(()) => writeln!(out, "state      {}", path.display())?,
            Err(why) => {
                writeln!(out, "problem    no state can be kept in {}: {why}", path.display())?;
                exit = Exit::Failed;
            }
        }
    }
    let config = &settings.config;
    match crate::sinks::plan(&config.sink, &config.spool, &config.sensor) {
        Ok(None) => {}
        Ok(Some(spooling)) => {
            let folder = spooling.folder.display();
            let mib = spooling.options.bytes_max >> 20;
            writeln!(out, "spool      {folder}, up to {mib} MiB")?;
            for sink in &spooling.sinks {
                match deliver::sinks::check(sink) {
                    Ok(()) => writeln!(
                        out,
                        "sink       {}: {} to {}",
                        sink.name,
                        sink.kind.word(),
                        sink.kind
                    )?,
                    Err(why) => {
                        writeln!(out, "problem    the sink {}: {why}", sink.name)?;
                        exit = Exit::Usage;
                    }
                }
            }
            if let Err(why) = folder_writable(&spooling.folder) {
                writeln!(out, "problem    the spool {folder} cannot be used: {why}")?;
                exit = Exit::Failed;
            }
        }
        Err(why) => {
            writeln!(out, "problem    {why:#}")?;
            exit = Exit::Usage;
        }
    }
    // Replay needs no right at all, so that this is no problem by itself; an interface tells.
    writeln!(out, "privileges {}", privileges())?;
    if let Some(interface) = &args.interface {
        match Live::open(&LiveOptions::new(interface)) {
            Ok(live) => writeln!(out, "interface  {interface}: link type {}", live.link().0)?,
            Err(why) => {
                writeln!(out, "problem    {why}")?;
                exit = Exit::Failed;
            }
        }
    }
    writeln!(out, "{}", if exit == Exit::Done { "all well" } else { "not well" })?;
    Ok(exit)
}

/// A feed: how much of it counts, and what is stated of it.
fn write_feed(feed: &FeedInfo, gated: usize, out: &mut impl Write) -> std::io::Result<()> {
    let shown = |text: &str| printable(text).into_owned();
    write!(out, "feed       {} ({}): ", shown(&feed.id), shown(&feed.version))?;
    write!(out, "{} indicators", feed.count)?;
    if gated > 0 {
        write!(out, ", {gated} of them gated: they never alert alone")?;
    }
    let counts = [
        (feed.repeated, "said twice"),
        (feed.undescribed, "without their description, for which there is no place"),
        (feed.unseen, "that no wire shows"),
        (feed.withdrawn, "that it says not to look for"),
    ];
    for (count, what) in counts.iter().filter(|(count, _)| *count > 0) {
        write!(out, ", {count} {what}")?;
    }
    let confidence = f64::from(feed.confidence_pct) / 100.0;
    let kind = feed.kind.word();
    write!(out, "\n           format {}, kind {kind}, confidence {confidence}", feed.format)?;
    match (feed.ending, feed.expires_days) {
        (0, _) => write!(out, ", no expiry")?,
        (ending, Some(days)) => write!(out, ", {ending} expire, after {days} days")?,
        (ending, None) => write!(out, ", {ending} expire")?,
    }
    for (what, text) in [("licence", &feed.licence), ("source", &feed.source)] {
        if !text.is_empty() {
            write!(out, ", {what} {}", shown(text))?;
        }
    }
    if !feed.unstated.is_empty() {
        write!(out, "\n           not stated: {}", feed.unstated.join(", "))?;
    }
    writeln!(out)
}

/// Whether records could be written there: tried as far as that leaves nothing behind.
fn writable(path: &Path) -> std::io::Result<()> {
    if path.as_os_str() == "-" {
        return Ok(());
    }
    match path.metadata() {
        // To open a pipe waits for its reader.
        Ok(about) if about.file_type().is_fifo() => Ok(()),
        Ok(_) => std::fs::OpenOptions::new().append(true).open(path).map(drop),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            tempfile_in(folder)
        }
        Err(why) => Err(why),
    }
}

/// Whether a folder can be used or made; nothing is left behind.
fn folder_writable(folder: &Path) -> std::io::Result<()> {
    match folder.metadata() {
        Ok(about) if about.is_dir() => tempfile_in(folder),
        Ok(_) => Err(std::io::ErrorKind::NotADirectory.into()),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            tempfile_in(folder.parent().unwrap_or(Path::new(".")))
        }
        Err(why) => Err(why),
    }
}

/// Make a file in a folder and take it away again.
fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".rmmwatch-check-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)
}

/// Whether this process may open an interface: CAP_NET_RAW, bit 13 of its effective rights
/// (capabilities(7)).
fn privileges() -> &'static str {
    const NET_RAW: u64 = 1 << 13;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    match rights.and_then(|rights| u64::from_str_radix(rights.trim(), 16).ok()) {
        Some(rights) if rights & NET_RAW != 0 => "CAP_NET_RAW: `run` may open interfaces",
        Some(_) => "no CAP_NET_RAW: `replay` works; for `run`, be root or `setcap cap_net_raw=ep`",
        None => "not known here",
    }
}
