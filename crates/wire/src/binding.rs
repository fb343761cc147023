//! What ties a sign-in with a password to the TLS connection it comes through, so that nobody between can pass it on: the
//! `tls-server-end-point` of RFC 5929, which SCRAM-SHA-256-PLUS takes in.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// The digest of a certificate (DER) by the hash of its own signature; SHA-256 for those signed with MD5 or SHA-1. `None`: the
/// signature has no such hash (Ed25519) or one that is said elsewhere (RSA-PSS), and nothing is bound.
pub(crate) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(match signature(certificate)? {
        // sha256WithRSAEncryption, ecdsa-with-SHA256; sha1WithRSAEncryption, md5WithRSAEncryption, ecdsa-with-SHA1.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b | 0x05 | 0x04]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => Sha256::digest(certificate).to_vec(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03] => {
            Sha384::digest(certificate).to_vec()
        }
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04] => {
            Sha512::digest(certificate).to_vec()
        }
        _ => return None,
    })
}

/// The identifier of the algorithm that signed: `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, … }` (RFC 5280, 4.1).
fn signature(certificate: &[u8]) -> Option<&[u8]> {
    let (whole, _) = element(certificate, SEQUENCE)?;
    let (_, after) = element(whole, SEQUENCE)?;
    let (algorithm, _) = element(after, SEQUENCE)?;
    Some(element(algorithm, OBJECT_IDENTIFIER)?.0)
}

/// What is in the DER element at the beginning, and what comes after it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(*short), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked(length)).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// As much of a certificate as is read, with a body long enough for a length of two bytes.
    fn certificate(algorithm: &[u8]) -> Vec<u8> {
        let body = [&[SEQUENCE, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        let named = [&[OBJECT_IDENTIFIER, algorithm.len() as u8], algorithm].concat();
        let inner = [&body[..], &[SEQUENCE, named.len() as u8], &named, &[0x03, 0x01, 0x00]].concat();
        [&[SEQUENCE, 0x82][..], &(inner.len() as u16).to_be_bytes(), &inner].concat()
    }

    #[test]
    fn the_hash_of_the_signature_is_taken() {
        let ecdsa = |last| [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last];
        for (last, length) in [(2, 32), (3, 48), (4, 64)] {
            assert_eq!(end_point(&certificate(&ecdsa(last))).map(|digest| digest.len()), Some(length));
        }
        let sha1 = certificate(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05]);
        assert_eq!(end_point(&sha1).unwrap(), Sha256::digest(&sha1).to_vec());
        assert_eq!(end_point(&certificate(&[0x2b, 0x65, 0x70])), None, "Ed25519 has none");
    }

    #[test]
    fn what_is_no_certificate_binds_nothing() {
        let whole = certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
        for length in 0..whole.len() - 3 {
            assert_eq!(end_point(&whole[..length]), None, "cut off after {length}");
        }
        assert_eq!(end_point(&[SEQUENCE, 0x80, 0, 0]), None);
    }
}
