//! Settings that are addresses, looked at before anything uses them: one that only nearly fits would break later, somewhere
//! else, and without words.

use std::net::SocketAddr;

use url::Url;

use crate::config::Config;

/// An address that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value:?} cannot be used: {why}")]
pub struct AddressError {
    key: &'static str,
    value: String,
    why: &'static str,
}

/// Whether every address of the settings can be used.
pub fn check(config: &Config) -> Result<(), AddressError> {
    let refused = |key, value: &str, why| AddressError { key, value: value.to_owned(), why };
    let public = &config.public_url;
    if !public.is_empty() {
        origin(public).map_err(|why| refused("public_url", public, why))?;
    }

    let issuer = &config.oidc_issuer;
    if issuer.is_empty() {
        return Ok(());
    }
    web_address(issuer).map_err(|why| refused("oidc_issuer", issuer, why))?;
    if config.oidc_client_id.is_empty() {
        return Err(refused(
            "oidc_client_id",
            "",
            "oidc_issuer is set; write what this server is called at the provider",
        ));
    }
    if public.is_empty() {
        let why = "oidc_issuer is set, and the provider sends people back to public_url; write it, e.g. https://tsudoi.example.jp";
        return Err(refused("public_url", "", why));
    }
    Ok(())
}

/// Whether a server can listen on this.
pub fn check_listen(text: &str) -> Result<(), AddressError> {
    let why =
        "it is no IP address with a port; write e.g. 127.0.0.1:8787, or 0.0.0.0:8787 for every address of this machine";
    let refused = || AddressError { key: "listen", value: text.to_owned(), why };
    text.parse::<SocketAddr>().map(|_| ()).map_err(|_| refused())
}

/// An address of the web without a query, which may have a path.
fn web_address(text: &str) -> Result<Url, &'static str> {
    let url =
        Url::parse(text).map_err(|_| "it is no address; write it with its scheme, e.g. https://tsudoi.example.jp")?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err("it does not begin with https:// or http://; write e.g. https://tsudoi.example.jp");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a name or a password; leave them out");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a part beginning with ? or #; leave it out");
    }
    Ok(url)
}

/// Scheme, host and port, and nothing else: this server answers at the root of its address.
fn origin(text: &str) -> Result<Url, &'static str> {
    let url = web_address(text)?;
    if url.path() != "/" {
        return Err(
            "it has a path; this server answers only at the root of its address: write scheme, host and, where \
             needed, port, e.g. https://tsudoi.example.jp, and give it a name or a port of its own at the proxy",
        );
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        check(&config).map_or_else(|error| error.to_string(), |()| "good".to_owned())
    }

    #[test]
    fn where_people_reach_the_server_is_scheme_host_and_port() {
        let public = |text: &str| said(|config| config.public_url = text.to_owned());
        for text in [
            "",
            "https://tsudoi.example.jp",
            "https://tsudoi.example.jp/",
            "http://10.0.0.5:8787",
            "https://[::1]:8443",
        ] {
            assert_eq!(public(text), "good", "{text}");
        }
        let wrong = [
            ("tsudoi.example.jp", "with its scheme"),
            ("tsudoi.example.jp:8443", "does not begin with https://"),
            ("ftp://tsudoi.example.jp", "does not begin with https://"),
            ("//tsudoi.example.jp", "with its scheme"),
            ("https://", "no address"),
            ("https://tsudoi.example.jp/tsudoi", "has a path"),
            ("https://tsudoi.example.jp/?a=b", "beginning with ? or #"),
            ("https://tsudoi.example.jp/#a", "beginning with ? or #"),
            ("https://user:secret@tsudoi.example.jp", "a name or a password"),
        ];
        for (text, why) in wrong {
            let said = public(text);
            assert!(said.starts_with("public_url = ") && said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn where_the_server_listens_is_an_address_and_a_port() {
        for text in ["127.0.0.1:8787", "[::]:80"] {
            assert_eq!(check_listen(text), Ok(()));
        }
        for text in ["localhost:8787", "8787", "0.0.0.0", "http://127.0.0.1:8787"] {
            let said = Config::load(None, |name| (name == "TSUDOI_LISTEN").then(|| text.to_owned())).unwrap_err();
            assert!(said.to_string().contains("listen = ") && said.to_string().contains("127.0.0.1:8787"), "{said}");
        }
    }

    #[test]
    fn a_provider_needs_an_address_a_name_and_a_way_back() {
        let with = |issuer: &str, client: &str, public: &str| {
            said(|config| {
                config.oidc_issuer = issuer.to_owned();
                config.oidc_client_id = client.to_owned();
                config.public_url = public.to_owned();
            })
        };
        let (issuer, own) = ("https://login.example.jp/realms/town", "https://tsudoi.example.jp");
        assert_eq!(with(issuer, "tsudoi", own), "good");
        assert!(with("login.example.jp", "tsudoi", own).starts_with("oidc_issuer = "));
        assert!(with("https://login.example.jp/?tenant=1", "tsudoi", own).contains("beginning with ? or #"));
        assert!(with(issuer, "", own).starts_with("oidc_client_id = "));
        assert!(with(issuer, "tsudoi", "").starts_with("public_url = "));
    }
}
