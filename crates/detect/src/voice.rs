//! When a story is told: the one way out for alerts.

use model::{Alert, Occasion, Timestamp};

use crate::detector::Detector;
use crate::scene::Scene;
use crate::stories::{Story, tell};

impl Detector {
    /// Tell a story if there is something new to say of it.
    pub(crate) fn tell_if_due(
        &mut self,
        serial: u64,
        scene: &Scene<'_>,
        out: &mut impl FnMut(Alert),
    ) {
        let Some(story) = self.stories.get_mut(serial) else { return };
        let operator = story.operator().cloned();
        let Some(case) = &mut story.case else { return };
        if let Some(occasion) = case.occasion(operator.as_ref(), &self.limits) {
            out(tell(case, operator.as_ref(), occasion, scene.seen.at));
            case.mark_told(operator.as_ref());
        }
    }

    /// Tell a story a last time, unless that would say nothing new.
    pub(crate) fn end(&mut self, mut story: Story, at: Timestamp, out: &mut impl FnMut(Alert)) {
        let operator = story.operator().cloned();
        let Some(case) = &mut story.case else { return };
        if case.has_news(operator.as_ref()) {
            out(tell(case, operator.as_ref(), Occasion::Ended, at.max(case.end)));
        }
    }
}
