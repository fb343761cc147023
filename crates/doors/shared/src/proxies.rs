//! Who is at the other end. What a proxy says about its client is believed of proxies that were named, and of nobody
//! else: otherwise every caller could choose the address that is counted, limited and recorded.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::{Extensions, HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Everything by which a proxy speaks about its client.
const ABOUT_CLIENTS: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip"];

/// How long a browser remembers to come by TLS alone, in seconds: a year. It is said of this name alone; what is below it
/// may not be ours.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Marks a request that came by TLS to this server itself.
#[derive(Debug, Clone, Copy)]
pub struct OverTls;

/// Whether the browser speaks TLS, to us or to the proxy before us. From others than trusted proxies these headers do not
/// arrive.
pub fn over_https(headers: &HeaderMap) -> bool {
    let says = |name: &str, needle: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().contains(needle))
    };
    says("x-forwarded-proto", "https") || says("forwarded", "proto=https")
}

/// Whether the request names this very machine, or an address. What a browser remembers of `localhost` it would hold
/// against every other server there.
fn is_nameless(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_end_matches('.').to_ascii_lowercase();
    name.is_empty()
        || name == "localhost"
        || name.ends_with(".localhost")
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        || host.starts_with('[')
}

/// Marks a request that came by way of a proxy, trusted or not.
#[derive(Debug, Clone, Copy)]
struct Proxied;

/// The proxies whose word counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Those in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// A middleware in front of both doors: of a trusted proxy it takes the address of the client, and leaves what it
    /// says of the protocol; of anybody else it takes away what only proxies may say. Who has come by TLS is told to
    /// come by nothing else from now on (HSTS, RFC 6797).
    pub async fn believe(self, mut request: Request, next: Next) -> Response {
        self.settle(&mut request);
        let strict = over_https(request.headers()) && !is_nameless(request.headers());
        let mut response = next.run(request).await;
        if strict {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
        }
        response
    }

    fn settle(&self, request: &mut Request) {
        if ABOUT_CLIENTS.iter().any(|name| request.headers().contains_key(*name)) {
            request.extensions_mut().insert(Proxied);
        }
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        if peer.is_some_and(|peer| self.holds(peer)) {
            if let Some(client) = self.client(request.headers()) {
                request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, 0)));
            }
            return;
        }
        for name in ABOUT_CLIENTS {
            request.headers_mut().remove(name);
        }
        if request.extensions().get::<OverTls>().is_some() {
            request.headers_mut().insert("x-forwarded-proto", HeaderValue::from_static("https"));
        }
    }

    /// The last address in `X-Forwarded-For` that is no trusted proxy: those before it are only what it claims.
    fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let said: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let mut last = None;
        for text in said.iter().rev() {
            let address: IpAddr = text.parse().ok()?;
            last = Some(address);
            if !self.holds(address) {
                break;
            }
        }
        last
    }
}

/// Whether a request comes from this machine itself, by no detour.
pub fn is_local(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    peer.is_some_and(|peer| peer.is_loopback())
        && extensions.get::<Proxied>().is_none()
        && !headers.contains_key(header::FORWARDED)
        && !headers.contains_key(FORWARDED_FOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(trusted: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> (IpAddr, bool, bool) {
        let mut request = Request::default();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().expect("a value"));
        }
        let networks = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        TrustedProxies::new(networks).settle(&mut request);
        let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let local = is_local(request.extensions(), request.headers());
        (address.expect("an address"), request.headers().contains_key("x-forwarded-proto"), local)
    }

    #[test]
    fn only_proxies_that_were_named_are_believed() {
        let said = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(settled(&[], "127.0.0.1", &said), (address("127.0.0.1"), false, false), "not even this machine");
        assert_eq!(settled(&["10.0.0.0/8"], "192.0.2.1", &said), (address("192.0.2.1"), false, false));
        assert_eq!(settled(&["127.0.0.0/8"], "127.0.0.1", &said), (address("203.0.113.9"), true, false));
        assert_eq!(settled(&["127.0.0.0/8"], "::ffff:127.0.0.1", &said).0, address("203.0.113.9"));
        assert_eq!(settled(&[], "127.0.0.1", &[]), (address("127.0.0.1"), false, true));
        assert!(!settled(&[], "192.0.2.1", &[]).2);
    }

    #[test]
    fn only_a_name_of_its_own_is_remembered_for_tls_alone() {
        let nameless = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            is_nameless(&headers)
        };
        for host in ["localhost", "LOCALHOST:7400", "a.localhost", "127.0.0.1:7400", "[::1]:7400", "[::1]", ""] {
            assert!(nameless(host), "{host}");
        }
        for host in ["throughline.example", "throughline.example:7400", "localhost.example"] {
            assert!(!nameless(host), "{host}");
        }
    }

    #[test]
    fn a_client_cannot_put_an_address_in_front_of_its_own() {
        let claimed = [("x-forwarded-for", "1.1.1.1, 203.0.113.9"), ("x-forwarded-for", "10.0.0.2")];
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(settled(&["10.0.0.0/8"], "10.0.0.1", &claimed).0, address("203.0.113.9"));
        let odd = [("x-forwarded-for", "not an address")];
        assert_eq!(settled(&["10.0.0.0/8"], "10.0.0.1", &odd).0, address("10.0.0.1"));
        let only = [("x-forwarded-for", "10.0.0.3")];
        assert_eq!(settled(&["10.0.0.0/8"], "10.0.0.1", &only).0, address("10.0.0.3"));
    }
}
