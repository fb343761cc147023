//! The engines it is held against, each with the policy in the form that it suggests for roles, and loaded beforehand.

use std::{fmt::Write as _, str::FromStr as _};

use casbin::{CoreApi as _, DefaultModel, Enforcer, MemoryAdapter, MgmtApi as _};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use regorus::{Engine, Value};
use serde_json::json;

use crate::{Asked, Decider, Failure, KINDS, Policy};

/// Cedar: roles are groups, and a policy permits what a role has.
pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    ready: Option<Request>,
}

impl Cedar {
    pub(crate) fn new(policy: &Policy) -> Result<Self, Failure> {
        let condition = if policy.under_condition { " when { resource.status == \"open\" }" } else { "" };
        let mut text = String::new();
        for (role, own) in policy.own.iter().enumerate() {
            for (kind, action) in own {
                writeln!(
                    text,
                    "permit(principal in Role::\"{role}\", action == Action::\"{action}\", resource is Kind{kind}){condition};"
                )?;
            }
        }
        let uid = |kind: &str, id: &dyn std::fmt::Display| json!({"type": kind, "id": id.to_string()});
        let mut entities = Vec::new();
        for role in 0..policy.own.len() {
            // What a role has, those below it have too.
            let above: Vec<_> = Policy::above(role as u32).iter().map(|above| uid("Role", above)).collect();
            entities.push(json!({"uid": uid("Role", &role), "attrs": {}, "parents": above}));
        }
        for (person, held) in policy.held.iter().enumerate() {
            let roles: Vec<_> = held.iter().map(|role| uid("Role", role)).collect();
            entities.push(json!({"uid": uid("User", &person), "attrs": {}, "parents": roles}));
        }
        for kind in 0..KINDS {
            for status in ["open", "closed"] {
                let uid = uid(&format!("Kind{kind}"), &status);
                entities.push(json!({"uid": uid, "attrs": {"status": status}, "parents": []}));
            }
        }
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(&text)?,
            entities: Entities::from_json_value(entities.into(), None)?,
            ready: None,
        })
    }
}

impl Decider for Cedar {
    fn name(&self) -> &'static str {
        "cedar-policy"
    }

    fn ready(&mut self, asked: Asked) {
        let uid = |text: String| EntityUid::from_str(&text).ok();
        let status = if asked.is_open { "open" } else { "closed" };
        self.ready = (|| {
            let principal = uid(format!("User::\"{}\"", asked.person))?;
            let action = uid(format!("Action::\"{}\"", asked.action))?;
            let resource = uid(format!("Kind{}::\"{status}\"", asked.kind))?;
            Request::new(principal, action, resource, Context::empty(), None).ok()
        })();
    }

    fn decide(&mut self, _: Asked) -> bool {
        let Some(request) = &self.ready else { return false };
        self.authorizer.is_authorized(request, &self.policies, &self.entities).decision() == Decision::Allow
    }
}

/// Regorus: Rego over data, the roles above worked out beforehand.
pub(crate) struct Rego {
    engine: Engine,
}

const REGO: &str = r#"
package access
default allow := false
allow if {
  some role in data.held[input.person]
  some above in data.above[role]
  some status in data.gives[above][input.what]
  status in ["any", input.status]
}
"#;

impl Rego {
    pub(crate) fn new(policy: &Policy) -> Result<Self, Failure> {
        let mut engine = Engine::new();
        engine.add_policy("access.rego".to_owned(), REGO.to_owned())?;
        let text = |number: &u32| number.to_string();
        let held: serde_json::Map<_, _> = policy
            .held
            .iter()
            .enumerate()
            .map(|(person, roles)| (person.to_string(), json!(roles.iter().map(text).collect::<Vec<_>>())))
            .collect();
        let (mut above, mut gives) = (serde_json::Map::new(), serde_json::Map::new());
        for (role, own) in policy.own.iter().enumerate() {
            let chain = std::iter::successors(Some(role as u32), |role| Policy::above(*role));
            above.insert(role.to_string(), json!(chain.map(|role| role.to_string()).collect::<Vec<_>>()));
            let status = if policy.under_condition { "open" } else { "any" };
            let own: serde_json::Map<_, _> =
                own.iter().map(|(kind, action)| (format!("{kind}:{action}"), json!([status]))).collect();
            gives.insert(role.to_string(), own.into());
        }
        engine.add_data(Value::from_json_str(&json!({"held": held, "above": above, "gives": gives}).to_string())?)?;
        Ok(Self { engine })
    }
}

impl Decider for Rego {
    fn name(&self) -> &'static str {
        "regorus"
    }

    fn ready(&mut self, asked: Asked) {
        let input = json!({
            "person": asked.person.to_string(), "what": format!("{}:{}", asked.kind, asked.action),
            "status": if asked.is_open { "open" } else { "closed" },
        });
        if let Ok(input) = Value::from_json_str(&input.to_string()) {
            self.engine.set_input(input);
        }
    }

    fn decide(&mut self, _: Asked) -> bool {
        self.engine.eval_rule("data.access.allow".to_owned()).is_ok_and(|value| value == Value::from(true))
    }
}

/// Casbin: roles with a hierarchy, as its own examples have them.
pub(crate) struct Casbin {
    enforcer: Enforcer,
}

impl Casbin {
    pub(crate) fn new(policy: &Policy) -> Result<Self, Failure> {
        let model = "[request_definition]\nr = sub, obj, act, status\n[policy_definition]\np = sub, obj, act, status\n\
            [role_definition]\ng = _, _\n[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\n\
            m = r.obj == p.obj && r.act == p.act && (p.status == \"any\" || r.status == p.status) && g(r.sub, p.sub)\n";
        let status = if policy.under_condition { "open" } else { "any" };
        let mut rules = Vec::new();
        let mut groups = Vec::new();
        for (role, own) in policy.own.iter().enumerate() {
            rules.extend(own.iter().map(|(kind, action)| {
                vec![format!("r{role}"), format!("kind{kind}"), format!("action{action}"), status.to_owned()]
            }));
            groups.extend(Policy::above(role as u32).map(|above| vec![format!("r{role}"), format!("r{above}")]));
        }
        for (person, held) in policy.held.iter().enumerate() {
            groups.extend(held.iter().map(|role| vec![format!("u{person}"), format!("r{role}")]));
        }
        // It refuses all of them when two are the same.
        rules.sort_unstable();
        rules.dedup();
        groups.sort_unstable();
        groups.dedup();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let enforcer = runtime.block_on(async {
            let model = DefaultModel::from_str(model).await?;
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
            enforcer.add_policies(rules).await?;
            enforcer.add_grouping_policies(groups).await?;
            Ok::<_, casbin::Error>(enforcer)
        })?;
        Ok(Self { enforcer })
    }
}

impl Decider for Casbin {
    fn name(&self) -> &'static str {
        "casbin"
    }

    fn decide(&mut self, asked: Asked) -> bool {
        let status = if asked.is_open { "open" } else { "closed" };
        let (person, kind) = (format!("u{}", asked.person), format!("kind{}", asked.kind));
        self.enforcer.enforce((person, kind, format!("action{}", asked.action), status)).unwrap_or(false)
    }
}
