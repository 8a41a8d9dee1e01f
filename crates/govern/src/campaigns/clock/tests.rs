//! The clock against a naive reading of the terms: whatever order of sweeps, letters, bounces, pauses and longer dates, no step without its
//! notices told in time.

use super::super::plan::tests::{DAY, NOW, plan};
use super::*;
use proptest::prelude::*;

fn ahead() -> Span {
    Span::parse("30d").unwrap()
}

/// One campaign, one key, and what its owner really was told: the naive record beside the clock's own.
struct Play {
    plan: CampaignPlan,
    now: Timestamp,
    resumed: Resumed,
    paused: bool,
    progress: Progress,
    over: bool,
    /// Letters that reached the owner: which, when, and the date it named.
    reached: Vec<(Telling, Timestamp, Timestamp)>,
    /// Letters on their way.
    leaving: Vec<(Telling, String, Timestamp)>,
    letters: u32,
    read_only: Option<Timestamp>,
    ended: Option<Timestamp>,
}

#[derive(Clone, Debug)]
enum Event {
    /// Hours pass, and nothing is done: the process is down.
    Sleeps(i64),
    /// Whoever sweeps looks once.
    Sweeps,
    /// Every letter on its way leaves.
    Sends,
    /// Every letter on its way comes back.
    Bounces,
    /// The last letter that reached the owner turns out not to have.
    Denied,
    /// Staff reach the owner by telephone.
    Reached,
    Pauses,
    Resumes,
    /// Both dates are put off by so many days.
    Lengthens(i64),
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1_i64..400).prop_map(Event::Sleeps),
        12 => Just(Event::Sweeps),
        10 => Just(Event::Sends),
        1 => Just(Event::Bounces),
        1 => Just(Event::Denied),
        2 => Just(Event::Reached),
        1 => Just(Event::Pauses),
        2 => Just(Event::Resumes),
        1 => (0_i64..30).prop_map(Event::Lengthens),
    ]
}

impl Play {
    fn new() -> Self {
        Self {
            plan: plan(),
            now: NOW,
            resumed: None,
            paused: false,
            progress: Progress::default(),
            over: false,
            reached: Vec::new(),
            leaving: Vec::new(),
            letters: 0,
            read_only: None,
            ended: None,
        }
    }

    fn writes(&mut self, telling: Telling, names: Timestamp) {
        self.letters += 1;
        let notice = format!("N{}", self.letters);
        let told = Told { notice: notice.clone(), names_us: names.as_micros(), told_us: None, failed: false };
        self.progress.told.insert(telling.code(), told);
        self.leaving.push((telling, notice, names));
    }

    fn told_mut(&mut self, telling: Telling, notice: &str) -> Option<&mut Told> {
        self.progress.told.get_mut(&telling.code()).filter(|told| told.notice == notice)
    }

    fn happens(&mut self, event: &Event) {
        match event {
            Event::Sleeps(hours) => self.now = self.now.plus_micros(hours * DAY / 24),
            Event::Sweeps if self.paused || self.over => {}
            Event::Sweeps => self.sweeps(),
            Event::Sends => {
                for (telling, notice, names) in std::mem::take(&mut self.leaving) {
                    let now = self.now;
                    if let Some(told) = self.told_mut(telling, &notice) {
                        told.told_us = Some(now.as_micros());
                        self.reached.push((telling, now, names));
                    }
                }
            }
            Event::Bounces => {
                for (telling, notice, _) in std::mem::take(&mut self.leaving) {
                    if let Some(told) = self.told_mut(telling, &notice) {
                        told.failed = true;
                    }
                }
            }
            Event::Denied => {
                if let Some((telling, ..)) = self.reached.pop()
                    && let Some(told) = self.progress.told.get_mut(&telling.code())
                {
                    (told.failed, told.told_us) = (true, None);
                }
            }
            Event::Reached => {
                let now = self.now;
                let tellings: Vec<Telling> =
                    before(&self.plan, Step::ReadOnly).chain(before(&self.plan, Step::End)).collect();
                for telling in tellings {
                    if let Some(told) = self.progress.told.get_mut(&telling.code()).filter(|told| told.failed)
                    {
                        (told.failed, told.told_us) = (false, Some(now.as_micros()));
                        let names = Timestamp::from_micros(told.names_us);
                        self.reached.push((telling, now, names));
                    }
                }
            }
            Event::Pauses => self.paused = true,
            Event::Resumes if self.paused => (self.paused, self.resumed) = (false, Some(self.now)),
            Event::Resumes => {}
            Event::Lengthens(days) => {
                self.plan.read_only = self.plan.read_only.plus_micros(days * DAY);
                self.plan.ends = self.plan.ends.plus_micros(days * DAY);
            }
        }
    }

    fn sweeps(&mut self) {
        match next(&self.plan, self.resumed, ahead(), &self.progress, self.now) {
            Next::At(then) => assert!(then > self.now, "nothing to do, and asked to look at once"),
            Next::Waits => {
                let open = self.progress.told.values().any(|told| told.failed || told.told_us.is_none());
                assert!(open, "waits for nothing");
            }
            Next::Now(Act::Tell(telling, names)) => self.writes(telling, names),
            Next::Now(Act::ReadOnly(names)) => {
                self.judged(Step::ReadOnly);
                (self.read_only, self.progress.read_only_us) = (Some(self.now), Some(self.now.as_micros()));
                self.writes(Telling::ReadOnly, names);
            }
            Next::Now(Act::End) => {
                self.judged(Step::End);
                (self.ended, self.over) = (Some(self.now), true);
            }
            Next::Now(Act::GiveBack) => {
                (self.read_only, self.progress.read_only_us) = (None, None);
                self.progress.told.remove(&Telling::ReadOnly.code());
            }
        }
    }

    /// The terms, read naively against what the owner really got.
    fn judged(&self, step: Step) {
        let got = |telling: Telling, lead: i64| {
            self.reached.iter().any(|(which, at, names)| {
                let early = self.now.micros_since(*at) >= lead;
                *which == telling && early && *names <= self.now
            })
        };
        for span in &self.plan.reminders {
            assert!(
                got(Telling::Reminded(step, *span), span.as_micros()),
                "no reminder {span} before {step:?}"
            );
        }
        match step {
            Step::ReadOnly => {
                assert!(self.now >= self.plan.read_only);
                assert!(got(Telling::Announced, ahead().as_micros()), "not told a month ahead");
                assert!(got(Telling::Opened, 0), "never told that registration is open");
            }
            Step::End => {
                let since = self.read_only.expect("ends without having come to a halt");
                assert!(self.now >= self.plan.ends);
                assert!(self.now.micros_since(since) >= 30 * DAY, "ends too soon behind the halt");
                assert!(self.reached.iter().any(|(which, ..)| *which == Telling::ReadOnly));
            }
        }
        if let Some(resumed) = self.resumed {
            let last = self.plan.reminders.last().unwrap();
            let reminded = |(which, at, _): &(Telling, Timestamp, Timestamp)| {
                *which == Telling::Reminded(step, *last) && *at >= resumed
            };
            let named = self
                .reached
                .iter()
                .any(|(which, _, names)| *which == Telling::Reminded(step, *last) && *names >= resumed);
            assert!(
                named || self.reached.iter().any(reminded),
                "its day went by in a pause, and nobody was reminded"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_step_without_its_notices_told_in_time(events in prop::collection::vec(events(), 0..160)) {
        let mut play = Play::new();
        for event in &events {
            play.happens(event);
        }
    }

    /// Whatever was in the way: once sweeps and letters go on as they should, the campaign comes to its end.
    #[test]
    fn nothing_gets_stuck(events in prop::collection::vec(events(), 0..60)) {
        let mut play = Play::new();
        for event in &events {
            play.happens(event);
        }
        for _ in 0..800 {
            for event in [Event::Resumes, Event::Reached, Event::Sweeps, Event::Sends, Event::Sleeps(72)] {
                play.happens(&event);
            }
        }
        prop_assert!(play.over, "{:?}", play.progress);
    }
}

#[test]
fn a_campaign_that_runs_well_keeps_its_dates() {
    let mut play = Play::new();
    let mut days = Vec::new();
    for hour in 0..(80 * 24) {
        let before = play.letters;
        play.happens(&Event::Sweeps);
        if play.letters != before {
            days.push(hour / 24);
        }
        play.happens(&Event::Sends);
        play.happens(&Event::Sleeps(1));
    }
    let day = |at: Option<Timestamp>| at.map(|at| at.micros_since(NOW) / DAY);
    // Told on day 1, open on 15, reminded 14 and 3 days before 46, told on 46, reminded before 76.
    assert_eq!(days, [1, 15, 32, 43, 46, 62, 73]);
    assert_eq!((day(play.read_only), day(play.ended)), (Some(46), Some(76)));
}

#[test]
fn mail_that_was_late_puts_the_step_off_and_one_that_came_back_stops_it() {
    let mut play = Play::new();
    play.happens(&Event::Sleeps(24 * 20));
    play.happens(&Event::Sweeps);
    play.happens(&Event::Sends);
    for _ in 0..29 {
        play.happens(&Event::Sleeps(24));
        play.happens(&Event::Sweeps);
        play.happens(&Event::Sends);
    }
    assert_eq!(play.read_only, None, "told on day 20, and so not before day 50");
    play.happens(&Event::Sleeps(48));
    play.happens(&Event::Sweeps);
    assert!(play.read_only.is_some());
    play.happens(&Event::Bounces);
    for _ in 0..100 {
        play.happens(&Event::Sleeps(24));
        play.happens(&Event::Sweeps);
        play.happens(&Event::Sends);
    }
    assert_eq!(play.ended, None, "its owner was never told that it reads only");
}
