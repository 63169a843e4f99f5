//! Faults that another scheduler had around the days on which clocks are changed, each by its number there.

use super::*;

/// A moment long before the days below.
fn long_before() -> Timestamp {
    Timestamp::from_secs(1_770_000_000)
}

/// cal.com 1092: one hour early after the change.
#[test]
fn calcom_1092_slots_keep_their_wall_time_over_the_change() {
    let calendar = calendar("anna", "America/New_York", &["09:00-11:00"]);
    // Clocks go forward on 8 March 2026 and back on 1 November 2026.
    for day in [date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9), date(2026, 10, 31), date(2026, 11, 1)] {
        assert_eq!(times(&service(60), &calendar, day, long_before()), ["09:00", "09:30", "10:00"], "{day}");
    }
}

/// cal.com 10517: 8:00 instead of 9:00, only in the month of the change.
#[test]
fn calcom_10517_the_month_of_the_change_has_the_hours_of_the_others() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    for month in 1..=12 {
        for day in [1, 15, 25, 28] {
            let day = date(2027, month, day);
            let times = times(&service(30), &calendar, day, Timestamp::from_secs(1_798_000_000));
            assert_eq!((times.len(), times[0].as_str()), (16, "09:00"), "{day}");
        }
    }
}

/// cal.com 12137: the minimum notice falls on the day of the change.
#[test]
fn calcom_12137_notice_is_counted_in_hours_that_pass() {
    let calendar = calendar("anna", "Europe/Vienna", &["00:00-24:00"]);
    let service = Service { notice_minutes: 24 * 60, ..service(60) };
    // At 10:00 on the day before clocks go forward; 24 hours later they show 11:00.
    let now = at(&calendar, date(2027, 3, 27).at(10, 0, 0, 0));
    let first = times(&service, &calendar, date(2027, 3, 28), now);
    assert_eq!(first[0], "11:00");
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let early = at(&calendar, date(2027, 3, 28).at(10, 30, 0, 0));
    assert_eq!(candidate.allowed(early, now), Err(Refusal::TooSoon));
}

/// cal.com 6217 and 7667: no free person was found for slots across the change.
#[test]
fn calcom_6217_7667_a_service_across_the_change_can_be_booked() {
    let calendar = calendar("anna", "Europe/Vienna", &["00:00-24:00"]);
    let service = Service { step_minutes: 60, ..service(180) };
    // Clocks go from 02:00 to 03:00: three hours from 01:00 on end at 05:00.
    let start = at(&calendar, date(2027, 3, 28).at(1, 0, 0, 0));
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    assert_eq!(candidate.allowed(start, long_before().plus(hours(24 * 200))), Ok(()));
    let slot = candidate.slot(start);
    assert_eq!(calendar.time_zone.local(slot.end), date(2027, 3, 28).at(5, 0, 0, 0));
    let mut agendas = nothing_taken(&candidate, day_of(&calendar, date(2027, 3, 28)));
    assert_eq!(agendas.take(&candidate.lanes(), &candidate.entry(id(1), start, None), long_before()), Ok(()));
}

/// cal.com PR 28519: the offset of the present day was used for another date.
#[test]
fn calcom_28519_the_offset_is_that_of_the_date() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-10:00"]);
    let candidate = Candidate { service: &service(60), calendar: &calendar, resources: &[] };
    let summer = day_of(&calendar, date(2026, 7, 1));
    let winter = date(2026, 1, 10).at(12, 0, 0, 0);
    let slots = candidate.slots(summer, &nothing_taken(&candidate, summer), at(&calendar, winter), 9);
    // 09:00 in summer is 07:00 UTC.
    assert_eq!(slots[0].start, at(&calendar, date(2026, 7, 1).at(9, 0, 0, 0)));
    assert_eq!(slots[0].start.secs() % 86_400, 7 * 3_600);
}

/// cal.com PR 24843: the slot from 23:00 to midnight around the change.
#[test]
fn calcom_24843_the_last_hour_of_the_day_is_there() {
    let calendar = calendar("anna", "Europe/Vienna", &["22:00-00:00"]);
    for day in
        [date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26), date(2027, 3, 27), date(2027, 3, 28)]
    {
        assert_eq!(
            times(&service(60), &calendar, day, Timestamp::from_secs(1_780_000_000)),
            ["22:00", "22:30", "23:00"],
            "{day}"
        );
    }
    let always = super::calendar("anna", "Europe/Vienna", &["00:00-24:00"]);
    let late = times(&service(90), &always, date(2026, 10, 24), Timestamp::from_secs(1_780_000_000));
    assert_eq!(late.last().map(String::as_str), Some("23:30"), "open days that touch are one");
}

/// cal.com 7687: a service of 90 minutes lost the last slots, since the step was the length.
#[test]
fn calcom_7687_the_step_is_not_the_length() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-13:00"]);
    assert_eq!(
        times(&service(90), &calendar, date(2026, 6, 1), long_before()),
        ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    );
}

/// An hour that clocks skip has no slots; one that comes twice has them once.
#[test]
fn a_skipped_hour_has_no_slots_and_a_repeated_one_has_them_once() {
    let calendar = calendar("anna", "Europe/Vienna", &["01:00-04:00"]);
    let forward = times(&service(30), &calendar, date(2027, 3, 28), long_before().plus(hours(24 * 60)));
    assert_eq!(forward, ["01:00", "01:30", "03:00", "03:30"]);
    let back = times(&service(30), &calendar, date(2026, 10, 25), long_before());
    assert_eq!(back, ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]);
}

/// A zone whose offset has half or quarter hours has its grid on its own clocks.
#[test]
fn the_grid_is_on_the_clocks_of_the_zone() {
    for name in ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"] {
        let calendar = calendar("anna", name, &["09:10-12:00"]);
        let times =
            times(&Service { step_minutes: 60, ..service(60) }, &calendar, date(2026, 6, 1), long_before());
        assert_eq!(times, ["10:00", "11:00"], "{name}");
    }
}
