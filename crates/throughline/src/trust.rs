//! Whom the command line believes when it speaks TLS to a server: the authorities of the system, those of a file, or,
//! for the instance of this machine, the one certificate that it was started with.

use std::{path::Path, sync::Arc, time::Duration};

use reqwest::{Certificate, Client};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    version::TLS13,
};

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
    let provider = Arc::new(ring::default_provider());
    let pinned = Pinned { certificate, provider: provider.clone() };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth())
}

/// Believes one certificate, whatever name the server is called by: it lies on this machine, and the local instance is
/// called by its address, for which nobody vouches.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
