//! When a story is told, and the one way out for alerts.

use model::{Alert, Occasion, Timestamp};

use crate::detector::Detector;
use crate::scene::Scene;
use crate::spread;
use crate::stories::{Due, Story};

impl Detector {
    /// Every alert leaves through here. False: it was held back, and stands in a summary.
    pub(crate) fn say(&mut self, alert: Alert, out: &mut impl FnMut(Alert)) -> bool {
        let (passes, summary) = self.caps.pass(&alert);
        for mut alert in passes.then_some(alert).into_iter().chain(summary) {
            alert.identity = self.identities.of(alert.host);
            out(alert);
        }
        passes
    }

    /// Tell a story if there is something new to say of it.
    pub(crate) fn tell_if_due(
        &mut self,
        serial: u64,
        scene: &Scene<'_>,
        out: &mut impl FnMut(Alert),
    ) {
        self.tell_news(serial, scene.seen.at, out);
        self.note_spread(serial, scene.seen.at, out);
    }

    /// The same, whatever brought it.
    pub(crate) fn tell_news(&mut self, serial: u64, at: Timestamp, out: &mut impl FnMut(Alert)) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        if let Some(occasion) = story.occasion(&self.limits) {
            self.tell(serial, occasion, at, out);
        }
    }

    /// A story may be one of many that begin at once.
    fn note_spread(&mut self, serial: u64, at: Timestamp, out: &mut impl FnMut(Alert)) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        let Some(subject) = spread::subject(story, at) else { return };
        let before = story.wave.replace(subject.clone());
        let Some(joining) = spread::Joining::new(story, at) else { return };
        if let Some(before) = before {
            self.spreads.leave(&before, joining.alert.id);
        }
        for alert in self.spreads.join(&subject, &joining) {
            self.say(alert, out);
        }
    }

    /// Packet time passes, from `before` on: what fell silent is told to be over, what goes on to
    /// go on.
    pub(crate) fn pass(&mut self, before: Timestamp, out: &mut impl FnMut(Alert)) {
        while let Some((at, due)) = self.stories.next_due(before, self.now) {
            match due {
                Due::Tell(serial, occasion) => self.tell(serial, occasion, at, out),
                Due::Over(story) => self.end(*story, at, out),
            }
        }
        let summaries = self.caps.pass_time(self.now);
        for alert in summaries.into_iter().chain(self.spreads.pass_time(self.now)) {
            self.say(alert, out);
        }
    }

    /// The capture ended: what there is left to tell, in the order in which it began.
    pub(crate) fn end_all(&mut self, out: &mut impl FnMut(Alert)) {
        while let Some(story) = self.stories.take_first() {
            self.end(story, self.now, out);
        }
        let summaries = self.caps.finish(self.now);
        for alert in summaries.into_iter().chain(self.spreads.finish(self.now)) {
            self.say(alert, out);
        }
    }

    /// Tell a story that is gone a last time, unless that would say nothing new.
    pub(crate) fn end(&mut self, story: Story, at: Timestamp, out: &mut impl FnMut(Alert)) {
        if story.absorbed {
            // Its incident tells it.
            self.chain_take(&story);
            return;
        }
        if let Some(case) = &story.case {
            self.chain_leave(story.key.host, story.serial, case);
        }
        let last = story.telling(Occasion::Ended, at).filter(|_| story.has_last_word());
        last.into_iter().for_each(|alert| {
            self.say(alert, out);
        });
    }

    fn tell(
        &mut self,
        serial: u64,
        occasion: Occasion,
        at: Timestamp,
        out: &mut impl FnMut(Alert),
    ) {
        let story = self.stories.get(serial).filter(|story| !story.absorbed);
        if let Some(alert) = story.and_then(|story| story.telling(occasion, at)) {
            let said = self.say(alert, out);
            self.stories.mark_told(serial, at, !said);
        }
    }
}
