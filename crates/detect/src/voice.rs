//! When a story is told, and the one way out for alerts.

use model::{Alert, Occasion, Timestamp};

use crate::detector::Detector;
use crate::scene::Scene;
use crate::stories::{Due, Story};

impl Detector {
    /// Every alert leaves through here. False: it was held back, and stands in a summary.
    pub(crate) fn say(&mut self, alert: Alert, out: &mut impl FnMut(Alert)) -> bool {
        let (passes, summary) = self.caps.pass(&alert);
        passes.then_some(alert).into_iter().chain(summary).for_each(out);
        passes
    }

    /// Tell a story if there is something new to say of it.
    pub(crate) fn tell_if_due(
        &mut self,
        serial: u64,
        scene: &Scene<'_>,
        out: &mut impl FnMut(Alert),
    ) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        if let Some(occasion) = story.occasion(&self.limits) {
            self.tell(serial, occasion, scene.seen.at, out);
        }
    }

    /// Packet time passes: what fell silent is told to be over, what goes on to go on.
    pub(crate) fn pass(&mut self, out: &mut impl FnMut(Alert)) {
        while let Some((at, due)) = self.stories.next_due(self.now) {
            match due {
                Due::Tell(serial, occasion) => self.tell(serial, occasion, at, out),
                Due::Over(story) => self.end(*story, at, out),
            }
        }
        for summary in self.caps.pass_time(self.now) {
            out(summary);
        }
    }

    /// The capture ended: what there is left to tell, in the order in which it began.
    pub(crate) fn end_all(&mut self, out: &mut impl FnMut(Alert)) {
        while let Some(story) = self.stories.take_first() {
            self.end(story, self.now, out);
        }
        for summary in self.caps.finish(self.now) {
            out(summary);
        }
    }

    /// Tell a story that is gone a last time, unless that would say nothing new.
    pub(crate) fn end(&mut self, story: Story, at: Timestamp, out: &mut impl FnMut(Alert)) {
        if story.absorbed {
            // Its incident tells it.
            if let Some(case) = &story.case {
                self.chain_take(story.key.host, story.serial, case);
            }
            return;
        }
        let last = story.telling(Occasion::Ended, at).filter(|_| story.has_news());
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
