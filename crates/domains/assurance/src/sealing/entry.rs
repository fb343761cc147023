//! A row of the trail in words that are hashed: always the same for the same row, whatever the version or the settings of PostgreSQL.
//!
//! The words are one JSON object without spaces and with its members in alphabetical order:
//! `{"form":1,"payload_sha256":"…","row":{…}}`. Under `row` stands every column that stays as long as the row, as text or null.
//! The other columns tell of people or hold free text; retention and erasure may drop them, so they go in as a hash only: SHA-256 of
//! 16 random bytes and of the same kind of object.

use std::{collections::BTreeMap, fmt::Write as _};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vault::merkle::{Hash, leaf_hash};

/// The form of the words. Whoever adds a column to the trail makes a new form; the old ones have to be read for ever.
pub const FORM: i16 = 1;

/// Columns that stay: name, and the text of it over the row `a`. JSON writes times the same whatever the session prefers.
pub const KEPT: [(&str, &str); 21] = [
    ("agent_run_id", "a.agent_run_id::text"),
    ("api_endpoint", "a.api_endpoint"),
    ("application_name", "a.application_name"),
    ("changed_fields", "to_json(a.changed_fields)::text"),
    ("compliance_relevant", "a.compliance_relevant::text"),
    ("event_category", "a.event_category"),
    ("event_type", "a.event_type"),
    ("id", "a.id::text"),
    ("occurred_at", "to_json(a.occurred_at at time zone 'UTC') #>> '{}'"),
    ("on_behalf_of_user_id", "a.on_behalf_of_user_id::text"),
    ("organization_id", "a.organization_id::text"),
    ("project_id", "a.project_id::text"),
    ("request_id", "a.request_id"),
    ("resource_id", "a.resource_id"),
    ("resource_type", "a.resource_type"),
    ("retention_period_days", "a.retention_period_days::text"),
    ("risk_level", "a.risk_level"),
    ("service_name", "a.service_name"),
    ("session_id", "a.session_id::text"),
    ("status", "a.status"),
    ("user_id", "a.user_id::text"),
];

/// Columns that may be dropped, likewise.
pub const PAYLOAD: [(&str, &str); 9] = [
    ("action_description", "a.action_description"),
    ("additional_data", "a.additional_data::text"),
    ("business_context", "a.business_context"),
    ("error_message", "a.error_message"),
    ("ip_address", "a.ip_address::text"),
    ("new_values", "a.new_values::text"),
    ("old_values", "a.old_values::text"),
    ("resource_name", "a.resource_name"),
    ("user_agent", "a.user_agent"),
];

/// The texts of a row, in the order of the columns above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) kept: Vec<Option<String>>,
    pub(super) payload: Vec<Option<String>>,
}

impl Texts {
    /// The two arrays a query selects for [`Texts::read`].
    pub(super) fn selected() -> String {
        let array = |columns: &[(&str, &str)]| {
            format!("array[{}]::text[]", columns.iter().map(|(_, sql)| *sql).collect::<Vec<_>>().join(", "))
        };
        format!("{}, {}", array(&KEPT), array(&PAYLOAD))
    }

    /// The row whose arrays begin at column `at`.
    pub(super) fn read(row: &tokio_postgres::Row, at: usize) -> Result<Self, tokio_postgres::Error> {
        Ok(Self { kept: row.try_get(at)?, payload: row.try_get(at + 1)? })
    }

    /// The hash that stands for what may be dropped.
    pub(super) fn payload_hash(&self, salt: &[u8]) -> Hash {
        Sha256::new_with_prefix(salt).chain_update(object(&PAYLOAD, &self.payload)).finalize().into()
    }

    /// Whether nothing is left of what may be dropped.
    pub(super) fn is_dropped(&self) -> bool {
        PAYLOAD.iter().zip(&self.payload).all(|((name, _), text)| match text.as_deref() {
            None => true,
            Some(text) => *name == "additional_data" && text == "{}",
        })
    }

    /// What may be dropped, in words.
    pub(super) fn payload_words(&self) -> String {
        object(&PAYLOAD, &self.payload)
    }

    /// The same row under another identifier.
    pub(super) fn with_id(&self, id: Uuid) -> Self {
        let mut other = self.clone();
        for ((name, _), text) in KEPT.iter().zip(&mut other.kept) {
            if *name == "id" {
                *text = Some(id.to_string());
            }
        }
        other
    }

    /// The words of the row.
    pub(super) fn entry(&self, payload_hash: &Hash) -> String {
        let mut digits = String::with_capacity(64);
        for byte in payload_hash {
            let _ = write!(digits, "{byte:02x}");
        }
        format!("{{\"form\":{FORM},\"payload_sha256\":\"{digits}\",\"row\":{}}}", object(&KEPT, &self.kept))
    }

    /// The leaf of the row.
    pub(super) fn leaf(&self, payload_hash: &Hash) -> Hash {
        leaf_hash(self.entry(payload_hash).as_bytes())
    }
}

/// Members in alphabetical order, no spaces, and of all letters only those escaped that JSON demands.
fn object(columns: &[(&str, &str)], texts: &[Option<String>]) -> String {
    let members: BTreeMap<&str, &Option<String>> = columns.iter().map(|(name, _)| *name).zip(texts).collect();
    serde_json::to_string(&members).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        let of = |columns: &[(&str, &str)]| columns.iter().map(|(name, _)| Some(format!("{name} “\n"))).collect();
        Texts { kept: of(&KEPT), payload: of(&PAYLOAD) }
    }

    #[test]
    fn the_words_of_a_row_are_json_with_its_members_in_order() -> Result<(), serde_json::Error> {
        let words = texts().entry(&[0xab; 32]);
        let read: serde_json::Value = serde_json::from_str(&words)?;
        assert_eq!(read.to_string(), words, "serde_json sorts members and adds no spaces");
        assert_eq!(read["payload_sha256"], "ab".repeat(32));
        assert_eq!(read["row"]["user_id"], "user_id “\n");
        Ok(())
    }

    #[test]
    fn every_column_and_the_salt_count() {
        let (row, salt) = (texts(), [1; 16]);
        let hash = row.payload_hash(&salt);
        assert_ne!(hash, row.payload_hash(&[2; 16]));
        for (at, (name, _)) in KEPT.iter().enumerate() {
            let mut other = row.clone();
            other.kept[at] = None;
            assert_ne!(other.leaf(&hash), row.leaf(&hash), "{name}");
        }
        for (at, (name, _)) in PAYLOAD.iter().enumerate() {
            let mut other = row.clone();
            other.payload[at] = None;
            assert_ne!(other.payload_hash(&salt), hash, "{name}");
        }
    }
}
