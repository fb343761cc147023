//! TLS 1.3 to servers that are believed by rules of our own.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    version::TLS13,
};

/// Who passes for the server that was asked for. That it holds the key to the certificate it shows is looked at whatever is believed.
pub trait Belief: fmt::Debug + Send + Sync + 'static {
    /// Looks at what a server called `name` shows, with the certificates between it and an authority; `algorithms` are those to verify
    /// signatures of certificates with.
    ///
    /// # Errors
    /// Why it is not believed.
    fn look(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error>;
}

/// What a client is set to that believes so, and shows no certificate of its own.
///
/// # Errors
/// When TLS 1.3 cannot be spoken.
pub fn client(belief: impl Belief) -> Result<ClientConfig, Error> {
    let provider = ring::default_provider();
    let believing = Believing { belief, algorithms: provider.signature_verification_algorithms };
    Ok(ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(believing))
        .with_no_client_auth())
}

#[derive(Debug)]
struct Believing<B> {
    belief: B,
    algorithms: WebPkiSupportedAlgorithms,
}

impl<B: Belief> ServerCertVerifier for Believing<B> {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.belief.look(shown, between, name, now, &self.algorithms).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
