//! Signed envelopes (DSSE, <https://github.com/secure-systems-lab/dsse>, version 1.0.2): what in-toto and SLSA put their statements
//! in, so that whoever checks provenance reads ours with the tools they have.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::signing::{PublicKey, SigningKey};

/// Why an envelope is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is no envelope.
    #[error("it is no signed envelope: {0}")]
    Malformed(&'static str),
    /// None of the keys has signed it.
    #[error("none of the keys that are believed has signed it: what is signed was changed, or somebody else signed it")]
    Unsigned,
}

/// An envelope: a payload, what kind it is, and the signatures of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The payload, in base64.
    pub payload: String,
    /// What kind of payload, as a media type.
    pub payload_type: String,
    /// Who signed it.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeSignature {
    /// A hint which key it is; nothing is believed because of it.
    #[serde(default)]
    pub keyid: String,
    /// The signature, in base64.
    pub sig: String,
}

/// The bytes that are signed: the pre-authentication encoding of kind and payload.
pub fn to_sign(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// The payload, signed by `key`.
    pub fn sign(payload_type: &str, payload: &[u8], key: &SigningKey) -> Self {
        let sig = STANDARD.encode(key.sign(&to_sign(payload_type, payload)));
        Self {
            payload: STANDARD.encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![EnvelopeSignature { keyid: key.public_key().key_id(), sig }],
        }
    }

    /// The payload, though nobody has looked at the signatures.
    ///
    /// # Errors
    /// When it is no base64.
    pub fn unverified_payload(&self) -> Result<Vec<u8>, EnvelopeError> {
        STANDARD.decode(&self.payload).map_err(|_| EnvelopeError::Malformed("its payload is no base64"))
    }

    /// The payload, if one of `keys` has signed it as `payload_type`, and which key that is.
    ///
    /// # Errors
    /// When none has, or it is a payload of another kind.
    pub fn open<'a>(
        &self,
        payload_type: &str,
        keys: &'a [PublicKey],
    ) -> Result<(Vec<u8>, &'a PublicKey), EnvelopeError> {
        if self.payload_type != payload_type {
            return Err(EnvelopeError::Malformed("its payload is of another kind"));
        }
        let payload = self.unverified_payload()?;
        let signed = to_sign(payload_type, &payload);
        for signature in &self.signatures {
            let bytes = STANDARD.decode(&signature.sig).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
            if let Some(bytes) = bytes
                && let Some(key) = keys.iter().find(|key| key.verifies(&signed, &bytes))
            {
                return Ok((payload, key));
            }
        }
        Err(EnvelopeError::Unsigned)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The example of the protocol's own description.
    #[test]
    fn what_is_signed_is_what_the_protocol_says() {
        assert_eq!(
            to_sign("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn an_envelope_opens_for_its_key_its_payload_and_its_kind_only() {
        let (key, other) = (SigningKey::from_seed([1; 32]), SigningKey::from_seed([2; 32]).public_key());
        let (kind, known) = ("application/x", key.public_key());
        let envelope = Envelope::sign(kind, b"the bridge is open", &key);
        let (payload, by) = envelope.open(kind, &[other, known]).map(|(payload, by)| (payload, *by)).unwrap();
        assert_eq!((payload.as_slice(), by), (b"the bridge is open".as_slice(), known));
        assert_eq!(envelope.open(kind, &[other]), Err(EnvelopeError::Unsigned));
        assert!(envelope.open("application/y", &[known]).is_err());
        let forged = Envelope { payload: STANDARD.encode("the bridge is shut"), ..envelope.clone() };
        assert_eq!(forged.open(kind, &[known]), Err(EnvelopeError::Unsigned));
        let bare = Envelope { signatures: Vec::new(), ..envelope };
        assert_eq!(bare.open(kind, &[known]), Err(EnvelopeError::Unsigned));
    }
}
