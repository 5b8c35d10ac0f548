//! What opens, lands and closes at the tip that a round observed.

use crate::execute::Delivery;
use crate::forge::Writer;
use crate::reconcile::round::Round;

impl Round<'_> {
    /// Carries out writes at the observed tip.
    pub(crate) fn delivery<'w>(&'w self, writer: &'w Writer) -> Delivery<'w> {
        Delivery {
            writer,
            forge: &self.session.forge,
            repo: self.session.remotes.here(),
            snapshot: &self.observation.snapshot,
            verified: self.observation.repository.policy.verified,
        }
    }
}
