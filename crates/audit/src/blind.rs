//! Where the sensor could not see, in figures, and what each means.

use crate::entry::Count;
use crate::healths::Total;

/// One way in which a use could have passed unseen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlindSpot {
    /// A stable word.
    pub id: &'static str,
    /// What is counted, for people.
    pub title: &'static str,
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// What is counted, in one word.
    pub unit: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// Which ones, where there are several kinds.
    pub details: Vec<(String, u64)>,
}

/// Reasons for which a frame was refused though a conversation may have been in it. The others,
/// such as ARP or a mirrored duplicate, hide nothing.
const HIDING: [&str; 5] = ["link_type", "encapsulated", "fragment", "truncated", "malformed"];

/// All of them; empty where no sensor told how it fared.
pub(crate) fn spots(total: &Total) -> Vec<BlindSpot> {
    if total.runs == 0 {
        return Vec::new();
    }
    let get = |count| total.get(count);
    let dns = get(Count::DnsClear).saturating_add(get(Count::DnsEncrypted));
    let mut spots = vec![
        spot(
            ("tls_nameless", "TLS without a server name", "hellos"),
            (get(Count::HellosNameless), get(Count::Hellos)),
            "These sessions do not say whom they are for; such a use shows only by a name that the \
             host asked for before, by the address, or by the octets of the tool itself.",
        ),
        spot(
            ("tls_ech", "TLS whose name may be a front's (ECH)", "hellos"),
            (get(Count::HellosEch), get(Count::Hellos)),
            "Browsers send it with every hello, mostly as padding beside a true name; where it is \
             real, the name that shows is that of a front which many share, and a tool behind it \
             is not told apart from a website.",
        ),
        spot(
            ("dns_encrypted", "DNS under encryption", "flows"),
            (get(Count::DnsEncrypted), dns),
            "What these hosts ask for is not seen, so that later flows to nameless addresses \
             cannot be named.",
        ),
        spot(
            ("one_way", "Flows seen one way only", "flows"),
            (get(Count::FlowsOneWay), get(Count::Flows)),
            "The answer never passed the sensor, be it that nobody answered or that the mirror \
             shows one direction; certificates and downloads are missing there.",
        ),
        spot(
            ("lost", "Packets lost before the sensor", "packets"),
            (get(Count::Lost), get(Count::Offered)),
            "What the kernel or the interface dropped was never looked at.",
        ),
    ];
    let hiding: Vec<(String, u64)> = HIDING
        .iter()
        .filter_map(|why| Some(((*why).to_owned(), *total.refused.get(*why)?)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let mut frames = spot(
        ("unread", "Frames that could not be read", "frames"),
        (hiding.iter().map(|(_, count)| count).sum(), get(Count::Frames)),
        "They were cut, broken or wrapped in something that is not opened; a conversation inside \
         them was not seen.",
    );
    frames.details = hiding;
    spots.push(frames);
    // A replay loses nothing, and says nothing of it.
    spots.retain(|spot| spot.id != "lost" || total.tells(Count::Offered));
    let further = [
        spot(
            ("behind", "Observations dropped", "observations"),
            (get(Count::ObservationsDropped), 0),
            "The sensor was behind and dropped what it had read; uses that began then may be \
             missing.",
        ),
        spot(
            ("evicted", "Flows that lost their place", "flows"),
            (get(Count::FlowsEvicted), get(Count::Flows)),
            "There were more flows at once than the sensor remembers; their ends and octets are \
             not known.",
        ),
        spot(
            ("given_up", "Streams that were given up", "streams"),
            (get(Count::StreamsGivenUp), get(Count::Flows)),
            "Their octets had a gap that never closed, or there was no room for their beginning.",
        ),
        spot(
            ("restarts", "Parts of the sensor that began anew", "restarts"),
            (get(Count::Panics), 0),
            "An error in the program made it forget the flows of that moment; please report it.",
        ),
    ];
    spots.extend(further.into_iter().filter(|spot| spot.count > 0));
    spots
}

fn spot(
    (id, title, unit): (&'static str, &'static str, &'static str),
    (count, of): (u64, u64),
    meaning: &'static str,
) -> BlindSpot {
    BlindSpot { id, title, count, of, unit, meaning, details: Vec::new() }
}
