//! How much anybody may ask for: token buckets in the memory of this process, one for each address, each principal and
//! each place that guesses passwords. Several processes of one database each count for themselves.
//!
//! The wiring puts [`RateLimits`] into every request; where there are none, nobody is limited.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap},
};
use base::{Problem, ProblemKind};
use uuid::Uuid;

use crate::is_local;

/// The most buckets of one kind. Whoever comes when there are so many shares one with all others who do.
const MOST: usize = 100_000;
/// Full buckets are looked for no more often than this.
const SWEEP: Duration = Duration::from_secs(1);

/// So many at once, and so many in each second, minute or hour after that: `100/s`, `100/s:1000`, `10/m:20`, or `off`. What
/// may come at once is ten times what may come in each unit, unless it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(Option<Allowance>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowance {
    number: u32,
    unit: Unit,
    burst: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
}

impl Unit {
    const fn row(self) -> (&'static str, u64) {
        match self {
            Self::Second => ("s", 1),
            Self::Minute => ("m", 60),
            Self::Hour => ("h", 3600),
        }
    }
}

impl Rate {
    /// No limit.
    pub const OFF: Self = Self(None);
    /// What one principal may ask for.
    pub const PRINCIPAL: Self = Self(Some(Allowance { number: 100, unit: Unit::Second, burst: 1000 }));
    /// What one address may ask for; many people may be behind it.
    pub const ADDRESS: Self = Self(Some(Allowance { number: 200, unit: Unit::Second, burst: 2000 }));
    /// How often one address may fail to sign in.
    pub const SIGN_IN: Self = Self(Some(Allowance { number: 10, unit: Unit::Minute, burst: 30 }));

    /// Whether there is no limit.
    pub fn is_off(&self) -> bool {
        self.0.is_none()
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        let say = || {
            "write a rate such as 100/s, 10/m:30 (ten a minute, thirty at once) or off; numbers go from 1 to 1000000"
                .to_owned()
        };
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| (1..=1_000_000).contains(number));
        let (rate, burst) = text.split_once(':').map_or((text, None), |(rate, burst)| (rate, Some(burst)));
        let (count, unit) = rate.split_once('/').ok_or_else(say)?;
        let count = number(count).ok_or_else(say)?;
        let unit =
            [Unit::Second, Unit::Minute, Unit::Hour].into_iter().find(|one| one.row().0 == unit).ok_or_else(say)?;
        let burst = match burst {
            None => count.saturating_mul(10),
            Some(burst) => number(burst).ok_or_else(say)?,
        };
        Ok(Self(Some(Allowance { number: count, unit, burst })))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => out.write_str("off"),
            Some(Allowance { number, unit, burst }) => write!(out, "{number}/{}:{burst}", unit.row().0),
        }
    }
}

/// The limits of a process.
#[derive(Debug)]
pub struct RateLimits {
    addresses: Limiter<IpAddr>,
    principals: Limiter<(Uuid, Uuid)>,
    sign_ins: Limiter<IpAddr>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new(Rate::PRINCIPAL, Rate::ADDRESS, Rate::SIGN_IN)
    }
}

impl RateLimits {
    /// So much for each principal, for each address, and for each address that fails to sign in.
    pub fn new(principal: Rate, address: Rate, sign_in: Rate) -> Self {
        Self { addresses: Limiter::new(address), principals: Limiter::new(principal), sign_ins: Limiter::new(sign_in) }
    }

    /// Takes one request of an address.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn by_address(extensions: &Extensions, headers: &HeaderMap) -> Result<(), Problem> {
        let (Some(limits), Some(place)) = (of(extensions), place(extensions)) else { return Ok(()) };
        if is_local(extensions, headers) {
            return Ok(());
        }
        limits.addresses.take(place).map_err(|wait| refused("Too many requests come from this address.", wait))
    }

    /// Takes one request of whoever has signed in: organisation and user. Whoever is on this machine itself can stop the
    /// server anyway, and is not held up.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn by_principal(extensions: &Extensions, headers: &HeaderMap, who: (Uuid, Uuid)) -> Result<(), Problem> {
        match of(extensions) {
            Some(limits) if !is_local(extensions, headers) => {
                limits.principals.take(who).map_err(|wait| refused("You ask for too much at once.", wait))
            }
            _ => Ok(()),
        }
    }

    /// Takes one attempt to sign in, before it is known what becomes of it: many at once are then counted like one after
    /// another. Also of this machine, from which a proxy that was not named may speak for everybody.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn attempt(extensions: &Extensions) -> Result<Attempt, Problem> {
        let (Some(limits), Some(place)) = (of(extensions), place(extensions)) else { return Ok(Attempt(None)) };
        limits.sign_ins.take(place).map_err(|wait| refused("Too many attempts to sign in failed here.", wait))?;
        Ok(Attempt(Some((limits.clone(), place))))
    }
}

/// An attempt to sign in that was counted.
#[derive(Debug)]
#[must_use]
pub struct Attempt(Option<(Arc<RateLimits>, IpAddr)>);

impl Attempt {
    /// It was no guess: it does not count.
    pub fn forget(self) {
        if let Some((limits, place)) = self.0 {
            limits.sign_ins.give_back(place);
        }
    }
}

fn of(extensions: &Extensions) -> Option<&Arc<RateLimits>> {
    extensions.get::<Arc<RateLimits>>()
}

/// Where a request comes from. One customer of an IPv6 provider has a whole /64, and can use each address of it once.
fn place(extensions: &Extensions) -> Option<IpAddr> {
    let address = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    Some(match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(whole) => Ipv6Addr::from_bits(whole.to_bits() & !u128::from(u64::MAX)).into(),
    })
}

fn refused(what: &str, wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_millis().div_ceil(1000).max(1)).unwrap_or(u32::MAX);
    let detail = format!("{what} Wait {seconds} s; whoever runs the server can raise the limit.");
    Problem::new(ProblemKind::TooManyRequests, detail).retry_after(seconds)
}

/// Buckets by key. Of each only the moment is kept at which it will be full again (GCRA), so that a full one needs no
/// memory.
#[derive(Debug)]
struct Limiter<K> {
    rate: Rate,
    began: Instant,
    buckets: Mutex<Buckets<K>>,
}

#[derive(Debug)]
struct Buckets<K> {
    full_at: HashMap<K, Duration>,
    others: Duration,
    swept: Duration,
}

impl<K: Eq + Hash + Copy> Limiter<K> {
    fn new(rate: Rate) -> Self {
        let buckets = Buckets { full_at: HashMap::new(), others: Duration::ZERO, swept: Duration::ZERO };
        Self { rate, began: Instant::now(), buckets: Mutex::new(buckets) }
    }

    fn take(&self, key: K) -> Result<(), Duration> {
        self.take_at(key, self.began.elapsed(), MOST)
    }

    /// Takes one, or says how long to wait for the next.
    fn take_at(&self, key: K, now: Duration, most: usize) -> Result<(), Duration> {
        let Some((each, ahead)) = self.spacing() else { return Ok(()) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = buckets.of(key, now, most);
        let base = (*full_at).max(now);
        if base - now > ahead {
            return Err(base - now - ahead);
        }
        *full_at = base + each;
        Ok(())
    }

    fn give_back(&self, key: K) {
        let Some((each, _)) = self.spacing() else { return };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = buckets.full_at.get_mut(&key) {
            *full_at = full_at.saturating_sub(each);
        }
    }

    /// The time between two, and how far the moment of being full may lie ahead.
    fn spacing(&self) -> Option<(Duration, Duration)> {
        let Allowance { number, unit, burst } = self.rate.0?;
        let each = Duration::from_secs(unit.row().1) / number;
        Some((each, each * (burst - 1)))
    }
}

impl<K: Eq + Hash + Copy> Buckets<K> {
    fn of(&mut self, key: K, now: Duration, most: usize) -> &mut Duration {
        if !self.full_at.contains_key(&key) && self.full_at.len() >= most {
            if now >= self.swept + SWEEP {
                self.swept = now;
                self.full_at.retain(|_, full_at| *full_at > now);
            }
            if self.full_at.len() >= most {
                return &mut self.others;
            }
        }
        self.full_at.entry(key).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(rate: &str) -> Limiter<u32> {
        Limiter::new(rate.parse().expect("a rate"))
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_rate_is_read_as_it_is_written() {
        for (text, whole) in [("100/s", "100/s:1000"), ("10/m:30", "10/m:30"), ("1/h:1", "1/h:1"), ("off", "off")] {
            assert_eq!(text.parse::<Rate>().map(|rate| rate.to_string()).as_deref(), Ok(whole));
        }
        for text in ["", "0/s", "10", "10/d", "10/s:0", "-1/s", "10/s:", "/s", "10/s:1:1", "1000001/s", "Off"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn so_many_come_at_once_and_then_one_after_another() {
        let limiter = limiter("10/s:3");
        let take = |now| limiter.take_at(1, at(now), MOST);
        for _ in 0..3 {
            assert_eq!(take(0), Ok(()));
        }
        assert_eq!(take(0), Err(at(100)));
        assert_eq!(take(60), Err(at(40)), "asking again costs nothing");
        assert_eq!(take(100), Ok(()));
        assert_eq!(take(100), Err(at(100)));
        assert_eq!(limiter.take_at(2, at(100), MOST), Ok(()), "nobody else is held up");
        for _ in 0..3 {
            assert_eq!(take(10_000), Ok(()));
        }
        assert!(take(10_000).is_err(), "what was not used does not pile up");
    }

    #[test]
    fn what_is_given_back_does_not_count() {
        let limiter = limiter("1/h:2");
        for _ in 0..20 {
            assert_eq!(limiter.take_at(1, at(0), MOST), Ok(()));
            limiter.give_back(1);
        }
        assert!(limiter.take_at(1, at(0), MOST).is_ok() && limiter.take_at(1, at(0), MOST).is_ok());
        assert!(limiter.take_at(1, at(0), MOST).is_err());
        limiter.give_back(7);
        assert!(self::limiter("off").take_at(1, at(0), MOST).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_strangers_share_a_bucket_when_it_is_full() {
        let limiter = limiter("1/s:2");
        for key in 0..10 {
            assert!(limiter.take_at(key, at(0), 10).is_ok());
        }
        assert!(limiter.take_at(10, at(0), 10).is_ok() && limiter.take_at(11, at(0), 10).is_ok());
        assert!(limiter.take_at(12, at(0), 10).is_err(), "the third of those who share");
        assert!(limiter.take_at(3, at(0), 10).is_ok(), "who has a bucket keeps it");
        assert!(limiter.take_at(13, at(5000), 10).is_ok());
        let kept = limiter.buckets.lock().expect("a lock").full_at.len();
        assert!(kept < 10, "{kept} buckets, though most are full again");
    }

    #[test]
    fn one_customer_with_many_addresses_is_one_place() {
        let place = |text: &str| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(text.parse().expect("an address"), 1)));
            place(&extensions).expect("a place")
        };
        assert_eq!(place("2001:db8:1:2:3::1"), place("2001:db8:1:2:ffff::2"));
        assert_ne!(place("2001:db8:1:2::1"), place("2001:db8:1:3::1"));
        assert_eq!(place("::ffff:192.0.2.1"), place("192.0.2.1"));
        assert_ne!(place("192.0.2.1"), place("192.0.2.2"));
    }
}
