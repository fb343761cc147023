//! TLS 1.3 to a PostgreSQL by rustls, with whoever answers or with the one that authorities vouch for.

use std::{
    error::Error as StdError,
    fmt, io,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, PeerIncompatible, RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use crate::{
    TextError,
    belief::{Belief, client},
    binding::end_point,
};

/// Whose word is taken for who a server is.
#[derive(Clone)]
pub(crate) struct Authorities {
    roots: RootCertStore,
    /// Those of a file as they stand there: a server may have made its own certificate, and then it is one of these.
    certificates: Vec<CertificateDer<'static>>,
    /// Where they come from, in words.
    from: String,
}

impl Authorities {
    /// Those of a PEM file.
    pub(crate) fn of_file(file: &Path) -> Result<Self, TextError> {
        let shown = file.display();
        let pem = std::fs::read(file).map_err(|error| {
            TextError(format!(
                "names the sslrootcert {shown}, which cannot be read: {error}; let it name a PEM file this account may read"
            ))
        })?;
        let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().map_err(|error| {
            TextError(format!("names the sslrootcert {shown}, which is not PEM all the way: {error}"))
        })?;
        let mut roots = RootCertStore::empty();
        let (used, _) = roots.add_parsable_certificates(certificates.iter().cloned());
        if used == 0 {
            return Err(TextError(format!(
                "names the sslrootcert {shown}, and there is no certificate in it; it has to hold `-----BEGIN CERTIFICATE-----`"
            )));
        }
        Ok(Self { roots, certificates, from: shown.to_string() })
    }

    /// Those the system believes, or `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    pub(crate) fn of_the_system() -> Result<Self, TextError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(TextError(
                "asks for the system's authorities, and there are none: install them (Debian, Ubuntu: `apt-get install ca-certificates`), or \
                 let sslrootcert name the file of the one that vouches for the server"
                    .into(),
            ));
        }
        Ok(Self { roots, certificates: Vec::new(), from: "the authorities of this system".into() })
    }
}

/// How a connection is sealed; connects for tokio-postgres.
#[derive(Clone)]
pub struct Tls {
    /// `None`: not at all.
    config: Option<Arc<ClientConfig>>,
    /// Where the authorities come from, in words.
    from: Arc<str>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tls").field("is_used", &self.config.is_some()).field("from", &self.from).finish()
    }
}

impl Tls {
    /// For connections that are not sealed.
    pub(crate) fn none() -> Self {
        Self { config: None, from: "".into() }
    }

    /// With whoever answers when there are no authorities; by name when `by_name`.
    pub(crate) fn new(authorities: Option<Authorities>, by_name: bool) -> Result<Self, TextError> {
        let from = authorities.as_ref().map_or_else(|| "".into(), |authorities| authorities.from.as_str().into());
        let mut config = client(Look { authorities, by_name })
            .map_err(|error| TextError(format!("asks for TLS, and TLS 1.3 cannot be spoken: {error}")))?;
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Self { config: Some(Arc::new(config)), from })
    }
}

/// Looks at the certificate that a server shows.
struct Look {
    /// `None`: anybody will do.
    authorities: Option<Authorities>,
    by_name: bool,
}

impl fmt::Debug for Look {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.authorities.as_ref().map(|authorities| &authorities.from);
        out.debug_struct("Look").field("authorities", &from).field("by_name", &self.by_name).finish()
    }
}

impl Belief for Look {
    fn look(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error> {
        let Some(authorities) = &self.authorities else { return Ok(()) };
        let certificate = ParsedCertificate::try_from(shown)?;
        let vouched =
            verify_server_cert_signed_by_trust_anchor(&certificate, &authorities.roots, between, now, algorithms.all);
        match vouched {
            Err(error) if is_about_time(&error) => return Err(error),
            // One that made itself, as `openssl req -x509` does it, is an authority by its own words and stands for nobody else by
            // those of X.509. Whoever puts it into the file believes it, as OpenSSL does.
            Err(_) if authorities.certificates.iter().any(|one| one == shown) => {}
            other => other?,
        }
        if self.by_name {
            verify_server_name(&certificate, name)?;
        }
        Ok(())
    }
}

/// Whether a certificate is too old or too new. It is the first thing looked at, before who vouches for it.
fn is_about_time(error: &Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let Error::InvalidCertificate(why) = error else { return false };
    matches!(why, Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
}

/// Why a server was not spoken to. Says what to do.
#[derive(Debug)]
pub struct Refused {
    message: String,
    source: Option<io::Error>,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl StdError for Refused {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl Refused {
    fn because(host: &str, from: &str, error: io::Error) -> Self {
        let known = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match known.and_then(|error| in_words(host, from, error)) {
            Some(message) => Self { message, source: None },
            None => Self { message: format!("TLS with {host} came to nothing"), source: Some(error) },
        }
    }
}

/// What went wrong and what to do, where that is known.
fn in_words(host: &str, from: &str, error: &Error) -> Option<String> {
    use CertificateError::{NotValidForName, NotValidForNameContext, Other, UnknownIssuer};
    use PeerIncompatible::{ServerDoesNotSupportTls12Or13, ServerTlsVersionIsDisabledByOurConfig};
    Some(match error {
        // The library of the library has its own error for it, which cannot be asked.
        Error::InvalidCertificate(Other(why)) if why.to_string() == "UnsupportedCertVersion" => format!(
            "the certificate of {host} is of X.509 version 1, which holds no names and is not taken; have one made of version 3, as openssl does \
             with `-extfile` and `subjectAltName=DNS:{host}` in that file, or, where nobody else is on the way, say sslmode=disable"
        ),
        // Nobody is asked to vouch for it: it is of no use by itself.
        Error::InvalidCertificate(_) if from.is_empty() => format!(
            "the certificate of {host} cannot be used ({error}); have another made, of X.509 version 3 with a key of RSA with 2048 bits or of \
             ECDSA, or, where nobody else is on the way, say sslmode=disable"
        ),
        // One that signed itself is the second: an authority where a server is looked for.
        Error::InvalidCertificate(UnknownIssuer | Other(_)) => format!(
            "nobody in {from} vouches for the certificate of {host}; let sslrootcert name a PEM file with the authority that signed it, or with \
             the certificate itself when it signed itself"
        ),
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => format!(
            "the certificate that answers at {host} is for another name{}; connect by a name it holds, or have one made that holds this one \
             (as a subject alternative name: the common name does not count)",
            names(error)
        ),
        error if is_about_time(error) => format!(
            "the certificate of {host} has ended or has not begun; have it renewed, or set the clock of this machine"
        ),
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(ServerDoesNotSupportTls12Or13 | ServerTlsVersionIsDisabledByOurConfig) => format!(
            "{host} speaks no TLS 1.3; let it: `ssl_max_protocol_version` has to be empty or TLSv1.3, and its OpenSSL 1.1.1 or newer"
        ),
        _ => return None,
    })
}

/// The names a certificate holds, behind those who asked for another.
fn names(error: &Error) -> String {
    let Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) = error else {
        return String::new();
    };
    if presented.is_empty() { " (it holds none)".to_owned() } else { format!(" (it holds {})", presented.join(", ")) }
}

/// A handshake that is about to begin.
#[derive(Debug)]
pub struct Handshake {
    tls: Tls,
    host: String,
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Sealed<S>;
    type TlsConnect = Handshake;
    type Error = Refused;

    /// Asked for before every connection, sealed or not; so what is wrong with the name is said later.
    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Refused> {
        Ok(Handshake { tls: self.clone(), host: host.to_owned() })
    }
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Sealed<S>;
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Sealed<S>, Refused>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let Self { tls, host } = self;
            let refused = |message: String| Refused { message, source: None };
            let config = tls.config.ok_or_else(|| refused(format!("{host} is not spoken to by TLS")))?;
            let name = ServerName::try_from(host.clone())
                .map_err(|_| refused(format!("no certificate can be for `{host}`; connect by a name or an address")))?;
            let connected = TlsConnector::from(config).connect(name, stream).await;
            connected.map(|stream| Sealed(Box::new(stream))).map_err(|error| Refused::because(&host, &tls.from, error))
        })
    }
}

/// A connection inside TLS.
#[derive(Debug)]
pub struct Sealed<S>(Box<tokio_rustls::client::TlsStream<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Sealed<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Sealed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Sealed<S> {
    fn channel_binding(&self) -> ChannelBinding {
        let shown = self.0.get_ref().1.peer_certificates().and_then(<[_]>::first);
        shown
            .and_then(|certificate| end_point(certificate))
            .map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// As `openssl x509 -req` makes it when no file with extensions is named.
    const VERSION_1: &str = "-----BEGIN CERTIFICATE-----
MIIBJjCBzQIULtJVXLDc68OaqcS5Spkgk5Ccy8QwCgYIKoZIzj0EAwIwFTETMBEG
A1UEAwwKZGIuZXhhbXBsZTAgFw0yNjExMzAyMDQ0MzdaGA8yMTI2MTEwNjIwNDQz
N1owFTETMBEGA1UEAwwKZGIuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABP7dkJBKt7qKvPFT/39RS6zGXIECsMUUtLkqrf9we8c1MqYJc6PO19OqwN6w
wH0pMClk0LuqlskvtU51HG8qf+owCgYIKoZIzj0EAwIDSAAwRQIhAJsCA4RTu9hN
bzYJRNKeTs3OXUEV9Io1ATPcYtE4CzgHAiAjFaYjffUGkvMOtZLUHnVJfOvzN36I
DsDPssk19D70HA==
-----END CERTIFICATE-----";

    fn told(shown: &CertificateDer<'_>, from: &str) -> String {
        in_words("db.example", from, &ParsedCertificate::try_from(shown).err().unwrap()).unwrap()
    }

    #[test]
    fn a_certificate_that_is_of_no_use_is_told_with_what_to_do() {
        let first = CertificateDer::from_pem_slice(VERSION_1.as_bytes()).unwrap();
        for from in ["", "/ca.pem"] {
            let said = told(&first, from);
            assert!(said.contains("version 1") && said.contains("subjectAltName=DNS:db.example"), "{said}");
        }
        let said = told(&CertificateDer::from(vec![0x30, 0]), "");
        assert!(said.contains("cannot be used") && said.contains("have another made"), "{said}");
        assert!(!said.contains("vouches"), "nobody is asked to: {said}");
    }
}
