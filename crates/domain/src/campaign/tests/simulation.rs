//! Campaigns in virtual time: workers that read stale rows, die between any two steps and come again, callbacks that are lost or
//! come twice, two campaigns with the same numbers, and the change of clocks. Laws are checked after every step.
//!
//! `SEED=7` replays one; `CAMPAIGN_SEEDS=1000 cargo test -p domain campaigns_in_virtual_time -- --nocapture` is the long run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;

const ENTRIES: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// Numbers that are told from each other by what follows.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        // xorshift64*: any generator does whose seed can be told.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % most.max(1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// What became of an order to call, which its store keeps under campaign, entry and number of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Dialled(u32),
    Closed,
}

struct Ring {
    campaign: usize,
    to: usize,
    order: (usize, u32, u32),
    from: Timestamp,
    to_end: Timestamp,
    outcome: Outcome,
    call_back: Option<Timestamp>,
}

/// A worker that has read an entry and may die before any of its further steps.
struct Worker {
    campaign: usize,
    read: Entry,
    version: u64,
    /// What it has done of its claim.
    claimed: bool,
    dialled: Option<u32>,
}

struct World<'a> {
    now: Timestamp,
    random: Random,
    places: &'a [Places<'a>],
    people: &'a [Person],
    entries: Vec<Vec<(Entry, u64)>>,
    progress: Vec<Progress>,
    campaigns: Vec<Campaign>,
    orders: BTreeMap<(usize, u32, u32), Order>,
    cool_down: BTreeMap<usize, (Timestamp, usize)>,
    rings: Vec<Ring>,
    workers: Vec<Worker>,
}

impl World<'_> {
    /// A conditional write: `false` if the row is not as it was read.
    fn save(&mut self, campaign: usize, seen: u64, entry: Entry) -> bool {
        let number = usize::try_from(entry.number).unwrap();
        let (standing, version) = self.entries[campaign][number].clone();
        // The claim is refused while the campaign does not run; what is under way is always written down.
        let is_claim = entry.state.is_busy() && !standing.state.is_busy();
        if version != seen || (is_claim && self.campaigns[campaign].state != State::Running) {
            return false;
        }
        self.progress[campaign].plus(&Progress::difference(Some(&standing), &entry));
        self.entries[campaign][number] = (entry, version + 1);
        true
    }

    /// Dials an order once, if it may be dialled.
    fn place(&mut self, campaign: usize, entry: &Entry) -> Result<u32, Option<Timestamp>> {
        let number = usize::try_from(entry.number).unwrap();
        let key = (campaign, entry.number, entry.orders);
        match self.orders.get(&key) {
            Some(Order::Dialled(ring)) => return Ok(*ring),
            Some(Order::Closed) => return Err(None),
            None => {}
        }
        let EntryState::Dialling { until, .. } = entry.state else { return Err(None) };
        if self.now >= until {
            return Err(None);
        }
        if let Some((at, of)) = self.cool_down.get(&number) {
            let pause = if *of == campaign { 5 * MINUTE } else { PAUSE };
            if self.now < at.plus(pause) {
                return Err(Some(at.plus(pause)));
            }
        }
        if self.random.one_in(12) {
            return Err(Some(self.now.plus(Duration::from_secs(5))));
        }
        self.cool_down.insert(number, (self.now, campaign));
        let outcome = Outcome::ALL[usize::try_from(self.random.below(9)).unwrap()];
        let lasts = Duration::from_secs(1 + self.random.below(240));
        let ring = u32::try_from(self.rings.len()).unwrap();
        let (from, to_end) = (self.now, self.now.plus(lasts));
        let later = Duration::from_secs(600 + self.random.below(4 * 86_400));
        let call_back = (outcome == Outcome::CallbackRequested).then(|| to_end.plus(later));
        self.rings.push(Ring { campaign, to: number, order: key, from, to_end, outcome, call_back });
        self.orders.insert(key, Order::Dialled(ring));
        Ok(ring)
    }

    /// One worker looks at one entry that is due, or at one whose call is under way.
    fn begins(&mut self) {
        let campaign = usize::try_from(self.random.below(2)).unwrap();
        let number = usize::try_from(self.random.below(u64::from(ENTRIES))).unwrap();
        let (read, version) = self.entries[campaign][number].clone();
        self.workers.push(Worker { campaign, read, version, claimed: false, dialled: None });
    }

    /// The next step of a worker. `false`: it is done.
    fn goes_on(&mut self, worker: &mut Worker) -> bool {
        let (now, retries) = (self.now, Retries::default());
        let (campaign, number) = (worker.campaign, usize::try_from(worker.read.number).unwrap());
        if worker.claimed {
            let mut next = worker.read.clone();
            let order = next.orders;
            if let Some(ring) = worker.dialled {
                if next.apply(Event::Placed { order, call: call(ring) }, retries, now).is_ok() {
                    self.save(campaign, worker.version, next);
                }
                return false;
            }
            match self.place(campaign, &worker.read) {
                Ok(ring) => {
                    worker.dialled = Some(ring);
                    return true;
                }
                // What refuses an order closes it, so that a worker which slept dials it no more.
                Err(until) => {
                    let key = (campaign, next.number, order);
                    if let Some(Order::Dialled(ring)) = self.orders.get(&key) {
                        worker.dialled = Some(*ring);
                        return true;
                    }
                    self.orders.insert(key, Order::Closed);
                    let again = (until.unwrap_or(now), Wait::CoolingDown);
                    if next.apply(Event::NotPlaced { order, again }, retries, now).is_ok() {
                        self.save(campaign, worker.version, next);
                    }
                    return false;
                }
            }
        }
        let mut next = worker.read.clone();
        match &worker.read.state {
            EntryState::Dialling { until, .. } => {
                // Another worker may be at it; after its time it is found out what became of it.
                if now < *until {
                    return false;
                }
                let key = (campaign, next.number, next.orders);
                let order = next.orders;
                let event = match self.orders.get(&key).copied() {
                    Some(Order::Dialled(ring)) => Event::Placed { order, call: call(ring) },
                    _ => {
                        self.orders.insert(key, Order::Closed);
                        Event::NotPlaced { order, again: (now, Wait::Trouble) }
                    }
                };
                if next.apply(event, retries, now).is_ok() {
                    self.save(campaign, worker.version, next);
                }
            }
            EntryState::Calling { call: sid, .. } => {
                // The call's own record is asked, so a callback that was lost or comes twice changes nothing.
                let ring = &self.rings[usize::from_str_radix(&sid.as_str()[2..], 16).unwrap()];
                if ring.to_end > now {
                    return false;
                }
                let lasted = ring.to_end.since(ring.from);
                let ended = Ended {
                    outcome: ring.outcome,
                    lasted,
                    at: ring.to_end,
                    has_goal: false,
                    call_back: ring.call_back,
                };
                if next.apply(Event::Ended { call: sid.clone(), ended }, retries, now).is_ok() {
                    self.save(campaign, worker.version, next);
                }
            }
            EntryState::Pending { .. } | EntryState::Waiting { .. } => {
                let late = self.campaigns[campaign].is_late(now)
                    || self.campaigns[campaign].state == State::Stopping;
                let event = if late {
                    Event::Skip(Skip::Stopped)
                } else if worker.read.state.due().is_none_or(|due| due > now) {
                    return false;
                } else {
                    match self.places[number].window(&[], now) {
                        Ok(Window::Open { until }) => {
                            let own = now.plus(DIALLED_WITHIN);
                            let until = until.map_or(own, |end| end.min(own));
                            Event::Claim(Claim { until, ..claim(now) })
                        }
                        Ok(Window::Closed { until }) => Event::Wait(until, Wait::Hours),
                        Err(why) => Event::Skip(why),
                    }
                };
                let is_claim = matches!(event, Event::Claim(_));
                if next.apply(event, retries, now).is_err()
                    || !self.save(campaign, worker.version, next.clone())
                {
                    return false;
                }
                if is_claim {
                    (worker.claimed, worker.read, worker.version) = (true, next, worker.version + 1);
                    return true;
                }
            }
            EntryState::Done { .. } | EntryState::Skipped { .. } => {}
        }
        false
    }

    fn step(&mut self) {
        if self.workers.len() < 6 {
            self.begins();
        }
        let place = usize::try_from(self.random.below(u64::try_from(self.workers.len()).unwrap())).unwrap();
        let mut worker = self.workers.swap_remove(place);
        // It dies between two steps.
        if self.random.one_in(10) {
            return;
        }
        if self.goes_on(&mut worker) {
            self.workers.push(worker);
        }
    }

    fn laws(&self) {
        for (campaign, entries) in self.entries.iter().enumerate() {
            let recount = Progress::recount(entries.iter().map(|(entry, _)| entry));
            let mut kept = self.progress[campaign].clone();
            kept.0.retain(|_, sum| *sum != 0);
            assert_eq!(kept, recount, "progress is a recount");
        }
    }

    fn laws_of_rings(&self) {
        let mut orders = BTreeSet::new();
        let mut by_number: BTreeMap<usize, Vec<&Ring>> = BTreeMap::new();
        for ring in &self.rings {
            assert!(orders.insert(ring.order), "an order rings once");
            let window = self.places[ring.to].window(&[], ring.from).unwrap();
            assert!(matches!(window, Window::Open { .. }), "no call outside the window");
            by_number.entry(ring.to).or_default().push(ring);
        }
        for rings in by_number.values() {
            for pair in rings.windows(2) {
                assert!(pair[0].to_end <= pair[1].from, "one call at a time to a number");
                if pair[0].campaign != pair[1].campaign {
                    assert!(pair[0].from.plus(PAUSE) <= pair[1].from, "campaigns keep apart");
                }
            }
        }
        // Every ring is an attempt of its entry, and every attempt rang.
        for (campaign, entries) in self.entries.iter().enumerate() {
            for (entry, _) in entries {
                let rings = self
                    .rings
                    .iter()
                    .filter(|ring| ring.campaign == campaign && ring.order.1 == entry.number);
                let rings: Vec<&Ring> = rings.collect();
                assert_eq!(rings.len(), entry.attempts.len(), "{entry:?}");
                for pair in rings.windows(2) {
                    let promised = pair[0].call_back.unwrap_or(pair[0].to_end);
                    assert!(promised <= pair[1].from, "no call before the time that was promised");
                }
                let counted = entry.attempts.iter().filter(|attempt| attempt.counts()).count();
                assert!(counted <= usize::from(Retries::default().attempts));
                assert!(entry.state.is_over(), "{entry:?}");
            }
        }
    }
}

fn run(seed: u64, people: &[Person], places: &[Places<'_>]) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    // A week in which clocks change in Europe and then in North America, or go forward in both.
    let begin = if random.one_in(2) { date(2026, 10, 23) } else { date(2027, 3, 12) };
    let now = at("Europe/Vienna", begin, 6, 0).plus(Duration::from_secs(random.below(100_000)));
    let running = |name: &str| {
        let mut one = campaign(name, now);
        one.step(Step::Check, now).unwrap();
        one.step(Step::Checked(report(ENTRIES)), now).unwrap();
        one.step(Step::Start, now).unwrap();
        one.step(Step::LoadedSlice(0), now).unwrap();
        one
    };
    let entries = || -> Vec<(Entry, u64)> {
        let people = people.iter().enumerate();
        people.map(|(n, person)| (Entry::new(u32::try_from(n).unwrap(), person.clone(), now), 1)).collect()
    };
    let lists = vec![entries(), entries()];
    let recount = |list: &Vec<(Entry, u64)>| Progress::recount(list.iter().map(|(entry, _)| entry));
    let mut world = World {
        now,
        random,
        places,
        people,
        progress: lists.iter().map(recount).collect(),
        entries: lists,
        campaigns: vec![running("one"), running("two")],
        orders: BTreeMap::new(),
        cool_down: BTreeMap::new(),
        rings: vec![],
        workers: vec![],
    };
    let stops = world.random.one_in(4);
    let mut steps = 0_u64;
    while world.entries.iter().flatten().any(|(entry, _)| !entry.state.is_over()) {
        for _ in 0..200 {
            world.step();
            steps += 1;
        }
        world.laws();
        world.now = world.now.plus(Duration::from_secs(20 + world.random.below(1_200)));
        let now = world.now;
        for one in &mut world.campaigns {
            // It is paused by hand, and resumed.
            let step = if one.state == State::Running {
                Step::Pause(Pause::Requested, vec![])
            } else {
                Step::Resume
            };
            if world.random.one_in(8) || one.state == State::Paused {
                one.step(step, now).unwrap_or(false);
            }
        }
        if stops && steps > 20_000 {
            world.campaigns[1].step(Step::Stop { hang_up: false }, now).unwrap_or(false);
        }
        assert!(steps < 2_000_000, "seed {seed}: it comes to an end");
    }
    world.laws_of_rings();
    assert_eq!(world.people.len(), people.len());
}

#[test]
#[expect(clippy::print_stdout, reason = "a run that fails names its seed")]
fn campaigns_in_virtual_time() {
    let people: Vec<Person> = (0..ENTRIES)
        .map(|n| {
            let to = match n % 3 {
                0 => format!("+1202555{:04}", 100 + n),
                1 => format!("+437201234{n:02}"),
                _ => format!("+4420794601{n:02}"),
            };
            let zone = (n % 6 == 0).then(|| Zone::parse("America/New_York").unwrap());
            Person { zone, ..person(&to) }
        })
        .collect();
    let places: Vec<Places<'_>> =
        people.iter().map(|person| Places::of(&person.to, person.zone.as_ref()).unwrap()).collect();
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds: Vec<u64> =
        asked("SEED").map_or_else(|| (1..=asked("CAMPAIGN_SEEDS").unwrap_or(4)).collect(), |seed| vec![seed]);
    for seed in seeds {
        println!("seed {seed}");
        run(seed, &people, &places);
    }
}
