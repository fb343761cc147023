//! An operation declares what plain writing cannot say: an approval, an import, a link. Every door mounts it.

use std::{future::Future, pin::Pin, sync::Arc};

use base::{FieldError, Problem};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Action, Allowed, Collection, Ctx, Error, Record, access::authorise, store::Tx};

/// What an operation is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One record of a resource: `POST /v1/things/{id}/operation`.
    Record(&'static str),
    /// A resource as a whole: `POST /v1/things/operation`, or `POST /v1/things` when the operation is called `create`.
    Collection(&'static str),
}

impl Subject {
    /// The resource's name.
    pub const fn resource(self) -> Option<&'static str> {
        match self {
            Self::Record(name) | Self::Collection(name) => Some(name),
        }
    }
}

/// How an operation's input reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A JSON body.
    Json,
    /// Files and form fields; the door spools the files and hands over their places.
    Files,
}

/// A call of an operation.
#[derive(Debug, Clone)]
pub struct Call {
    /// The record's identifier, for operations on a record.
    pub id: Option<String>,
    /// The input, still untyped.
    pub input: Value,
}

type Handling<'a> = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send + 'a>>;
type Handler = dyn for<'a> Fn(&'a Ctx, &'a mut Tx, Call) -> Handling<'a> + Send + Sync;

/// A declared operation.
pub struct Operation {
    /// Its name in addresses, kebab-case.
    pub name: &'static str,
    /// What it is done to.
    pub subject: Subject,
    /// The action that must be granted.
    pub action: &'static str,
    /// One sentence on what it does.
    pub summary: &'static str,
    /// How its input arrives.
    pub input: Input,
    /// The schema of its input.
    pub input_schema: Value,
    /// The schema of its output.
    pub output_schema: Value,
    /// The status of a success.
    pub status: u16,
    /// The member of its output that is shown once and never kept, not even to answer a repeated request.
    pub shown_once: Option<&'static str>,
    handler: Arc<Handler>,
}

impl Operation {
    /// An operation on one record, which is locked while it runs.
    pub fn on_record<A, I, O, F>(resource: &'static str, name: &'static str, summary: &'static str, run: F) -> Self
    where
        A: Action,
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + 'static,
        F: for<'a> Fn(
                &'a Ctx,
                &'a mut Tx,
                Allowed<Record, A>,
                I,
            ) -> Pin<Box<dyn Future<Output = Result<O, Error>> + Send + 'a>>
            + Send
            + Sync
            + Clone
            + 'static,
    {
        let handler = erase(move |ctx, tx, call| {
            let run = run.clone();
            Box::pin(async move {
                let served =
                    ctx.catalogue().get(resource).ok_or_else(|| Error::Broken(format!("{resource} is not served")))?;
                let input: I = typed(call.input)?;
                let record = Record::find(tx, served, call.id.as_deref().unwrap_or_default(), true).await?;
                let output = run(ctx, tx, authorise::<A, _>(ctx, record)?, input).await?;
                to_value(output)
            })
        });
        Self::new::<A, I, O>(Subject::Record(resource), name, summary, handler)
    }

    /// An operation on a resource as a whole. It finds out the project from its input and proves permission itself,
    /// with [`authorise`] on a [`Collection`].
    pub fn on_collection<A, I, O, F>(resource: &'static str, name: &'static str, summary: &'static str, run: F) -> Self
    where
        A: Action,
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + 'static,
        F: for<'a> Fn(&'a Ctx, &'a mut Tx, I) -> Pin<Box<dyn Future<Output = Result<O, Error>> + Send + 'a>>
            + Send
            + Sync
            + Clone
            + 'static,
    {
        let handler = erase(move |ctx, tx, call| {
            let run = run.clone();
            Box::pin(async move {
                let input: I = typed(call.input)?;
                to_value(run(ctx, tx, input).await?)
            })
        });
        Self::new::<A, I, O>(Subject::Collection(resource), name, summary, handler)
    }

    fn new<A: Action, I: JsonSchema, O: JsonSchema>(
        subject: Subject,
        name: &'static str,
        summary: &'static str,
        handler: Arc<Handler>,
    ) -> Self {
        Self {
            name,
            subject,
            action: A::NAME,
            summary,
            input: Input::Json,
            input_schema: schema_of::<I>(true),
            output_schema: schema_of::<O>(false),
            status: 200,
            shown_once: None,
            handler,
        }
    }

    /// The same operation, taking files.
    #[must_use]
    pub fn with_files(mut self) -> Self {
        self.input = Input::Files;
        self
    }

    /// The same operation, with a secret in its output that is shown once: a repeated request is answered with null
    /// in its place.
    #[must_use]
    pub fn showing_once(mut self, member: &'static str) -> Self {
        self.shown_once = Some(member);
        if let Some(shown) = self.output_schema.pointer_mut(&format!("/properties/{member}/type")) {
            *shown = serde_json::json!([shown.clone(), "null"]);
        }
        self
    }

    /// The same operation, answering with `status`.
    #[must_use]
    pub fn answering(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Runs the operation inside a transaction of the caller's.
    ///
    /// # Errors
    /// Whatever the operation says, and 422 for input that does not fit its type.
    pub async fn run(&self, ctx: &Ctx, tx: &mut Tx, call: Call) -> Result<Value, Error> {
        (self.handler)(ctx, tx, call).await
    }
}

fn erase<F>(handler: F) -> Arc<Handler>
where
    F: for<'a> Fn(&'a Ctx, &'a mut Tx, Call) -> Handling<'a> + Send + Sync + 'static,
{
    Arc::new(handler)
}

/// A JSON value as the operation's input type.
fn typed<I: DeserializeOwned>(input: Value) -> Result<I, Error> {
    let input = if input.is_null() { Value::Object(serde_json::Map::new()) } else { input };
    serde_json::from_value(input).map_err(|error| {
        let detail = error.to_string();
        Problem::of_fields(vec![FieldError { pointer: String::new(), detail }]).into()
    })
}

fn to_value(output: impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(output).map_err(|error| Error::Broken(error.to_string()))
}

/// The JSON schema (2020-12) of a type, without references.
pub fn schema_of<T: JsonSchema>(for_input: bool) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    if for_input {
        settings.contract = schemars::generate::Contract::Deserialize;
    } else {
        settings.contract = schemars::generate::Contract::Serialize;
    }
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}

/// The place where operations on a resource as a whole are allowed.
impl Collection {
    /// The collection of `resource` in `project`.
    pub fn of(resource: &'static crate::Resource, project: Option<uuid::Uuid>) -> Self {
        Self { resource, project }
    }
}
