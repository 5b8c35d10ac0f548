//! WINDOW: weekly hours of a zone, outside every freeze of the policy. When that is, the policy's
//! [`OpeningTimes`] knows; here it becomes a verdict and words.
//!
//! A run that was itself started as frozen is not this gate's business: that holds the promotion as a whole.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::policy::{EmergencySkip, Freeze, GateRule, Hours, OpeningTimes, Zone};
use crate::model::verdict::{Judgement, Verdict};
use crate::plan::gate_subject::Subject;

pub(super) fn evaluate(subject: &Subject<'_>, rule: Option<&GateRule>) -> Judgement {
    let skips = |what: EmergencySkip| {
        subject
            .emergency
            .is_some_and(|emergency| emergency.skip.contains(&what))
    };
    let (now, policy) = (subject.facts.now, subject.facts.policy);
    match rule {
        Some(GateRule::Window { open, zone }) => {
            let freezes = match skips(EmergencySkip::Freeze) {
                true => &[],
                false => policy.freeze.as_slice(),
            };
            let judgement = judge(now, open, zone, freezes);
            if judgement.verdict != Verdict::Pass && skips(EmergencySkip::Window) {
                let reason = format!("skipped in an emergency ({})", judgement.reason);
                return Judgement::new(Verdict::Pass, reason);
            }
            judgement
        }
        Some(other) => crate::plan::gate_subject::other_kind(other),
        None => Judgement::new(
            Verdict::Error,
            "the policy gives it no hours, so it stays shut",
        ),
    }
}

fn judge(now: Timestamp, open: &[Hours], zone: &Zone, freezes: &[Freeze]) -> Judgement {
    let times = OpeningTimes::new(open, zone, freezes);
    if times.contains(now) {
        let closing = times.closes(now);
        let reason = match closing {
            None => "open at all times".to_owned(),
            Some(closing) => {
                let until = format!("open until {}", when(closing.at, now, zone));
                match closing.freeze {
                    None => until,
                    Some(freeze) => format!("{until}, then frozen: {}", freeze.reason),
                }
            }
        };
        return Judgement::new(Verdict::Pass, reason).until(closing.map(|closing| closing.at));
    }
    let opens = times.opens(now);
    let opening = match opens {
        None => "never opens again".to_owned(),
        Some(at) => format!("opens {}", when(at, now, zone)),
    };
    let reason = match times.frozen(now) {
        Some(freeze) => format!(
            "frozen until {}: {}; {opening}",
            freeze.zone.shown(freeze.until),
            freeze.reason
        ),
        None => match times.hours_open(now).and_then(|at| times.frozen(at)) {
            Some(freeze) => format!("{opening}, frozen before: {}", freeze.reason),
            None => opening,
        },
    };
    let verdict = match opens {
        Some(_) => Verdict::Pending,
        None => Verdict::Blocked,
    };
    Judgement::new(verdict, reason).until(opens)
}

/// An instant in the future, in the zone and in UTC: `Mon 09:00 Europe/Berlin (07:00 UTC)`. It has its date if the name
/// of the day could be mistaken for an earlier one, and the day in UTC if that differs.
fn when(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let local = at.to_zoned(zone.time_zone().clone());
    let today = now.to_zoned(zone.time_zone().clone()).date();
    let far = (local.date() - today).get_days() >= 7;
    let shown = if far {
        zone.shown(at)
    } else {
        format!("{} {}", local.strftime("%a %H:%M"), zone.name())
    };
    if zone.name() == "UTC" {
        return shown;
    }
    let utc = at.to_zoned(TimeZone::UTC);
    let there = if utc.date() == local.date() {
        utc.strftime("%H:%M")
    } else {
        utc.strftime("%a %H:%M")
    };
    format!("{shown} ({there} UTC)")
}
