//! Several analysts: they share the work, and when one dies another one goes on where it was.

use std::collections::BTreeSet;

use super::peers::{Nats, begin, field, lines, rmmwatch, wait_until};

const CAPTURE: &str = "pcaps/aa23-025a-campaign.pcap";
const POLICY: &str = "pcaps/aa23-025a-campaign.policy.toml";

/// How much of the board is whose: analysts by the partitions that they have.
async fn owners(nats: &Nats, partitions: u16) -> BTreeSet<String> {
    let Ok(board) = nats.context().await.get_key_value("rmm-analysts").await else {
        return BTreeSet::new();
    };
    let mut owners = BTreeSet::new();
    for number in 0..partitions {
        let lease = board.get(format!("all.part.{number}")).await.ok().flatten();
        let lease = lease.map(|lease| String::from_utf8_lossy(&lease).into_owned());
        owners.insert(lease.map(|lease| field(&lease, "/owner")).unwrap_or_default());
    }
    owners
}

/// How far the analysts have come: the least place of all partitions.
async fn place(nats: &Nats, partitions: u16) -> u64 {
    let Ok(board) = nats.context().await.get_key_value("rmm-analysts").await else { return 0 };
    let mut least = u64::MAX;
    for number in 0..partitions {
        let lease = board.get(format!("all.part.{number}")).await.ok().flatten();
        let lease = lease.map(|lease| String::from_utf8_lossy(&lease).into_owned());
        let place = lease.map(|lease| field(&lease, "/place")).unwrap_or_default();
        least = least.min(place.parse().unwrap_or(0));
    }
    least
}

async fn wait_for(what: &str, mut is: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if is().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not within 30 s: {what}");
}

#[tokio::test]
async fn an_analyst_that_is_killed_loses_nothing_and_nothing_is_told_anew() {
    const PARTITIONS: u16 = 4;
    let (Some(source), Some(nats)) = (Nats::start(), Nats::start()) else { return };
    let settings = source.settings("span", PARTITIONS, "sensor").display().to_string();
    let sensor = ["replay", CAPTURE, "--sinks", "--quiet", "-c", &settings, "--policy", POLICY];
    let whole = String::from_utf8(rmmwatch(&sensor).stdout).expect("UTF-8");
    let whole: BTreeSet<String> = whole.lines().map(str::to_owned).collect();
    let messages = source.messages().await;
    let (before, after) = messages.split_at(messages.len() / 2);

    let settings = nats.analyst(PARTITIONS, "all").display().to_string();
    let analyst = |name: &str, more: &[&str]| {
        let (alerts, said) = (nats.path(name), nats.path(&format!("{name}.said")));
        let shown = alerts.display().to_string();
        let mut args = vec!["analyse", "--from", &nats.url, "--create", "-c", &settings];
        args.extend(["--policy", POLICY, "--alerts", &shown]);
        args.extend(more);
        (begin(&args, &said), alerts)
    };
    let (mut one, told_one) = analyst("one", &[]);
    wait_for("the first has all", async || {
        let owners = owners(&nats, PARTITIONS).await;
        owners.len() == 1 && !owners.contains("") && !owners.contains("\"\"")
    })
    .await;
    let (mut two, told_two) = analyst("two", &[]);
    wait_for("they share", async || {
        let owners = owners(&nats, PARTITIONS).await;
        owners.len() == 2 && !owners.contains("\"\"")
    })
    .await;
    nats.publish(before).await;
    // Killed where it may be behind with its word, and is with nothing else.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    one.kill();
    let told_before = lines(&told_one);
    nats.publish(after).await;
    let last = nats.stream().await.get_info().await.expect("told").state.last_sequence;
    wait_for("the other has all", async || {
        owners(&nats, PARTITIONS).await.len() == 1 && place(&nats, PARTITIONS).await + 1 >= last
    })
    .await;
    two.stop();
    assert_eq!(lines(&told_one), told_before);

    // The ends of stories are told when somebody concludes.
    let (three, told_three) = analyst("three", &["--drain"]);
    wait_until("it is drained", {
        let mut three = three;
        move || three.is_over()
    });
    let told: BTreeSet<String> =
        [&told_one, &told_two, &told_three].into_iter().flat_map(|path| lines(path)).collect();
    let lost: Vec<_> = whole.difference(&told).collect();
    let new: Vec<_> = told.difference(&whole).collect();
    assert!(lost.is_empty() && new.is_empty(), "lost {lost:#?}\nnew {new:#?}");
    let incidents: BTreeSet<String> = told
        .iter()
        .filter(|line| field(line, "/event/action").contains("campaign"))
        .map(|line| field(line, "/event/id"))
        .collect();
    assert_eq!(incidents.len(), 1);
}
