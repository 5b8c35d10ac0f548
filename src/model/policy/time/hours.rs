//! Weekly hours as the policy writes them. Parsing only: when they are open is for [`super::OpeningTimes`] to say.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::Deserialize;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the seven days say themselves")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    fn of(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|day| format!("{day:?}").eq_ignore_ascii_case(text))
    }
}

/// Weekly hours such as `Mon-Thu 09:00-17:00` or `Sat,Sun 22:00-06:00`; the end is not included, and an end that is not
/// after the start is on the next day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The days on which they start, in the order of the week.
    pub days: Vec<Weekday>,
    /// The first time inside.
    pub from: Time,
    /// The first time outside; `None` is the midnight at the end of the day.
    pub until: Option<Time>,
    text: String,
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not weekly hours such as Mon-Thu 09:00-17:00");
        let (days, times) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (from, until) = times.trim().split_once('-').ok_or_else(wrong)?;
        let time = |text: &str| -> Result<Time, String> {
            let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
            let number = |digits: &str| -> Result<i8, String> {
                if digits.len() != 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(wrong());
                }
                digits.parse().map_err(|_| wrong())
            };
            Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| wrong())
        };
        let mut set = Vec::new();
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (
                Weekday::of(first).ok_or_else(wrong)?,
                Weekday::of(last).ok_or_else(wrong)?,
            );
            let mut day = first as usize;
            loop {
                set.push(Weekday::ALL[day]);
                if day == last as usize {
                    break;
                }
                day = (day + 1) % 7;
            }
        }
        set.sort_unstable();
        set.dedup();
        let from = time(from)?;
        let until = if until == "24:00" {
            None
        } else {
            Some(time(until)?)
        };
        if until == Some(from) {
            return Err(format!(
                "`{text}` begins and ends at the same time; a whole day is 00:00-24:00"
            ));
        }
        Ok(Self {
            days: set,
            from,
            until,
            text: text.trim().to_owned(),
        })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

from_text!(Hours, schemars::json_schema!({ "type": "string" }));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_name_days_and_times() {
        let hours: Hours = "Fri-Mon,Wed 22:00-06:00".parse().unwrap();
        assert_eq!(
            hours.days,
            [
                Weekday::Mon,
                Weekday::Wed,
                Weekday::Fri,
                Weekday::Sat,
                Weekday::Sun
            ]
        );
        assert_eq!("Mon 00:00-24:00".parse::<Hours>().unwrap().until, None);
        for wrong in [
            "",
            "Mon",
            "Mon 9:00-17:00",
            "Mon 09:00",
            "Mo 09:00-10:00",
            "Mon 09:00-25:00",
            "Mon 09:00-09:00",
        ] {
            assert!(wrong.parse::<Hours>().is_err(), "{wrong}");
        }
    }
}
