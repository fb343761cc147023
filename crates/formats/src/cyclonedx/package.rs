//! Package URLs, as far as it takes to tell packages and their versions apart.

/// A package, and one of its versions where one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The package URL without version, qualifiers and subpath.
    pub base: String,
    /// The version, without the escapes of an address.
    pub version: Option<String>,
}

/// Reads a package URL (`pkg:type/namespace/name@version?qualifiers#subpath`). `None`: it is none.
#[must_use]
pub fn package(url: &str) -> Option<Package> {
    let url = url.trim();
    let rest = url.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("pkg:")).and_then(|_| url.get(4..))?;
    let rest = rest.trim_start_matches('/');
    let rest = rest.split(['#', '?']).next().unwrap_or_default();
    // The at sign of an npm name space stands before the last slash.
    let (name, version) = match rest.rfind('@').filter(|at| rest.rfind('/').is_none_or(|slash| slash < *at)) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (kind, path) = name.split_once('/')?;
    if kind.is_empty() || path.trim_matches('/').is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return None;
    }
    let path = unescaped(path.trim_matches('/'));
    let version = version.map(unescaped).filter(|version| !version.is_empty());
    Some(Package { base: format!("pkg:{}/{path}", kind.to_ascii_lowercase()), version })
}

/// `%40` becomes `@`. What is no text afterwards stays as it was written.
fn unescaped(text: &str) -> String {
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
        for none in ["", "pkg:", "pkg:npm", "npm/a@1", "pkg:npm/", "pkg:/a", "pkg:npm/a b"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
