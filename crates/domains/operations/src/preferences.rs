//! Choosing how to be told: an operation, because everybody may do it for themselves and for nobody else.

use kernel::{Change, Ctx, Error, Operation, Tx, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

kernel::action!(
    /// Choose it for oneself.
    pub Choose = "create");

const CHOOSE: &str = "
insert into platform.notification_preferences (user_id, notification_type, channel, is_enabled)
values ($1, $2, $3, $4)
on conflict (organization_id, user_id, notification_type, channel) do update set is_enabled = excluded.is_enabled";

/// A channel.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Channel {
    InApp,
    Email,
    Sms,
    Push,
    Webhook,
    Chat,
}

impl Channel {
    const fn name(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Webhook => "webhook",
            Self::Chat => "chat",
        }
    }
}

/// A choice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// What it is about, such as `requirement.assigned`; `*` for everything without a choice of its own.
    #[schemars(regex(pattern = r"^(\*|[a-z][a-z0-9_.]{0,99})$"))]
    notification_type: String,
    /// The channel.
    channel: Channel,
    /// Whether to be told by it.
    is_enabled: bool,
}

/// A choice that holds.
#[derive(Debug, Serialize, JsonSchema)]
struct Chosen {
    /// The preference.
    id: String,
    /// Whose it is.
    user_id: Uuid,
}

async fn choose(ctx: &Ctx, tx: &mut Tx, input: Choice) -> Result<Chosen, Error> {
    let (person, channel) = (ctx.principal.user_id, input.channel.name());
    if input.notification_type.contains('\0') {
        let problem = base::Problem::invalid("A text contains the character U+0000.");
        return Err(problem.field("/notification_type", "holds U+0000").into());
    }
    tx.execute(CHOOSE, &[&person, &input.notification_type, &channel, &input.is_enabled]).await?;
    let id = format!("{person}~{}~{channel}", input.notification_type);
    let change = Change {
        event: "notification.chosen",
        resource_type: "notification",
        resource_id: id.clone(),
        resource_name: Some(format!("{} by {channel}", input.notification_type)),
        project: None,
        old: Some(json!({})),
        new: Some(json!({"is_enabled": input.is_enabled})),
    };
    record(ctx, tx, &change).await?;
    Ok(Chosen { id, user_id: person })
}

/// Choosing.
pub(crate) fn choosing() -> Operation {
    Operation::on_collection::<Choose, Choice, Chosen, _>(
        "notification-preferences",
        "choose",
        "Chooses for yourself by which channel to hear of what.",
        |ctx, tx, input| Box::pin(choose(ctx, tx, input)),
    )
}
