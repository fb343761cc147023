//! Whom the command line believes when it speaks TLS to a server: the authorities of the system, those of a file, or,
//! for the instance of this machine, the one certificate that it was started with.

use std::{path::Path, time::Duration};

use reqwest::{Certificate, Client};
use rustls::{
    CertificateError, ClientConfig, Error,
    crypto::{WebPkiSupportedAlgorithms, ring},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use wire::Belief;

use crate::failure::Failure;

/// A client for one server. `authorities` are believed in place of the system's; `pinned` is believed alone.
///
/// # Errors
/// When a file cannot be read or holds no certificate.
pub(crate) fn client(https: bool, authorities: Option<&Path>, pinned: Option<&Path>) -> Result<Client, Failure> {
    // Fails when it has been done already, which is fine.
    let _ = ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("throughline/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10));
    if let (true, Some(file)) = (https, authorities) {
        let certificates = Certificate::from_pem_bundle(&read(file)?)
            .ok()
            .filter(|found| !found.is_empty())
            .ok_or_else(|| Failure::new(format!("there is no certificate in {}", file.display())))?;
        builder = builder.tls_certs_only(certificates);
    } else if let (true, Some(file)) = (https, pinned) {
        builder = builder.tls_backend_preconfigured(only(file)?);
    }
    Ok(builder.build()?)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::new(format!("{} cannot be read: {error}", file.display())))
}

fn only(file: &Path) -> Result<ClientConfig, Failure> {
    let certificate = CertificateDer::from_pem_slice(&read(file)?)
        .map_err(|_| Failure::new(format!("there is no certificate in {}", file.display())))?;
    Ok(wire::client(Pinned(certificate))?)
}

/// Believes one certificate, whatever name the server is called by: it lies on this machine, and the local instance is
/// called by its address, for which nobody vouches.
#[derive(Debug)]
struct Pinned(CertificateDer<'static>);

impl Belief for Pinned {
    fn look(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: UnixTime,
        _: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error> {
        match *shown == self.0 {
            true => Ok(()),
            false => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
        }
    }
}
