//! TLS 1.3 on the server's own port: a certificate with its key, and newer ones while the server runs.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::TLS13,
};
use sha2::{Digest as _, Sha256};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at. Whoever renews them waits this long, or sends SIGHUP.
pub const LOOK: Duration = Duration::from_secs(10);

/// Why there is no TLS. Says which file it is about and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

/// A certificate and its key, as two PEM files say it. Connections that are open keep what they began with.
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
    // Of both files as they were looked at last, so that one fault is told once.
    seen: Mutex<[u8; 32]>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Certificates").field("certificate", &self.certificate).field("key", &self.key).finish()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Certificates {
    /// Reads the chain of certificates, the server's own first, and the key of that one.
    ///
    /// # Errors
    /// When a file cannot be read, holds nothing of use, or the key is another certificate's.
    pub fn load(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let (pem, secret) = read(certificate, key)?;
        let current = understand(certificate, &pem, key, &secret, &provider)?;
        Ok(Arc::new(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            provider,
            current: RwLock::new(Arc::new(current)),
            seen: Mutex::new(digest(&pem, &secret)),
        }))
    }

    /// Takes what the files say now, if it is something else than before. What is there stays when it is of no use.
    /// Answers whether there is a new certificate.
    ///
    /// # Errors
    /// As [`Certificates::load`], once for each state of the files.
    pub fn renew(&self) -> Result<bool, TlsError> {
        let (pem, secret) = read(&self.certificate, &self.key)?;
        let found = digest(&pem, &secret);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == found {
                return Ok(false);
            }
            *seen = found;
        }
        let fresh = understand(&self.certificate, &pem, &self.key, &secret, &self.provider)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(true)
    }

    /// Looks after the files as long as the server runs: every `often`, and at once on SIGHUP.
    pub async fn attend(self: Arc<Self>, often: Duration) {
        let mut asked = signal(SignalKind::hangup()).ok();
        let mut missing = false;
        loop {
            let hangup = async {
                match &mut asked {
                    Some(asked) => {
                        asked.recv().await;
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = tokio::time::sleep(often) => {}
                () = hangup => {}
            }
            match self.renew() {
                Ok(true) => tracing::info!(certificate = %self.certificate.display(), "a new certificate is in use"),
                Ok(false) => missing = false,
                // A file that is gone is the same fault every time it is looked for.
                Err(error) if !missing => {
                    missing = true;
                    tracing::warn!("the certificate that is in use stays: {error}");
                }
                Err(_) => {}
            }
        }
    }

    /// Shakes hands with clients: TLS 1.3 and nothing older, HTTP/1.1.
    ///
    /// # Errors
    /// When the library does not offer TLS 1.3.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| TlsError(format!("TLS 1.3 cannot be offered: {error}")))?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn read(certificate: &Path, key: &Path) -> Result<(Vec<u8>, Vec<u8>), TlsError> {
    let file = |what: &str, setting: &str, path: &Path| {
        std::fs::read(path).map_err(|error| {
            TlsError(format!(
                "the {what} {} cannot be read: {error}; let {setting} name a PEM file this account may read",
                path.display()
            ))
        })
    };
    Ok((file("certificate", "--tls-cert", certificate)?, file("key", "--tls-key", key)?))
}

fn digest(pem: &[u8], secret: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update((pem.len() as u64).to_be_bytes());
    digest.update(pem);
    digest.update(secret);
    digest.finalize().into()
}

fn understand(
    certificate: &Path,
    pem: &[u8],
    key: &Path,
    secret: &[u8],
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let (shown, shown_key) = (certificate.display(), key.display());
    let chain = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError(format!("{shown} is not PEM all the way: {error}")))?;
    if chain.is_empty() {
        return Err(TlsError(format!(
            "there is no certificate in {shown}; it has to hold `-----BEGIN CERTIFICATE-----`, the server's own first"
        )));
    }
    if String::from_utf8_lossy(secret).contains("BEGIN ENCRYPTED PRIVATE KEY") {
        return Err(TlsError(format!(
            "the key in {shown_key} is locked by a password, which nobody types when a server starts; \
             unlock it with `openssl pkey -in {shown_key} -out unlocked.pem` and let only this account read it"
        )));
    }
    let secret = PrivateKeyDer::from_pem_slice(secret).map_err(|_| {
        TlsError(format!(
            "there is no private key in {shown_key}; it has to hold `-----BEGIN PRIVATE KEY-----` (or RSA, or EC)"
        ))
    })?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError(format!(
            "the key in {shown_key} does not belong to the first certificate in {shown}; \
             put the server's own certificate first, then those that vouch for it"
        )),
        other => TlsError(format!("{shown} and {shown_key} cannot be used: {other}")),
    })
}
