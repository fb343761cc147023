//! The JSON shape.

use std::io::BufRead;

use super::gathered::Gathered;
use super::version::check_version;
use crate::json::{Json, Token, Value};
use crate::supply::Event;
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
    gathered: Gathered,
    is_bom: bool,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(inner: R, limits: &Limits) -> Self {
        Self { json: Json::new(inner, limits), place: Place::Begin, gathered: Gathered::new(limits), is_bom: false }
    }

    pub(super) fn step(&mut self) -> Result<Event, ReadError> {
        loop {
            if let Some(event) = self.gathered.pop() {
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
                        check_version(&self.gathered.totals.spec_version).map_err(|reason| self.json.error(reason))?;
                        self.gathered.totals.replaced = self.json.replaced();
                        return Ok(Event::Finished(self.gathered.totals.clone()));
                    }
                },
                Place::Components => {
                    if !self.json.another()? {
                        self.place = Place::Document;
                        continue;
                    }
                    let value = self.value()?;
                    self.gathered.take_component(&value).map_err(|reason| self.json.error(reason))?;
                }
                Place::Vulnerabilities => {
                    if !self.json.another()? {
                        self.place = Place::Document;
                        continue;
                    }
                    let value = self.value()?;
                    self.gathered.take_vulnerability(&value).map_err(|reason| self.json.error(reason))?;
                }
            }
        }
    }

    fn member(&mut self, name: &str) -> Result<(), ReadError> {
        match name {
            "bomFormat" => self.is_bom = self.value()?.text() == Some("CycloneDX"),
            "specVersion" => {
                self.gathered.totals.spec_version = self.value()?.text().unwrap_or_default().to_owned();
            }
            "serialNumber" => self.gathered.totals.serial_number = self.value()?.text().map(str::to_owned),
            "metadata" => {
                let metadata = self.value()?;
                if let Some(value) = metadata.get("component") {
                    self.gathered.take_subject(value);
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
            "services" => self.gathered.totals.services = self.counted()?,
            "dependencies" => self.gathered.totals.dependencies = self.counted()?,
            _ => self.json.skip()?,
        }
        Ok(())
    }

    fn value(&mut self) -> Result<Value, ReadError> {
        Value::read(&mut self.json, self.gathered.room)
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
}
