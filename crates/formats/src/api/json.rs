//! A description as JSON, piece by piece.

use std::io::BufRead;

use super::Description;
use super::gather::{Gathering, REFERRED};
use crate::json::{Json, Token, Value};
use crate::{Limits, ReadError};

pub(super) fn read(inner: impl BufRead, limits: &Limits) -> Result<Description, ReadError> {
    let mut json = Json::new(inner, limits);
    let mut gathering = Gathering::new(limits);
    let room = limits.max_record_bytes;
    if !json.enter_object()? {
        return Err(json.error("a description of an interface is a JSON object"));
    }
    while let Token::Name(name) = json.next()? {
        match name.as_str() {
            "paths" | "webhooks" => {
                if !json.enter_object()? {
                    return Err(json.error(format!("`{name}` is an object")));
                }
                while let Token::Name(path) = json.next()? {
                    let line = json.line();
                    if name == "webhooks" {
                        json.skip()?;
                        gathering.webhook();
                    } else {
                        let item = Value::read(&mut json, room)?;
                        gathering.path(&path, &item, Some(line))?;
                    }
                }
            }
            "components" => {
                if json.enter_object()? {
                    while let Token::Name(kind) = json.next()? {
                        components(&mut json, &mut gathering, &kind, room)?;
                    }
                }
            }
            // What Swagger 2.0 has at its top.
            "definitions" => components(&mut json, &mut gathering, "schemas", room)?,
            "openapi" | "swagger" | "info" | "servers" | "host" | "basePath" | "schemes" | "consumes" | "produces"
            | "responses" | "parameters" => {
                let line = json.line();
                let value = Value::read(&mut json, room)?;
                gathering.member(&name, &value, Some(line))?;
            }
            _ => json.skip()?,
        }
    }
    let line = json.line();
    json.next()?;
    gathering.finish(line, json.replaced())
}

/// What operations may refer to is kept, schemas are counted.
fn components<R: BufRead>(
    json: &mut Json<R>,
    gathering: &mut Gathering,
    kind: &str,
    room: usize,
) -> Result<(), ReadError> {
    let is_kept = REFERRED.contains(&kind);
    if !is_kept && kind != "schemas" {
        return json.skip();
    }
    if !json.enter_object()? {
        return Ok(());
    }
    while let Token::Name(name) = json.next()? {
        if is_kept {
            let value = Value::read(json, room)?;
            gathering.component(kind, &name, &value, json.line())?;
        } else {
            json.skip()?;
            gathering.schema();
        }
    }
    Ok(())
}
