//! What an element means where it stands.

use std::borrow::Cow;

use super::draft::{IndicatorDraft, ObjectDraft, ObservableDraft, Side};
use super::graph::{Claim, Graph};
use super::head::Heading;
use super::leaf::{Gathering, Leaf};
use super::names::Space;
use super::place::Place;
use super::tag::Tag;
use super::tally::{Reason, Tally};

/// What an open element is to what stands in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Role {
    /// A list or a wrapper.
    #[default]
    Plain,
    Indicator,
    Composite,
    Confidence,
    Validity,
    Observable,
    Composition,
    Object,
    Properties,
    /// One HTTP request among properties.
    Request,
    Header,
    Source,
    Handling,
}

/// Whether what stands in an element is told for another reason than to be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Aside {
    #[default]
    No,
    /// Sightings, measures, sources.
    Yes,
    /// What was attacked: no indicator, even where it is listed.
    Victim,
}

/// An open element.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frame {
    pub(super) role: Role,
    pub(super) aside: Aside,
    pub(super) side: Side,
    /// The values in it are no names, addresses or URLs (`category`, `type`).
    pub(super) unseen: bool,
    /// The element is the one that began the draft which its role speaks of.
    opens: bool,
}

/// Everything read so far.
#[derive(Debug, Default)]
pub(super) struct Reading<'a> {
    pub(super) graph: Graph<'a>,
    pub(super) heading: Heading<'a>,
    pub(super) tally: Tally,
    pub(super) unseen: u64,
    /// Documents begun: elements that stand in no other.
    pub(super) document: u32,
    /// An element of STIX or CybOX was among them.
    pub(super) is_stix: bool,
    pub(super) frames: Vec<Frame>,
    pub(super) indicators: Vec<IndicatorDraft<'a>>,
    pub(super) observables: Vec<ObservableDraft<'a>>,
    pub(super) objects: Vec<ObjectDraft<'a>>,
    pub(super) gathering: Option<Gathering<'a>>,
}

impl<'a> Reading<'a> {
    /// A start tag.
    pub(super) fn open(&mut self, space: Space<'_>, local: &str, mut tag: Tag<'a>, place: Place) {
        if let Some(gathering) = &mut self.gathering {
            gathering.depth = gathering.depth.saturating_add(1);
            return;
        }
        if self.frames.is_empty() {
            self.document = self.document.saturating_add(1);
        }
        self.is_stix |= matches!(space, Space::Stix | Space::Cybox);
        let parent = self.frames.last().copied().unwrap_or_default();
        if let Some(leaf) = Leaf::of(parent, space, local, &tag) {
            self.gathering = Some(Gathering::new(leaf, parent, &mut tag, place));
            return;
        }
        let frame = self.frame(parent, space, local, &mut tag, place);
        self.frames.push(frame);
    }

    fn frame(
        &mut self,
        parent: Frame,
        space: Space<'_>,
        local: &str,
        tag: &mut Tag<'a>,
        place: Place,
    ) -> Frame {
        let mut frame = Frame { opens: false, role: inherited(parent.role), ..parent };
        match (space, local) {
            (Space::Stix, "STIX_Package" | "Package") => {
                let id = tag.take("id");
                if id.is_some() || tag.get("idref").is_none() {
                    self.heading.package(id, tag.take("timestamp"));
                }
                frame = Frame::default();
            }
            (Space::Stix, "STIX_Header") => frame.role = Role::Header,
            (Space::Stix, "Indicator") => {
                self.open_indicator(tag, place);
                frame = Frame { role: Role::Indicator, opens: true, ..Frame::default() };
            }
            (Space::Stix | Space::Cybox, "Observable") => {
                self.open_observable(tag, place);
                (frame.role, frame.opens) = (Role::Observable, true);
            }
            (Space::Cybox, "Object" | "Related_Object") => {
                self.open_object(local == "Related_Object", tag, place);
                (frame.role, frame.opens) = (Role::Object, true);
            }
            (Space::Cybox, "Properties") if parent.role == Role::Object => {
                frame.role = Role::Properties;
                frame.side = Side::default();
                self.open_properties(&mut frame, tag);
            }
            (Space::Stix | Space::Cybox, word) if aside(word) != Aside::No => {
                frame.aside = aside(word);
                let is_what = word == "Event" && parent.role == Role::Observable;
                if let Some(open) = self.observables.last_mut().filter(|_| is_what) {
                    open.event = true;
                }
            }
            _ => self.by_role(parent.role, &mut frame, space, local, tag),
        }
        frame
    }

    fn by_role(
        &mut self,
        parent: Role,
        frame: &mut Frame,
        space: Space<'_>,
        local: &str,
        tag: &mut Tag<'a>,
    ) {
        match (parent, space, local) {
            (Role::Indicator, Space::Stix, "Confidence") => frame.role = Role::Confidence,
            (Role::Indicator, Space::Stix, "Valid_Time_Position") => {
                frame.role = Role::Validity;
                if let Some(draft) = self.indicators.last_mut() {
                    draft.windows = draft.windows.saturating_add(1);
                }
            }
            (Role::Indicator, Space::Stix, "Composite_Indicator_Expression") => {
                frame.role = Role::Composite;
                if let Some(draft) = self.indicators.last_mut() {
                    draft.together = is_and(tag);
                }
            }
            (Role::Observable, Space::Cybox, "Observable_Composition") => {
                frame.role = Role::Composition;
                if let Some(draft) = self.observables.last_mut() {
                    draft.operator = Some(is_and(tag));
                }
            }
            (Role::Header, Space::Stix, "Information_Source") => frame.role = Role::Source,
            (Role::Header, Space::Stix, "Handling") => frame.role = Role::Handling,
            (Role::Handling, ..) => {
                if let Some(color) = tag.get("color") {
                    self.heading.mark(color);
                }
                self.heading.consent(tag.take("consent"));
            }
            (Role::Properties | Role::Request, Space::Object(kind), _) => {
                if local == "HTTP_Client_Request" {
                    (frame.role, frame.opens) = (Role::Request, true);
                }
                frame.side = Side::of(kind, local).unwrap_or(frame.side);
                property(frame, tag);
            }
            _ => {}
        }
    }

    fn open_indicator(&mut self, tag: &mut Tag<'a>, place: Place) {
        self.graph.kept = self.graph.kept.saturating_add(1);
        self.indicators.push(IndicatorDraft {
            id: tag.take("id").map(|id| self.graph.name(id)),
            same: tag.take("idref").map(|id| self.graph.name(id)),
            negated: tag.says("negate"),
            ..IndicatorDraft::new(place)
        });
    }

    fn open_observable(&mut self, tag: &mut Tag<'a>, place: Place) {
        self.graph.kept = self.graph.kept.saturating_add(1);
        self.observables.push(ObservableDraft {
            id: tag.take("id").map(|id| self.graph.name(id)),
            same: tag.take("idref").map(|id| self.graph.name(id)),
            negated: tag.says("negate"),
            ..ObservableDraft::new(place)
        });
    }

    fn open_object(&mut self, is_related: bool, tag: &mut Tag<'a>, place: Place) {
        self.graph.kept = self.graph.kept.saturating_add(1);
        self.objects.push(ObjectDraft {
            id: tag.take("id").map(|id| self.graph.name(id)),
            same: tag.take("idref").map(|id| self.graph.name(id)),
            is_related,
            ..ObjectDraft::new(place)
        });
    }

    fn open_properties(&mut self, frame: &mut Frame, tag: &mut Tag<'a>) {
        let reference = tag.take("object_reference").map(|id| self.graph.name(id));
        if let Some(draft) = self.objects.last_mut() {
            draft.family = tag.family;
            draft.same = draft.same.or(reference);
            draft.has_properties = true;
        }
        frame.unseen = false;
        property(frame, tag);
    }

    /// Characters between tags.
    pub(super) fn text(&mut self, piece: Cow<'a, str>) {
        if let Some(gathering) = &mut self.gathering {
            gathering.push(piece);
        }
    }

    /// A reference to an entity of the file's own: what it stands in is no longer whole.
    pub(super) fn spoil(&mut self, place: Place) {
        if let Some(gathering) = &mut self.gathering {
            gathering.spoiled = true;
        }
        self.tally.add(Reason::Entity, place);
    }

    /// An end tag.
    pub(super) fn close(&mut self) {
        match &mut self.gathering {
            Some(gathering) if gathering.depth > 0 => {
                gathering.depth = gathering.depth.saturating_sub(1);
            }
            Some(_) => {
                if let Some(gathering) = self.gathering.take() {
                    self.gathered(gathering);
                }
            }
            None => self.close_frame(),
        }
    }

    fn close_frame(&mut self) {
        let Some(frame) = self.frames.pop().filter(|frame| frame.opens) else { return };
        let parent = self.frames.last().copied().unwrap_or_default();
        match frame.role {
            Role::Indicator => self.close_indicator(parent),
            Role::Observable => self.close_observable(parent),
            Role::Object => self.close_object(parent),
            Role::Request => {
                if let Some(draft) = self.objects.last_mut() {
                    draft.close_request();
                }
            }
            _ => {}
        }
    }

    fn close_indicator(&mut self, parent: Frame) {
        let Some(draft) = self.indicators.pop() else { return };
        let together = parent.role == Role::Composite
            && self.indicators.last().is_some_and(|outer| outer.together);
        let document = self.document;
        if let (true, Some(name)) = (together, draft.same) {
            self.graph.claims.push((document, Claim::Indicator(name)));
        }
        draft.close(together, document, &mut self.graph);
    }

    fn close_observable(&mut self, parent: Frame) {
        let Some(draft) = self.observables.pop() else { return };
        let owned = matches!(parent.role, Role::Indicator | Role::Composition);
        let (document, same) = (self.document, draft.same);
        let node = draft.close(owned, parent.aside != Aside::No, document, &mut self.graph);
        if let Some(name) = same.filter(|_| parent.aside != Aside::Yes) {
            self.graph.claims.push((document, Claim::Observable(name)));
        }
        match parent.role {
            Role::Indicator => {
                if let Some(open) = self.indicators.last_mut() {
                    open.parts.push(node);
                }
            }
            Role::Composition => {
                if let Some(open) = self.observables.last_mut() {
                    open.parts.push(node);
                }
            }
            _ => {}
        }
    }

    fn close_object(&mut self, parent: Frame) {
        let Some(draft) = self.objects.pop() else { return };
        let (document, same, is_related) = (self.document, draft.same, draft.is_related);
        let (node, unseen) = draft.close(document, &mut self.graph);
        self.unseen = self.unseen.saturating_add(unseen);
        if is_related {
            if let Some(open) = self.objects.last_mut() {
                open.related.push(node);
            }
        } else if parent.role == Role::Observable {
            if let Some(name) = same {
                self.graph.claims.push((document, Claim::Object(name)));
            }
            if let Some(open) = self.observables.last_mut() {
                open.object.get_or_insert(node);
            }
        }
    }
}

/// What stands in these stands in their children too.
const fn inherited(role: Role) -> Role {
    match role {
        Role::Properties | Role::Source | Role::Handling => role,
        Role::Request => Role::Properties,
        _ => Role::Plain,
    }
}

/// What an element's name says of the observables in it.
fn aside(local: &str) -> Aside {
    match local {
        "Victim" | "Victim_Targeting" | "Affected_Assets" => Aside::Victim,
        "Sightings"
        | "Test_Mechanisms"
        | "Suggested_COAs"
        | "Potential_COAs"
        | "Course_Of_Action"
        | "Parameter_Observables"
        | "Related_Observables"
        | "Observable_Source"
        | "Event" => Aside::Yes,
        _ => Aside::No,
    }
}

fn is_and(tag: &Tag<'_>) -> bool {
    // `OR` is the only other word; what is neither is not taken apart.
    tag.get("operator").is_none_or(|word| !word.trim().eq_ignore_ascii_case("OR"))
}

/// What `category` and `type` say of the values in an element.
fn property(frame: &mut Frame, tag: &Tag<'_>) {
    if let Some(category) = tag.get("category") {
        let category = category.trim();
        frame.unseen =
            !matches!(category, "ipv4-addr" | "ipv6-addr" | "ipv4-net" | "ipv6-net" | "cidr" | "");
    }
    if tag.get("type").map(str::trim) == Some("General URN") {
        frame.unseen = true;
    }
    if tag.says("is_spoofed") {
        frame.side = Side::Off;
    }
}
