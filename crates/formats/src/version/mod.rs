//! Versions in the order of their own ecosystem, as keys that compare byte by byte.
//!
//! Every ecosystem has rules of its own for what is earlier: `1.0~rc1` is before `1.0` on Debian, `1.0.post1` after it in Python, `1.0-sp` after it
//! with Maven. A version becomes a key, and the order of keys is the order of versions, so that a database finds all versions of a range by an
//! index. Two ways to write one version (`1.0` and `1.0.0` for Maven) have one key, and no key is the beginning of another.

mod dpkg;
mod gem;
mod maven;
mod native;
mod pep440;
mod range;
mod rpm;
mod semver;

pub use range::{Interval, Range, range};

/// Characters of a version that is compared; a longer one is not.
const LONGEST: usize = 200;

/// By whose rules versions are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Semantic Versioning 2.0.0: npm, cargo, Go, Hex, pub, Swift.
    Semver,
    /// NuGet: the same with four numbers, and without regard to capitals.
    Nuget,
    /// Python: the version specifiers of PEP 440.
    Pep440,
    /// Maven's ComparableVersion.
    Maven,
    /// Debian Policy §5.6.12, as dpkg compares.
    Debian,
    /// rpmvercmp, of epoch, version and release; also for pacman.
    Rpm,
    /// apk-tools of Alpine.
    Alpine,
    /// RubyGems' Gem::Version.
    Gem,
    /// Composer's normalised versions.
    Composer,
}

impl Scheme {
    /// The scheme of a type of package URL or of VERS. `None`: there is no order, and versions are equal or not.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        Some(match kind.to_ascii_lowercase().as_str() {
            "npm" | "cargo" | "golang" | "go" | "hex" | "pub" | "swift" | "semver" => Self::Semver,
            "nuget" => Self::Nuget,
            "pypi" => Self::Pep440,
            "maven" => Self::Maven,
            "deb" | "debian" => Self::Debian,
            "rpm" | "alpm" => Self::Rpm,
            "apk" | "alpine" => Self::Alpine,
            "gem" => Self::Gem,
            "composer" => Self::Composer,
            _ => return None,
        })
    }

    /// The key of a version. `None`: it is no version by these rules.
    ///
    /// ```
    /// use formats::version::Scheme;
    ///
    /// assert!(Scheme::Debian.key("1.0~rc1") < Scheme::Debian.key("1.0"));
    /// assert_eq!(Scheme::Maven.key("1.0"), Scheme::Maven.key("1.0.0"));
    /// ```
    #[must_use]
    pub fn key(self, version: &str) -> Option<Vec<u8>> {
        let version = version.trim();
        if version.is_empty() || version.len() > LONGEST || version.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return None;
        }
        match self {
            Self::Semver => semver::key(version, false),
            Self::Nuget => semver::key(version, true),
            Self::Pep440 => pep440::key(version),
            Self::Maven => maven::key(version),
            Self::Debian => dpkg::key(version),
            Self::Rpm => rpm::key(version),
            Self::Alpine => rpm::alpine(version),
            Self::Gem => gem::key(version),
            Self::Composer => gem::composer(version),
        }
    }
}

/// Where versions with the same numbers stand, whatever words follow them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Around {
    /// The key of the numbers alone, which is the release.
    release: Vec<u8>,
    /// No key of them is before this one.
    first: Vec<u8>,
    /// All keys of them are before this one.
    behind: Vec<u8>,
}

impl Scheme {
    /// Where versions with these numbers stand. `None`: they are no version, or here more than words follows numbers, such as the revision
    /// of a distribution.
    fn around(self, numbers: &str) -> Option<Around> {
        // How many bytes end the key of a release, and the bytes that go on with a further number instead.
        let (ends, goes_on): (usize, &[u8]) = match self {
            Self::Maven => (1, &maven::FURTHER_NUMBER[..]),
            Self::Pep440 => (5, &[2][..]),
            Self::Gem => (1, &[0x03][..]),
            Self::Composer => (3, &[0xFF][..]),
            Self::Semver | Self::Nuget | Self::Debian | Self::Rpm | Self::Alpine => return None,
        };
        let release = self.key(numbers)?;
        let first = release[..release.len().checked_sub(ends)?].to_vec();
        let behind = [first.as_slice(), goes_on].concat();
        Some(Around { release, first, behind })
    }
}

/// Adds a number of any length so that bytes compare as numbers do: how many digits, then the digits, zeros in front left out.
fn push_number(out: &mut Vec<u8>, digits: &str) -> Option<()> {
    let digits = digits.trim_start_matches('0');
    out.push(u8::try_from(digits.len()).ok()?);
    out.extend(digits.bytes());
    Some(())
}

/// Takes the leading bytes of a text for which something holds.
fn leading(text: &str, holds: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !holds(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds a list of versions, the earliest first, to the scheme; versions joined by `=` are one.
    fn ascends(scheme: Scheme, list: &str) {
        let keys: Vec<(String, Vec<u8>)> = list
            .split_whitespace()
            .map(|group| {
                let keys: Vec<_> = group
                    .split('=')
                    .map(|one| scheme.key(one).unwrap_or_else(|| panic!("{one} is no version")))
                    .collect();
                assert!(keys.iter().all(|key| *key == keys[0]), "{scheme:?}: {group}");
                (group.to_owned(), keys[0].clone())
            })
            .collect();
        for (at, (name, key)) in keys.iter().enumerate() {
            for (other, later) in &keys[at + 1..] {
                assert!(key < later, "{scheme:?}: {name} is before {other}");
                assert!(!later.starts_with(key) && !key.starts_with(later), "{name} {other}");
            }
        }
    }

    /// Proves REQ-64.2.
    #[test]
    fn versions_are_compared_by_the_rules_of_their_own_ecosystem() {
        // Semantic Versioning 2.0.0, §11; Go's pseudo-versions.
        ascends(
            Scheme::Semver,
            "0.0.0-20190219172222-a4c6cb3142f2 0.0.0-20201216223049-8b5274cf687f 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 \
             1.0.0-beta.11 1.0.0-rc.1 1.0.0=v1.0.0=1=1.0.0+build.5=1.0.0+incompatible 2.0.0 2.1.0 2.1.1 10.0.0",
        );
        ascends(Scheme::Nuget, "1.0.0-alpha=1.0.0-ALPHA 1.0.0-beta 1.0.0=1.0.0.0=1.0 1.0.0.1 1.0.1");
        // PEP 440, "Summary of permitted suffixes and relative ordering".
        ascends(
            Scheme::Pep440,
            "1.dev0=1.0.dev0 1.0.dev456 1.0a1=1.0alpha1=1.0-a-1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 1.0b2.post345.dev456 1.0b2.post345 \
             1.0rc1.dev456=1.0c1.dev456 1.0rc1=1.0.pre1 1.0=v1.0.0 1.0+abc.5 1.0+abc.7 1.0+5 1.0.post456.dev34 1.0.post456=1.0-456 1.0.15 1.1.dev1 1!0.1",
        );
        // Maven's "Version Order Specification".
        ascends(
            Scheme::Maven,
            "1-alpha=1.0-alpha 1-a1=1-alpha-1 1-beta-1=1-beta1=1b1 1-milestone-1=1m1 1-rc1=1-cr1 1-snapshot 1=1.0=1.0.0=1-ga=1-final=1.0.RELEASE 1-sp 1-foo2 1-foo10 1-1 \
             1.0.1 1.1 1.2 1.10",
        );
        ascends(Scheme::Maven, "2.0.1 2.0.1-xyz 2.0.1-123 2.0.2");
        // deb-version(7) and Debian Policy.
        ascends(
            Scheme::Debian,
            "1.0~~ 1.0~~a 1.0~ 1.0~beta1~svn1245 1.0~beta1 1.0=1.0-0=0:1.0 1.0-1 1.0-1+b1 1.0a 1.0+dfsg-1 1.0.1 1.10 1:0.1",
        );
        ascends(Scheme::Debian, "2.28-10 2.28-10+deb10u1 2.28-10+deb10u2 2.28-11");
        // rpmvercmp's own tests.
        ascends(
            Scheme::Rpm,
            "1.0~rc1 1.0~rc1^git1 1.0=1_0=0:1.0 1.0^ 1.0^git1~pre 1.0^git1 1.0^git2 1.0.a=1.0a 1.0.1 1.1 5.5p1 5.5p10 6.0 10xyz 10.1xyz 1:0",
        );
        ascends(Scheme::Rpm, "0.7-20.el8 0.7-20.el8_1 0.7-21.el8");
        // apk-tools' version tests.
        ascends(
            Scheme::Alpine,
            "1.0_alpha 1.0_alpha2 1.0_beta 1.0_pre1 1.0_rc1 1.0_rc2 1.0 1.0-r0 1.0-r1 1.0_p 1.0_p1 1.0a 1.0b 1.0.0 1.0.1 1.05 1.1 1.1.1c-r0 1.1.1d-r0 1.10",
        );
        // Gem::Version's documentation.
        ascends(
            Scheme::Gem,
            "1.0.a=1.a 1.0.a.2 1.0.b1=1.0.b.1 1.0-rc1 1.0.rc1=1.0.0.rc1 1.0=1.0.0=1 1.0.1 1.3.a 1.3 1.11",
        );
        ascends(
            Scheme::Composer,
            "1.0.0-dev 1.0-alpha1 1.0-beta1-dev 1.0-beta1=v1.0.0-b1 1.0-beta2 1.0-RC1 1.0=1.0.0.0=1.0.0+x 1.0-p1=1.0-patch1 1.0.0.1 1.0.1 7.12.0",
        );
    }

    #[test]
    fn what_is_no_version_has_no_key() {
        for (scheme, text) in [
            (Scheme::Semver, ""),
            (Scheme::Semver, "latest"),
            (Scheme::Semver, "1.x"),
            (Scheme::Semver, "1.0.0-"),
            (Scheme::Pep440, "1.0-final-x"),
            (Scheme::Alpine, "abc"),
            (Scheme::Alpine, "1.0_what"),
            (Scheme::Gem, "1.0!"),
            (Scheme::Composer, "dev-main"),
            (Scheme::Debian, "1 0"),
        ] {
            assert_eq!(scheme.key(text), None, "{text}");
        }
        assert_eq!(Scheme::Debian.key(&"1".repeat(201)), None);
        assert_eq!(Scheme::of("generic"), None);
    }
}
