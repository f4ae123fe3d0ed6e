//! Steps join an incident, which is told as it grows and when it is over.

use std::net::IpAddr;

use model::{Alert, Timestamp};

use super::incident::Incident;
use super::step::Met;
use crate::detector::Detector;
use crate::scene::Scene;
use crate::stories::{Case, Story};

impl Detector {
    /// Incidents that are over are told a last time.
    pub(crate) fn chain_expire(&mut self, out: &mut impl FnMut(Alert)) {
        while let Some(incident) = self.chain.expire(self.now) {
            self.end_incident(incident, out);
        }
    }

    /// The address under which the way of a host is followed: of its own and of the others of its
    /// interface that with an incident, else the first that met something before. Hosts change
    /// between families within one visit.
    pub(super) fn way_of(&self, host: IpAddr) -> IpAddr {
        let mut followed = None;
        for ip in self.addresses(host) {
            match self.chain.peek(ip).map(|trail| trail.incident.is_some()) {
                Some(true) => return ip,
                Some(false) => followed = followed.or(Some(ip)),
                None => {}
            }
        }
        followed.unwrap_or(host)
    }

    /// A host's address, and the others of its interface.
    fn addresses(&self, host: IpAddr) -> impl Iterator<Item = IpAddr> {
        std::iter::once(host).chain(self.identities.others(host))
    }

    /// What other addresses of a host met before it showed that they are one.
    fn gather(&mut self, host: IpAddr, way: IpAddr, now: Timestamp) -> Vec<Met> {
        let others: Vec<IpAddr> = self.addresses(host).filter(|ip| *ip != way).collect();
        others.into_iter().flat_map(|other| self.chain.give_up(other, now)).collect()
    }

    /// The capture ended.
    pub(crate) fn chain_finish(&mut self, out: &mut impl FnMut(Alert)) {
        while let Some(incident) = self.chain.take_first() {
            self.end_incident(incident, out);
        }
    }

    /// A story that is a stage ended: what it knows stays with the incident.
    pub(crate) fn chain_take(&mut self, story: &Story) {
        let incident = |ip: IpAddr| self.chain.peek(ip)?.incident.as_ref();
        let tells = |ip: &IpAddr| {
            incident(*ip).is_some_and(|incident| incident.stories().any(|s| s == story.serial))
        };
        let Some(way) = self.addresses(story.key.host).find(tells) else { return };
        if let Some(incident) = self.chain.get(way).and_then(|trail| trail.incident.as_mut()) {
            incident.absorb(story, &self.limits);
        }
    }

    /// A story is over: what may become a stage later names the alert that told it, and has its
    /// signs.
    pub(crate) fn chain_leave(&mut self, host: IpAddr, serial: u64, case: &Case) {
        // It may have been met before its host's addresses were known to be one.
        let addresses: Vec<IpAddr> = self.addresses(host).collect();
        for ip in addresses {
            if let Some(trail) = self.chain.get(ip) {
                trail.leave(serial, case);
            }
        }
    }

    /// Its stories end with it: nobody would tell what they show from now on, so that it is told as
    /// what it is by then, a story of its own.
    fn end_incident(&mut self, mut incident: Incident, out: &mut impl FnMut(Alert)) {
        let serials: Vec<u64> = incident.stories().collect();
        for serial in serials {
            if let Some(story) = self.stories.take(serial) {
                incident.absorb(&story, &self.limits);
            }
        }
        let news = incident.has_news();
        if let Some(alert) = incident.tell(true, self.now, &self.limits).filter(|_| news) {
            self.say(alert, out);
        }
    }

    /// A step is met: it may make an incident, or join the one that there is.
    pub(super) fn chain_meet(&mut self, scene: &Scene<'_>, met: Met, out: &mut impl FnMut(Alert)) {
        self.chain_meet_all(scene, vec![met], out);
    }

    /// Steps of one moment are met: what comes of them is told once.
    pub(super) fn chain_meet_all(
        &mut self,
        scene: &Scene<'_>,
        all: Vec<Met>,
        out: &mut impl FnMut(Alert),
    ) {
        self.stir();
        let (host, at) = (self.way_of(scene.setting.host), scene.seen.at);
        let windows = self.chain.windows;
        let earlier = self.gather(scene.setting.host, host, at);
        let Some(trail) = self.chain.of(host) else { return };
        let before = trail.incident.as_ref().map(|incident| incident.grown);
        let mut serials: Vec<u64> = Vec::new();
        for met in earlier.into_iter().chain(all) {
            match &trail.incident {
                Some(incident) if incident.holds(&met) => serials.extend(met.story),
                _ => trail.meet(met, at, windows),
            }
        }
        let steps = match &mut trail.incident {
            Some(_) => trail.take_new(windows),
            None => trail.ripe(at, windows).unwrap_or_default(),
        };
        if steps.is_empty() && serials.is_empty() {
            return;
        }
        let joining: Vec<u64> = steps.iter().filter_map(|step| step.story).collect();
        let steps = steps.into_iter().map(|step| self.with_told(step)).collect::<Vec<_>>();
        let Some(trail) = self.chain.of(host) else { return };
        match &mut trail.incident {
            Some(incident) => steps.into_iter().for_each(|step| incident.join(step, at)),
            None => trail.incident = Some(Box::new(Incident::new(host, steps, at))),
        }
        // What found no room tells itself.
        let has_stage = |serial: &u64| {
            trail.incident.as_ref().is_some_and(|incident| incident.has_stage_of(*serial))
        };
        serials.extend(joining.into_iter().filter(has_stage));
        for serial in serials {
            self.take_story(host, serial);
        }
        self.tell_incident(host, before, at, out);
    }

    /// What a step's story was told as, before it became a stage.
    fn with_told(&self, mut step: Met) -> Met {
        let story = step.story.and_then(|serial| self.stories.get(serial));
        let case = story.filter(|story| !story.absorbed).and_then(|story| story.case.as_ref());
        step.told = case.filter(|case| case.was_told()).map(|case| case.id).or(step.told);
        step
    }

    /// From now on the incident tells that story.
    fn take_story(&mut self, host: IpAddr, serial: u64) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        let incident = self.chain.get(host).and_then(|trail| trail.incident.as_mut());
        if let Some(incident) = incident
            && incident.absorb(story, &self.limits)
        {
            story.absorbed = true;
        }
    }

    fn tell_incident(
        &mut self,
        host: IpAddr,
        before: Option<Timestamp>,
        at: Timestamp,
        out: &mut impl FnMut(Alert),
    ) {
        let Some(incident) = self.chain.get(host).and_then(|trail| trail.incident.as_mut()) else {
            return;
        };
        let told = incident.grew().then(|| incident.tell(false, at, &self.limits)).flatten();
        let grown = incident.grown;
        if before != Some(grown) {
            self.chain.mark(host, before, grown);
        }
        if let Some(alert) = told {
            self.say(alert, out);
        }
    }
}
