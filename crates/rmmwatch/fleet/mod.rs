//! More than one sensor: facts to the analysts of a fleet, and the analysts themselves.

mod account;
mod broker;
pub(crate) mod forward;
mod judge;
mod lease;
mod merge;
mod reader;
mod session;
mod table;
#[cfg(test)]
mod tests;
mod work;

use std::sync::Arc;
use std::time::Duration;

use deliver::Stream;
use records::{Files, Recorder};

use self::broker::Broker;
use self::lease::Board;
use self::session::{Office, Session};
pub(crate) use self::table::FleetTable;
use self::work::Report;
use crate::bundle::Watcher;
use crate::cli::AnalyseArgs;
use crate::exit::{Exit, fail};
use crate::knowledge::Knowledge;
use crate::reload::Reloader;
use crate::signals::{Hangup, Signals};
use crate::{notify, output};

/// How long to wait before connecting is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// Run the command.
pub(crate) fn run(args: &AnalyseArgs) -> Exit {
    match analyse(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn analyse(args: &AnalyseArgs) -> Result<Exit, Exit> {
    let knowledge = Knowledge::load_sound(&args.knowledge, args.output.quiet)?;
    let set = knowledge.settings.config.clone();
    let plan = set.fleet.plan(&args.from, args.create);
    let plan = plan.map_err(|why| fail(Exit::Usage, &format_args!("{why:#}")))?;
    if let Some(site) = args.sites.iter().find(|site| !wire::is_token(site)) {
        return Err(fail(Exit::Usage, &format_args!("`{site}` is no site's name")));
    }
    let outputs = output::plan(&args.output, &set.output, output::Mode::Run);
    let delivery = Arc::new(output::delivery(outputs, &set, true)?);
    let signals = Signals::listen(Hangup::Reloads).map_err(|why| fail(Exit::Failed, &why))?;
    // A broker that is down is waited for: that is work, too.
    notify::ready(&signals, "analysing the facts of other sensors");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("fleet")
        .enable_all()
        .build()
        .map_err(|why| fail(Exit::Failed, &why))?;
    let reloader = Reloader::new(&args.knowledge, args.output.quiet, Arc::clone(&knowledge.book));
    let current = knowledge.bundle.as_ref().map(|bundle| bundle.version);
    let bundles = Watcher::start(&set.bundle, current);
    let reloader =
        reloader.with_bundles(bundles.map_err(|why| fail(Exit::Usage, &format_args!("{why:#}")))?);
    let [one, two] = account::random_key();
    let me = format!("{:x}{two:x}", one);
    let book = Arc::clone(&knowledge.book);
    let worked = runtime.block_on(async {
        let broker = connect(&plan, args, &signals).await?;
        broker.agree(&set.fleet.group, set.fleet.partitions).await?;
        let office = Office {
            broker,
            board: Board::new(&me, &set.fleet.group, set.fleet.partitions),
            me: me.clone(),
            sites: args.sites.clone(),
            partitions: set.fleet.partitions,
            window: Duration::from_secs(u64::from(set.fleet.takeover_minutes) * 60),
            drain: args.drain,
            delivery: Arc::clone(&delivery),
            book: Arc::clone(&book),
            policy: knowledge.policy.clone(),
            limits: set.detect_limits(),
            observations_on: delivery.wants(Stream::Observations),
            reloader,
        };
        Session::new(office).work(&signals).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    let reports = worked.map_err(|why| fail(Exit::Failed, &why))?;
    conclude(args, delivery, &reports, &book, &signals)
}

/// Connect, as often as it takes; in a drain, once.
async fn connect(
    plan: &deliver::sinks::NatsPlan,
    args: &AnalyseArgs,
    signals: &Signals,
) -> Result<Broker, String> {
    let mut told = false;
    loop {
        match Broker::open(plan, args.create).await {
            Ok(broker) => return Ok(broker),
            Err(why) if signals.stop() || args.drain => return Err(why),
            Err(why) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(%why, "no facts yet; trying again");
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

fn conclude(
    args: &AnalyseArgs,
    delivery: Arc<deliver::Delivery>,
    reports: &[Report],
    book: &intel::Book,
    signals: &Signals,
) -> Result<Exit, Exit> {
    let mut health = account::sum(reports, book);
    health.delivery = crate::sending::health_of(&delivery);
    let alerts: u64 = health.alerts.values().sum();
    let delivery = Arc::into_inner(delivery)
        .ok_or_else(|| fail(Exit::Failed, &"a partition's thread still writes records"))?;
    let ended = output::conclude(
        delivery,
        &Recorder::default(),
        &health,
        &[],
        &Files::default(),
        &account::severities(reports),
        args.output.summary(),
    )?;
    Ok(if args.output.fail_on.is_some() && alerts > 0 {
        Exit::Alerts
    } else if signals.interrupted() {
        Exit::Interrupted
    } else {
        ended
    })
}
