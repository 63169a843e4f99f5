use super::*;

/// A number of the United States that dials.
const FROM: &str = "+12025550143";

fn from(number: &str, to: &str) -> Option<Barred> {
    barred(&PhoneNumber::parse(to).unwrap(), &PhoneNumber::parse(number).unwrap())
}

fn of(number: &str) -> Option<Barred> {
    from(FROM, number)
}

#[test]
fn people_may_be_called() {
    for number in [
        "+12025550178",
        "+18085550100",
        "+14165550123",
        "+18005550123",
        "+43720123456",
        "+4311234567",
        "+436641234567",
        "+442079460123",
        "+447700900123",
        "+4930123456",
        "+33142685300",
        "+97231234567",
        "+61491570156",
        "+819012345678",
        "+390612345678",
        "+5215512345678",
        "+59991234567",
    ] {
        assert_eq!(of(number), None, "{number}");
    }
}

#[test]
fn numbers_that_charge_their_callers_are_barred() {
    for number in [
        "+19005550123",
        "+19765550123",
        "+15004601234",
        "+43900123456",
        "+43930123456",
        "+449011234567",
        "+447012345678",
        "+4990012345678",
        "+491371234567",
        "+33899123456",
        "+34806123456",
        "+41900123456",
        "+35315501234",
        "+611900123456",
        "+9721900123456",
        "+97912345678",
        // Of countries that have no range here: known by their plan.
        "+37190123456",
        "+5509001234567",
        "+3729001234",
        "+529001234567",
    ] {
        assert_eq!(of(number), Some(Barred::PremiumRate), "{number}");
    }
    assert_eq!(of("+881612345678"), Some(Barred::Satellite));
    assert_eq!(of("+870773123456"), Some(Barred::Satellite));
}

#[test]
fn no_emergency_number_can_be_dialled() {
    for number in ["911", "112", "+911", "+112", "+1911", "+44999", "+44112", "+43112", "+43144", "+49110"] {
        assert!(PhoneNumber::parse(number).is_err(), "{number}");
    }
    assert_eq!(of("+19110000000"), Some(Barred::Emergency));
    assert_eq!(of("+1112000000"), Some(Barred::Emergency));
}

/// The area codes behind +1 that are neither of the United States nor of Canada (North American Numbering Plan).
const ELSEWHERE: [(&str, Country, &str); 27] = [
    ("Bahamas", Country::BS, "242"),
    ("Barbados", Country::BB, "246"),
    ("Anguilla", Country::AI, "264"),
    ("Antigua and Barbuda", Country::AG, "268"),
    ("British Virgin Islands", Country::VG, "284"),
    ("US Virgin Islands", Country::VI, "340"),
    ("Cayman Islands", Country::KY, "345"),
    ("Bermuda", Country::BM, "441"),
    ("Grenada", Country::GD, "473"),
    ("Turks and Caicos Islands", Country::TC, "649"),
    ("Jamaica", Country::JM, "658"),
    ("Montserrat", Country::MS, "664"),
    ("Northern Mariana Islands", Country::MP, "670"),
    ("Guam", Country::GU, "671"),
    ("American Samoa", Country::AS, "684"),
    ("Sint Maarten", Country::SX, "721"),
    ("Saint Lucia", Country::LC, "758"),
    ("Dominica", Country::DM, "767"),
    ("Saint Vincent and the Grenadines", Country::VC, "784"),
    ("Puerto Rico", Country::PR, "787"),
    ("Dominican Republic", Country::DO, "809"),
    ("Dominican Republic", Country::DO, "829"),
    ("Dominican Republic", Country::DO, "849"),
    ("Trinidad and Tobago", Country::TT, "868"),
    ("Saint Kitts and Nevis", Country::KN, "869"),
    ("Jamaica", Country::JM, "876"),
    ("Puerto Rico", Country::PR, "939"),
];

/// The area code decides, whether or not the number behind it was ever assigned.
#[test]
fn other_countries_behind_plus_one_are_barred_unless_the_business_is_there() {
    let home = |country| ELSEWHERE.iter().find(|(_, one, _)| *one == country).unwrap().2;
    for (name, country, area) in ELSEWHERE {
        for rest in ["4601234", "5550123", "0000000", "9115555", "2345678"] {
            let to = format!("+1{area}{rest}");
            assert_eq!(of(&to), Some(Barred::OtherCountryBehindPlusOne), "{name} {to}");
            // From Toronto, London, and one that is no number of any plan.
            for abroad in ["+14165550123", "+442079460123", "+99912345678"] {
                assert_eq!(from(abroad, &to), Some(Barred::OtherCountryBehindPlusOne), "{name} {to}");
            }
            let own = format!("+1{}4601234", home(country));
            assert_eq!(from(&own, &to), None, "{name} calls {name}: {to}");
            let neighbour = if country == Country::JM { "+12684601234" } else { "+18764601234" };
            assert_eq!(from(neighbour, &to), Some(Barred::OtherCountryBehindPlusOne), "{name} {to}");
        }
    }
}

#[test]
fn a_number_behind_plus_one_that_no_plan_knows_is_barred() {
    for number in
        ["+12000000000", "+17004601234", "+17104601234", "+12021115550", "+1202555014", "+120255501433"]
    {
        assert_eq!(of(number), Some(Barred::Unassigned), "{number}");
    }
}

#[test]
fn the_longest_country_code_is_not_needed_because_none_begins_another() {
    // Country codes are prefix-free, so one number falls into the ranges of one country.
    let mut codes: Vec<&str> = RANGES.iter().map(|range| range.country).filter(|c| !c.is_empty()).collect();
    codes.sort_unstable();
    codes.dedup();
    for pair in codes.windows(2) {
        assert!(!pair[1].starts_with(pair[0]), "{pair:?}");
    }
}
