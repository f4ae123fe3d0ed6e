//! Knowledge read anew beside the running sensor: capture goes on, and the old set counts until the
//! new one is whole.

use std::fmt::Write as _;
use std::sync::Arc;
use std::thread::JoinHandle;

use detect::Policy;
use intel::{Book, FeedChange};

use crate::bundle::{Laid, Watcher};
use crate::cli::KnowledgeArgs;
use crate::knowledge::Knowledge;
use crate::notify;

/// Feeds named in the line that tells of a reload.
const FEEDS_NAMED_MAX: usize = 32;

/// What a reload gives.
pub(crate) type Fresh = (Arc<Book>, Policy);

/// Reads knowledge anew when asked, on a thread of its own, one at a time.
pub(crate) struct Reloader {
    args: KnowledgeArgs,
    quiet: bool,
    /// What counts now.
    book: Arc<Book>,
    running: Option<JoinHandle<Option<(Fresh, String)>>>,
    /// Asked once more while one was running: what that read may be old.
    again: bool,
    bundles: Option<Watcher>,
    /// The bundle that the running one tries.
    tried: Option<Laid>,
}

impl Reloader {
    pub(crate) fn new(args: &KnowledgeArgs, quiet: bool, book: Arc<Book>) -> Reloader {
        let args = args.clone();
        Reloader { args, quiet, book, running: None, again: false, bundles: None, tried: None }
    }

    /// Try the bundles that come, too.
    pub(crate) fn with_bundles(mut self, bundles: Option<Watcher>) -> Reloader {
        self.bundles = bundles;
        self
    }

    /// Begin, or begin once more after the one that runs.
    pub(crate) fn ask(&mut self) {
        if self.running.is_some() {
            self.again = true;
            return;
        }
        let (args, quiet, old) = (self.args.clone(), self.quiet, Arc::clone(&self.book));
        let bundle = self.tried.clone();
        let begun = std::thread::Builder::new()
            .name("reload".into())
            .spawn(move || load(&args, quiet, &old, bundle));
        match begun {
            Ok(thread) => {
                self.running = Some(thread);
                notify::reloading();
            }
            Err(why) => tracing::error!(%why, "{REFUSED}"),
        }
    }

    /// What was read, once it is there and sound.
    pub(crate) fn take(&mut self) -> Option<Fresh> {
        if self.running.is_none()
            && let Some(laid) = self.bundles.as_ref().and_then(Watcher::take)
        {
            self.tried = Some(laid);
            self.ask();
        }
        let thread = self.running.take_if(|thread| thread.is_finished())?;
        let fresh = thread.join().unwrap_or_else(|_| {
            tracing::error!("the thread panicked; {REFUSED}");
            None
        });
        let fresh = fresh.map(|(fresh, told)| {
            tracing::info!("{told}");
            self.book = Arc::clone(&fresh.0);
            fresh
        });
        if let (Some(bundles), Some(laid)) = (&self.bundles, self.tried.take()) {
            bundles.tried(&laid, fresh.is_some());
        }
        if std::mem::take(&mut self.again) {
            self.ask();
        }
        if self.running.is_none() {
            notify::reloaded();
        }
        fresh
    }
}

const REFUSED: &str = "reload refused; the old knowledge and policy stand";

/// What was read, and what changed.
fn load(
    args: &KnowledgeArgs,
    quiet: bool,
    old: &Book,
    bundle: Option<Laid>,
) -> Option<(Fresh, String)> {
    let read = match bundle {
        Some(bundle) => Knowledge::load_with(args, bundle, quiet),
        None => Knowledge::load_sound(args, quiet),
    };
    let Ok(fresh) = read else {
        tracing::error!("{REFUSED}");
        return None;
    };
    let changes = fresh.book.changes_since(old);
    let emptied: Vec<&FeedChange> = changes.iter().filter(|feed| feed.emptied()).collect();
    for feed in &emptied {
        let before = feed.before.unwrap_or(0);
        tracing::error!(feed = %feed.id, before, "the feed holds no indicator any more");
    }
    if !emptied.is_empty() {
        tracing::error!("{REFUSED}");
        return None;
    }
    let told = told(fresh.book.tools().len(), &changes);
    Some(((fresh.book, fresh.policy), told))
}

/// What changed, in all and by feed.
fn told(tools: usize, changes: &[FeedChange]) -> String {
    let sum = |of: fn(&FeedChange) -> usize| changes.iter().map(of).sum::<usize>();
    let (added, removed) = (sum(|feed| feed.added), sum(|feed| feed.removed));
    let now = sum(|feed| feed.now.unwrap_or(0));
    let mut said =
        format!("reloaded: {tools} tools, {now} indicators, {added} added, {removed} removed");
    for (feed, sign) in
        changes.iter().take(FEEDS_NAMED_MAX).zip(std::iter::once(':').chain(std::iter::repeat(';')))
    {
        // Writing to a String cannot fail.
        let _ = write!(said, "{sign} {} {} added, {} removed", feed.id, feed.added, feed.removed);
        if feed.now.is_none() {
            said.push_str(" (the feed is gone)");
        } else if feed.before.is_none() {
            said.push_str(" (a new feed)");
        }
    }
    if let Some(more) = changes.len().checked_sub(FEEDS_NAMED_MAX).filter(|more| *more > 0) {
        let _ = write!(said, "; and {more} feeds more");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_is_told_in_all_and_by_feed() {
        let feed = |id: &str, before, now, added, removed| FeedChange {
            id: id.into(),
            before,
            now,
            added,
            removed,
        };
        let changes = [
            feed("a", Some(5), Some(6), 2, 1),
            feed("b", None, Some(3), 3, 0),
            feed("c", Some(1), None, 0, 1),
        ];
        assert_eq!(
            told(7, &changes),
            "reloaded: 7 tools, 9 indicators, 5 added, 2 removed: a 2 added, 1 removed; b 3 added, \
             0 removed (a new feed); c 0 added, 1 removed (the feed is gone)"
        );
        let many: Vec<_> = (0..40).map(|n| feed(&n.to_string(), Some(1), Some(1), 0, 0)).collect();
        assert!(told(0, &many).ends_with("; and 8 feeds more"));
    }
}
