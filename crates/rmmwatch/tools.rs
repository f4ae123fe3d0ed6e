//! `rmmwatch tools`: the catalogue, for people.

use std::collections::BTreeMap;
use std::io::Write;

use intel::{Book, Hosting, Tool, specificity_word};

use crate::cli::ToolsArgs;
use crate::exit::{Exit, fail};
use crate::knowledge::Knowledge;

/// Run the command.
pub(crate) fn run(args: &ToolsArgs) -> Exit {
    let knowledge = match Knowledge::load_sound(&args.knowledge, true) {
        Ok(knowledge) => knowledge,
        Err(exit) => return exit,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let told = match &args.id {
        None => list(&knowledge.book, &mut out),
        Some(id) => match knowledge.book.tools().iter().find(|tool| tool.id.as_str() == id) {
            Some(tool) => show(tool, &mut out),
            None => {
                let word = id.to_lowercase();
                let fits = |tool: &&Tool| {
                    tool.id.as_str().contains(&word) || tool.name.to_lowercase().contains(&word)
                };
                let near = knowledge.book.tools().iter().filter(fits).take(5);
                let near: Vec<&str> = near.map(|tool| tool.id.as_str()).collect();
                let hint = if near.is_empty() {
                    "`rmmwatch tools` lists the ids".to_owned()
                } else {
                    format!("did you mean {}?", near.join(", "))
                };
                return fail(Exit::Usage, &format_args!("no tool has the id `{id}`; {hint}"));
            }
        },
    };
    match told.and_then(|()| out.flush()) {
        Ok(()) => Exit::Done,
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(why) => fail(Exit::Failed, &why),
    }
}

fn list(book: &Book, out: &mut impl Write) -> std::io::Result<()> {
    let widest = book.tools().iter().map(|tool| tool.id.as_str().len()).max().unwrap_or(0);
    for tool in book.tools() {
        let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
        for row in &tool.rows {
            *kinds.entry(row.role.word()).or_default() += 1;
        }
        let kinds: Vec<String> =
            kinds.iter().map(|(word, count)| format!("{count} {word}")).collect();
        writeln!(out, "{:widest$}  {} ({})", tool.id.as_str(), tool.name, kinds.join(", "))?;
    }
    Ok(())
}

fn show(tool: &Tool, out: &mut impl Write) -> std::io::Result<()> {
    let hosting = match tool.hosting {
        Hosting::Vendor => "the vendor's servers",
        Hosting::SelfHosted => "anyone's servers",
        Hosting::Both => "the vendor's servers or anyone's",
    };
    writeln!(out, "{} ({}): {hosting}, checked {}", tool.name, tool.id, tool.version)?;
    if let Some(note) = &tool.note {
        writeln!(out, "{note}")?;
    }
    let widest =
        |text: &dyn Fn(&intel::Row) -> usize| tool.rows.iter().map(text).max().unwrap_or(0);
    let value = widest(&|row| row.value.chars().count()).min(60);
    for row in &tool.rows {
        write!(
            out,
            "  {:<11} {:<value$}  {:<9} {:<8}  {} ({})",
            row.kind.word(),
            row.value,
            row.role.word(),
            specificity_word(row.specificity),
            row.source,
            row.checked,
        )?;
        if let Some(gated) = &row.gated {
            write!(out, "  [gated: {gated}]")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
