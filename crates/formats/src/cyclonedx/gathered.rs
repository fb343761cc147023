//! What both shapes of a document gather on the way.

use std::collections::VecDeque;

use super::understand::{component, components, vulnerability};
use crate::Limits;
use crate::json::Value;
use crate::supply::{Component, Event, Totals};

/// What was found and waits to be handed over, what was counted, and the bounds of both.
pub(super) struct Gathered {
    waiting: VecDeque<Event>,
    pub(super) totals: Totals,
    /// Bytes kept of one record.
    pub(super) room: usize,
    most: u64,
}

impl Gathered {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            waiting: VecDeque::new(),
            totals: Totals::default(),
            room: limits.max_record_bytes,
            most: limits.max_findings,
        }
    }

    /// The next event that is ready.
    pub(super) fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    /// Takes a component, what lies inside it, and the vulnerabilities found there.
    ///
    /// # Errors
    /// When there are too many by now.
    pub(super) fn take_component(&mut self, value: &Value) -> Result<(), String> {
        let (mut parts, mut found) = (Vec::new(), Vec::new());
        components(value, &mut parts, &mut found);
        self.totals.components_top += 1;
        self.totals.components += parts.len() as u64;
        self.totals.vulnerabilities += found.len() as u64;
        self.waiting.extend(parts.into_iter().map(|part| Event::Component(Box::new(part))));
        self.waiting.extend(found.into_iter().map(|found| Event::Vulnerability(Box::new(found))));
        self.bound()
    }

    /// Takes a vulnerability.
    ///
    /// # Errors
    /// When there are too many by now.
    pub(super) fn take_vulnerability(&mut self, value: &Value) -> Result<(), String> {
        self.totals.vulnerabilities += 1;
        self.waiting.push_back(Event::Vulnerability(Box::new(vulnerability(value))));
        self.bound()
    }

    /// Takes what the document is about.
    pub(super) fn take_subject(&mut self, value: &Value) {
        self.waiting.push_back(Event::Component(Box::new(Component { is_subject: true, ..component(value) })));
    }

    fn bound(&self) -> Result<(), String> {
        if self.totals.components.max(self.totals.vulnerabilities) > self.most {
            return Err(format!("the document has more than {} entries; split it", self.most));
        }
        Ok(())
    }
}
