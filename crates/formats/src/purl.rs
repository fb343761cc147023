//! Package URLs (the purl specification, ECMA-427), as far as it takes to tell packages and their versions apart.

/// A package, and one of its versions where one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// `npm`, `deb`, `maven` and so on, in small letters.
    pub kind: String,
    /// The package URL without version, qualifiers and subpath, normalised as its type demands, its escapes undone.
    pub base: String,
    /// The version, without the escapes of an address.
    pub version: Option<String>,
    /// The release of the distribution it was built for, as [`distro`] writes it.
    pub distro: Option<String>,
}

/// Reads a package URL (`pkg:type/namespace/name@version?qualifiers#subpath`). `None`: it is none.
#[must_use]
pub fn package(url: &str) -> Option<Package> {
    let url = url.trim();
    let rest = url.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("pkg:")).and_then(|_| url.get(4..))?;
    let rest = rest.trim_start_matches('/');
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    // The at sign of an npm name space stands before the last slash.
    let (name, version) = match rest.rfind('@').filter(|at| rest.rfind('/').is_none_or(|slash| slash < *at)) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (kind, path) = name.split_once('/')?;
    let is_kind = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
    if kind.is_empty() || !kind.chars().all(is_kind) || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let kind = kind.to_ascii_lowercase();
    let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(unescaped).collect();
    if segments.is_empty() {
        return None;
    }
    let path = normalised(&kind, &segments);
    let version = version.map(unescaped).filter(|version| !version.is_empty());
    let distro = qualifiers.split('&').find_map(|one| one.strip_prefix("distro=")).and_then(|value| {
        let family = segments.first().map_or("", String::as_str);
        distro(&unescaped(value), if segments.len() > 1 { family } else { "" })
    });
    Some(Package { base: format!("pkg:{kind}/{path}"), kind, version, distro })
}

/// What a type demands of its name space and name.
fn normalised(kind: &str, segments: &[String]) -> String {
    let path = segments.join("/");
    match kind {
        "pypi" => path.to_lowercase().replace('_', "-"),
        "github" | "gitlab" | "bitbucket" | "composer" | "golang" | "hex" | "pub" | "deb" | "apk" | "alpm"
        | "nuget" => path.to_lowercase(),
        // The name space is a vendor, the name keeps its capitals.
        "rpm" if segments.len() > 1 => {
            let vendor = segments[0].to_lowercase();
            // Two ways in which tools write the same vendor.
            let vendor = match vendor.as_str() {
                "rhel" => "redhat",
                "rocky-linux" => "rocky",
                other => other,
            };
            format!("{vendor}/{}", segments[1..].join("/"))
        }
        _ => path,
    }
}

/// A release of a distribution as `name-number`, as exact as its advisories are: `debian-10`, `alpine-3.10`, `ubuntu-18.04`, `rhel-8`. `family` is
/// the name where the text gives a number only. `None`: there is no number.
#[must_use]
pub fn distro(text: &str, family: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let number_at = text.find(|c: char| c.is_ascii_digit())?;
    let name = text[..number_at].trim_end_matches(['-', ' ', ':', '_', 'v', '=']);
    let name = if name.is_empty() { family } else { name };
    let numbers = &text[number_at..];
    let numbers = &numbers[..numbers.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(numbers.len())];
    let (name, parts) = match name {
        "" => return None,
        "alpine" | "alpine linux" => ("alpine", 2),
        "ubuntu" => ("ubuntu", 2),
        "debian" | "debian gnu/linux" => ("debian", 1),
        "redhat" | "red hat" | "rhel" | "redhat-enterprise-linux" => ("rhel", 1),
        "rocky" | "rocky linux" | "rocky-linux" => ("rocky", 1),
        "almalinux" | "alma" | "alma linux" => ("almalinux", 1),
        "centos" => ("centos", 1),
        "oracle" | "oraclelinux" | "ol" | "oracle linux" => ("oracle", 1),
        "amazon" | "amzn" | "amazonlinux" | "amazon linux" => ("amazon", 1),
        other => (other, 2),
    };
    let kept: Vec<&str> = numbers.trim_end_matches('.').split('.').take(parts).collect();
    Some(format!("{}-{}", name.replace(' ', "-"), kept.join(".")))
}

/// `%40` becomes `@`. What is no text afterwards stays as it was written.
pub(crate) fn unescaped(text: &str) -> String {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = |place: usize| bytes.get(place).and_then(|digit| (*digit as char).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) if (high, low) != (0, 0) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// The package URL of a package by the name of its ecosystem, as OSV, package managers and distributions are called, and its own name there.
/// `None`: the ecosystem is not known. A release in the ecosystem (`Debian:12`) becomes a qualifier.
#[must_use]
pub(crate) fn of_ecosystem(ecosystem: &str, name: &str, version: Option<&str>) -> Option<String> {
    let (family, release) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let kind = match family.trim().to_ascii_lowercase().as_str() {
        "npm" | "yarn" | "pnpm" | "bun" | "node-pkg" | "javascript" => "npm",
        "pypi" | "pip" | "pipenv" | "poetry" | "python-pkg" | "uv" | "python" | "conda-pkg" | "setuptools" => "pypi",
        "go" | "gomod" | "gobinary" | "golang" | "go-module" => "golang",
        "crates.io" | "cargo" | "rustbinary" | "rust" | "rust-crate" => "cargo",
        "maven" | "jar" | "pom" | "gradle" | "gradle-lockfile" | "sbt" | "sbt-lockfile" | "java" | "java-archive" => {
            "maven"
        }
        "nuget" | "dotnet-core" | "packages-props" | "dotnet" => "nuget",
        "rubygems" | "bundler" | "gemspec" | "gem" | "ruby" => "gem",
        "packagist" | "composer" | "composer-vendor" | "php" | "php-composer" => "composer",
        "hex" | "mix-lock" | "mix" => "hex",
        "pub" | "dart" => "pub",
        "swifturl" | "swift" => "swift",
        "cocoapods" => "cocoapods",
        "conancenter" | "conan" => "conan",
        "cran" | "r-package" => "cran",
        "hackage" => "hackage",
        "github actions" => "githubactions",
        "debian" => "deb/debian",
        "ubuntu" => "deb/ubuntu",
        "alpine" => "apk/alpine",
        "wolfi" => "apk/wolfi",
        "chainguard" => "apk/chainguard",
        "rocky linux" | "rocky" => "rpm/rocky",
        "almalinux" | "alma" => "rpm/almalinux",
        "red hat" | "redhat" | "rhel" => "rpm/redhat",
        "centos" => "rpm/centos",
        "oracle" | "oraclelinux" => "rpm/oracle",
        "amazon" | "amazonlinux" => "rpm/amazon",
        "fedora" => "rpm/fedora",
        "suse" => "rpm/suse",
        "opensuse" => "rpm/opensuse",
        "mageia" => "rpm/mageia",
        "photon os" | "photon" => "rpm/photon",
        _ => return None,
    };
    let name = match kind {
        "maven" => name.replace(':', "/"),
        _ => name.to_owned(),
    };
    let escaped = |text: &str| text.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    let mut url = format!("pkg:{kind}/{}", escaped(&name));
    if let Some(version) = version.filter(|version| !version.is_empty()) {
        url.push_str(&format!("@{}", escaped(version).replace('/', "%2F").replace('@', "%40")));
    }
    if let (Some(release), Some((_, family))) = (distro(release, &family.to_ascii_lowercase()), kind.split_once('/')) {
        url.push_str(&format!(
            "?distro={}",
            if release.contains('-') { release } else { format!("{family}-{release}") }
        ));
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_url_names_a_package_and_a_version() {
        let read = |url| package(url).map(|one| (one.base, one.version));
        let some = |base: &str, version: &str| {
            Some((base.to_owned(), Some(version.to_owned()).filter(|version| !version.is_empty())))
        };
        assert_eq!(read("pkg:maven/g/n@1?type=jar#sub"), some("pkg:maven/g/n", "1"));
        assert_eq!(read("pkg:npm/%40angular/core@12.0.0"), some("pkg:npm/@angular/core", "12.0.0"));
        assert_eq!(read("pkg:npm/@angular/core"), some("pkg:npm/@angular/core", ""));
        assert_eq!(read("PKG:Deb/debian/curl@7.50.3-1%2Bb1?arch=i386"), some("pkg:deb/debian/curl", "7.50.3-1+b1"));
        assert_eq!(read("pkg:golang/example.com/a"), some("pkg:golang/example.com/a", ""));
        assert_eq!(read("pkg://pypi/Django_Rest@1.11"), some("pkg:pypi/django-rest", "1.11"));
        assert_eq!(read("pkg:rpm/Fedora/ImageMagick@6"), some("pkg:rpm/fedora/ImageMagick", "6"));
        assert_eq!(read("pkg:golang/GitHub.com/A/B@v1#c/d"), some("pkg:golang/github.com/a/b", "v1"));
        for none in ["", "pkg:", "pkg:npm", "npm/a@1", "pkg:npm/", "pkg:/a", "pkg:npm/a b", "pkg:n&pm/a"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_release_of_a_distribution_is_as_exact_as_its_advisories() {
        let of = |url| package(url).and_then(|one| one.distro).unwrap_or_default();
        assert_eq!(of("pkg:deb/debian/curl@7?arch=i386&distro=debian-10.13"), "debian-10");
        assert_eq!(of("pkg:apk/alpine/ssl@1?distro=3.10.2"), "alpine-3.10");
        assert_eq!(of("pkg:deb/ubuntu/bash@1?distro=ubuntu-18.04"), "ubuntu-18.04");
        assert_eq!(of("pkg:rpm/redhat/bash@1?distro=rhel-8.7"), "rhel-8");
        assert_eq!(of("pkg:deb/debian/curl@7?distro=bookworm"), "");
    }

    #[test]
    fn ecosystems_have_package_urls() {
        let of = |ecosystem, name| of_ecosystem(ecosystem, name, Some("1.0")).unwrap_or_default();
        assert_eq!(of("Maven", "org.a:b"), "pkg:maven/org.a/b@1.0");
        assert_eq!(of("npm", "@a/b"), "pkg:npm/@a/b@1.0");
        assert_eq!(of("Alpine:v3.18", "curl"), "pkg:apk/alpine/curl@1.0?distro=alpine-3.18");
        assert_eq!(of("Ubuntu:22.04:LTS", "curl"), "pkg:deb/ubuntu/curl@1.0?distro=ubuntu-22.04");
        assert_eq!(of("Debian", "curl"), "pkg:deb/debian/curl@1.0");
        assert_eq!(of_ecosystem("Unheard of", "a", None), None);
    }
}
