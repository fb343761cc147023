//! The JSON shape.

use std::collections::VecDeque;
use std::io::BufRead;

use super::record::{Event, Totals};
use super::understand;
use crate::json::{Json, Token, Value};
use crate::{Limits, ReadError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Document,
    Components,
    Vulnerabilities,
}

pub(super) struct Reader<R> {
    json: Json<R>,
    place: Place,
    waiting: VecDeque<Event>,
    totals: Totals,
    is_bom: bool,
    room: usize,
    most: u64,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(inner: R, limits: &Limits) -> Self {
        Self {
            json: Json::new(inner, limits),
            place: Place::Begin,
            waiting: VecDeque::new(),
            totals: Totals::default(),
            is_bom: false,
            room: limits.max_record_bytes,
            most: limits.max_findings,
        }
    }

    pub(super) fn step(&mut self) -> Result<Event, ReadError> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(event);
            }
            match self.place {
                Place::Begin => {
                    if !self.json.enter_object()? {
                        return Err(self.json.error("a CycloneDX document is a JSON object"));
                    }
                    self.place = Place::Document;
                }
                Place::Document => match self.json.next()? {
                    Token::Name(name) => self.member(&name)?,
                    _ => {
                        self.json.next()?;
                        if !self.is_bom {
                            return Err(self.json.error("bomFormat is not CycloneDX"));
                        }
                        super::record::check_version(&self.totals.spec_version)
                            .map_err(|reason| self.json.error(reason))?;
                        self.totals.replaced = self.json.replaced();
                        return Ok(Event::Finished(self.totals.clone()));
                    }
                },
                Place::Components => {
                    if !self.json.another()? {
                        self.place = Place::Document;
                        continue;
                    }
                    let value = Value::read(&mut self.json, self.room)?;
                    super::record::take_component(&value, &mut self.totals, &mut self.waiting);
                    self.bound()?;
                }
                Place::Vulnerabilities => {
                    if !self.json.another()? {
                        self.place = Place::Document;
                        continue;
                    }
                    let value = Value::read(&mut self.json, self.room)?;
                    self.totals.vulnerabilities += 1;
                    self.bound()?;
                    return Ok(Event::Vulnerability(Box::new(understand::vulnerability(&value))));
                }
            }
        }
    }

    fn member(&mut self, name: &str) -> Result<(), ReadError> {
        match name {
            "bomFormat" => self.is_bom = Value::read(&mut self.json, self.room)?.text() == Some("CycloneDX"),
            "specVersion" => {
                self.totals.spec_version =
                    Value::read(&mut self.json, self.room)?.text().unwrap_or_default().to_owned();
            }
            "serialNumber" => {
                self.totals.serial_number = Value::read(&mut self.json, self.room)?.text().map(str::to_owned)
            }
            "metadata" => {
                let metadata = Value::read(&mut self.json, self.room)?;
                if let Some(value) = metadata.get("component") {
                    super::record::take_subject(value, &mut self.waiting);
                }
            }
            "components" => {
                if self.json.enter_array()? {
                    self.place = Place::Components;
                }
            }
            "vulnerabilities" => {
                if self.json.enter_array()? {
                    self.place = Place::Vulnerabilities;
                }
            }
            "services" => self.totals.services = self.counted()?,
            "dependencies" => self.totals.dependencies = self.counted()?,
            _ => self.json.skip()?,
        }
        Ok(())
    }

    fn counted(&mut self) -> Result<u64, ReadError> {
        let mut count = 0;
        if self.json.enter_array()? {
            while self.json.another()? {
                self.json.skip()?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn bound(&self) -> Result<(), ReadError> {
        if self.totals.components.max(self.totals.vulnerabilities) > self.most {
            return Err(self.json.error(format!("the document has more than {} entries; split it", self.most)));
        }
        Ok(())
    }
}
