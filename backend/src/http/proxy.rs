//! The address a request comes from, and the name it was sent to, behind reverse proxies.
//!
//! `X-Forwarded-For` is written by anyone, so it counts only as far as it was written by proxies the operator trusts: the
//! list is read from its end, and the first address that is no trusted proxy is the caller's. `X-Forwarded-Host` is taken
//! out of what comes from anyone else.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use crate::service::App;

/// The name a proxy was called by.
pub const FORWARDED_HOST: &str = "x-forwarded-host";

/// Networks of reverse proxies, as the settings name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u8)>);

impl Proxies {
    /// Reads addresses and networks (`10.0.0.0/8`) separated by commas; the error is the part that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let (address, length) = part.split_once('/').map_or((part, None), |(one, length)| (one, Some(length)));
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let length = length.map_or(Some(most), |length| length.parse().ok().filter(|length| *length <= most))?;
            Some((address, length))
        };
        parts.map(|part| network(part).ok_or_else(|| part.to_owned())).collect::<Result<_, _>>().map(Self)
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, length)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                same(u128::from(network.to_bits()), u128::from(address.to_bits()), 32 - u32::from(*length))
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same(network.to_bits(), address.to_bits(), 128 - u32::from(*length))
            }
            _ => false,
        })
    }

    /// Who is calling: the connection's other end, or behind trusted proxies whom the last of them named.
    pub fn caller(&self, connection: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = connection.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter().rev().filter_map(|value| value.to_str().ok());
        for named in lines.flat_map(|line| line.rsplit(',')) {
            if !self.holds(caller) {
                break;
            }
            // a proxy that names no address is itself the caller
            let Some(address) = address(named.trim()) else { break };
            caller = address.to_canonical();
        }
        caller
    }
}

fn same(network: u128, address: u128, rest: u32) -> bool {
    network.checked_shr(rest).unwrap_or(0) == address.checked_shr(rest).unwrap_or(0)
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Puts the caller's address in place of the connection's for everything behind, and takes out what only a proxy may say.
pub async fn layer(State((app, proxies)): State<(App, Arc<Proxies>)>, mut request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>().copied();
    if !connection.is_some_and(|ConnectInfo(connection)| proxies.holds(connection.ip().to_canonical())) {
        request.headers_mut().remove(FORWARDED_HOST);
        tell_of_strange_proxy(&app, connection, request.headers());
    }
    if let Some(ConnectInfo(connection)) = connection {
        let caller = proxies.caller(connection.ip(), request.headers());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(caller, connection.port())));
    }
    next.run(request).await
}

/// Says once that a proxy is not believed: everyone behind it is then one caller, whose wrong codes are counted together.
fn tell_of_strange_proxy(app: &App, connection: Option<ConnectInfo<SocketAddr>>, headers: &HeaderMap) {
    let forwards = ["x-forwarded-for", "forwarded"].into_iter().any(|name| headers.contains_key(name));
    let Some(ConnectInfo(connection)) = connection.filter(|_| forwards) else { return };
    if app.told.first("strange proxy", "") {
        tracing::warn!(
            proxy = %connection.ip().to_canonical(),
            "requests come through a proxy that trusted_proxies does not name: all who come through it count as one caller, in \
             the journal and for wrong codes. If it is yours, write its address into trusted_proxies"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(proxies: &str, connection: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", axum::http::HeaderValue::from_static(line));
        }
        Proxies::parse(proxies).unwrap().caller(connection.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn what_a_stranger_writes_into_the_header_does_not_count() {
        assert_eq!(seen("", "203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.0/8", "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.0/8", "10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.0/8", "10.1.2.3", &["1.1.1.1, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.0/8", "10.1.2.3", &["1.1.1.1", "198.51.100.1, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.0/8", "10.1.2.3", &["1.1.1.1, rubbish"]), "10.1.2.3");
        assert_eq!(seen("127.0.0.1, ::1", "::1", &["[2001:db8::5]"]), "2001:db8::5");
        assert_eq!(seen("127.0.0.1", "::ffff:127.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(seen("0.0.0.0/0", "10.1.2.3", &["192.0.2.1, 192.0.2.2"]), "192.0.2.1");
    }

    #[test]
    fn a_wrong_setting_is_named() {
        assert_eq!(Proxies::parse("10.0.0.0/8, proxy"), Err("proxy".to_owned()));
        assert_eq!(Proxies::parse("10.0.0.0/33"), Err("10.0.0.0/33".to_owned()));
    }
}
