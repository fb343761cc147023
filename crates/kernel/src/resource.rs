//! A declaration: what a served table is called and what may be done with it. Types, nullability, allowed values,
//! keys and comments are not repeated here; they are read from PostgreSQL (see [`crate::Schema`]).

/// What plain serving offers for a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET /v1/things`, exports included.
    List,
    /// `GET /v1/things/{id}` and its history.
    Read,
    /// `POST /v1/things`
    Create,
    /// `PATCH /v1/things/{id}`
    Update,
    /// `DELETE /v1/things/{id}`
    Delete,
    /// `POST /v1/things/{id}/restore`
    Restore,
}

/// How a status may move.
#[derive(Debug, Clone, Copy)]
pub struct StatusMoves {
    /// The status column.
    pub column: &'static str,
    /// The states in which a record may be created; the first is the database's default.
    pub initial: &'static [&'static str],
    /// From each state, the states that may follow.
    pub moves: &'static [(&'static str, &'static [&'static str])],
    /// Timestamp columns set when a state is entered.
    pub stamps: &'static [(&'static str, &'static str)],
}

impl StatusMoves {
    /// The states that may follow `state`.
    pub fn after(&self, state: &str) -> &'static [&'static str] {
        self.moves.iter().find(|(from, _)| *from == state).map_or(&[], |(_, to)| to)
    }
}

/// What writing a resource does to rights: whoever writes must hold what somebody gains by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Its rows say what roles and permissions give.
    Roles,
    /// Its rows give a permission to one person.
    InPerson,
    /// Its rows are about the member in this key column, and conditions may ask for what they say.
    Member(&'static str),
    /// Its rows are teams, and conditions may ask for a member's teams.
    Team,
    /// Its rows are things that rights can be limited to, one within another.
    Tree,
}

/// What a condition is about, and so what it may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// No kind of thing in particular.
    Context,
    /// Things of the type that this column names.
    Type(&'static str),
    /// Things of the type of the permission that this column names.
    Permission(&'static str),
}

/// A declared resource. Built with `const` functions, kept in a `static`.
#[derive(Debug)]
pub struct Resource {
    /// The collection's name in addresses: plural, kebab-case.
    pub name: &'static str,
    /// The table, with its schema.
    pub table: &'static str,
    /// The permission type in `authz.resource_types`, also the type in audit rows.
    pub permission: &'static str,
    /// The column that names a record to a person.
    pub title: &'static str,
    /// The key columns besides the organisation.
    pub key: &'static [&'static str],
    /// The prefix of its human keys, such as `REQ`.
    pub human_key: Option<&'static str>,
    /// Columns a caller may give when creating and change later.
    pub writable: &'static [&'static str],
    /// Columns a caller may give when creating only.
    pub create_only: &'static [&'static str],
    /// Required columns that the database fills when nothing is given, beside those with a default.
    pub filled: &'static [&'static str],
    /// The column that names the parent from which the project is taken, and the parent's resource.
    pub parent: Option<(&'static str, &'static str)>,
    /// Columns never served: secrets.
    pub hidden: &'static [&'static str],
    /// Large columns, served with one record and on request, not in lists.
    pub detail: &'static [&'static str],
    /// The long text of which search shows a piece. `None`: search does not lead here, because its records are not those that
    /// the registry knows under this permission type.
    pub searched: Option<&'static str>,
    /// Columns with personal data, for masking and export.
    pub personal: &'static [&'static str],
    /// Columns that may be empty but ought not to be: what completeness is measured by, beside the required ones.
    pub expected: &'static [&'static str],
    /// The column that names the person it belongs to, who may always see and handle it themselves.
    pub owner: Option<&'static str>,
    /// The column that holds a permission type: who may read that type may read the row.
    pub tells_of: Option<&'static str>,
    /// The history table from which `as_of` reads, and its column for the record.
    pub versions: Option<(&'static str, &'static str)>,
    /// The action that creating, changing and deleting need instead of their own.
    pub write_action: Option<&'static str>,
    /// The column that names a role given to somebody: nobody gives what they do not hold.
    pub confers: Option<&'static str>,
    /// What writing it does to rights.
    pub rights: Option<Rights>,
    /// Columns that hold conditions, which are read when they are written.
    pub conditions: &'static [(&'static str, About)],
    /// Columns that take more than the right to change the record, each with the permission type and the action that
    /// giving it another value needs besides.
    pub guarded: &'static [(&'static str, &'static str, &'static str)],
    /// A column of which values that begin so are the server's own to write: no caller may give one.
    pub reserved: Option<(&'static str, &'static [&'static str])>,
    /// The order of lists that ask for none, as in a `sort` parameter.
    pub default_sort: &'static str,
    /// How the status moves.
    pub status: Option<StatusMoves>,
    /// What is offered.
    pub verbs: &'static [Verb],
    /// Where a page shows it: the section of the interface. Empty: no page of its own.
    pub page: &'static str,
}

const EVERYTHING: &[Verb] = &[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete, Verb::Restore];

impl Resource {
    /// A resource with an `id`, offered in full.
    pub const fn new(name: &'static str, table: &'static str, permission: &'static str, title: &'static str) -> Self {
        Self {
            name,
            table,
            permission,
            title,
            key: &["id"],
            human_key: None,
            writable: &[],
            create_only: &[],
            filled: &[],
            parent: None,
            hidden: &[],
            detail: &[],
            searched: None,
            personal: &[],
            expected: &[],
            owner: None,
            tells_of: None,
            versions: None,
            write_action: None,
            confers: None,
            rights: None,
            conditions: &[],
            guarded: &[],
            reserved: None,
            default_sort: "-id",
            status: None,
            verbs: EVERYTHING,
            page: "",
        }
    }

    /// Sets the key columns besides the organisation, where they are not `id`.
    #[must_use]
    pub const fn key(mut self, columns: &'static [&'static str]) -> Self {
        self.key = columns;
        self
    }

    /// Sets the prefix of its human keys.
    #[must_use]
    pub const fn human_key(mut self, prefix: &'static str) -> Self {
        self.human_key = Some(prefix);
        self
    }

    /// Sets the columns a caller may write at any time.
    #[must_use]
    pub const fn writable(mut self, columns: &'static [&'static str]) -> Self {
        self.writable = columns;
        self
    }

    /// Sets the columns a caller may give when creating only.
    #[must_use]
    pub const fn create_only(mut self, columns: &'static [&'static str]) -> Self {
        self.create_only = columns;
        self
    }

    /// Sets the required columns that a trigger fills.
    #[must_use]
    pub const fn filled(mut self, columns: &'static [&'static str]) -> Self {
        self.filled = columns;
        self
    }

    /// Names the parent from which the project is taken.
    #[must_use]
    pub const fn child_of(mut self, column: &'static str, resource: &'static str) -> Self {
        self.parent = Some((column, resource));
        self
    }

    /// Sets the columns that are never served.
    #[must_use]
    pub const fn hidden(mut self, columns: &'static [&'static str]) -> Self {
        self.hidden = columns;
        self
    }

    /// Sets the large columns.
    #[must_use]
    pub const fn detail(mut self, columns: &'static [&'static str]) -> Self {
        self.detail = columns;
        self
    }

    /// Says that search finds its records, which are in the registry under the name of their permission type, and names the
    /// long text of which it shows a piece.
    #[must_use]
    pub const fn searched(mut self, column: &'static str) -> Self {
        self.searched = Some(column);
        self
    }

    /// Sets the columns with personal data.
    #[must_use]
    pub const fn personal(mut self, columns: &'static [&'static str]) -> Self {
        self.personal = columns;
        self
    }

    /// Sets the columns that may be empty but ought not to be.
    #[must_use]
    pub const fn expected(mut self, columns: &'static [&'static str]) -> Self {
        self.expected = columns;
        self
    }

    /// Names the column of the person it belongs to, who may always see and handle it themselves.
    #[must_use]
    pub const fn owned_by(mut self, column: &'static str) -> Self {
        self.owner = Some(column);
        self
    }

    /// Names the column with the permission type a row tells of: only who may read that type sees the row.
    #[must_use]
    pub const fn telling_of(mut self, column: &'static str) -> Self {
        self.tells_of = Some(column);
        self
    }

    /// Names the table that keeps its versions, and the column there that names the record.
    #[must_use]
    pub const fn versions(mut self, history: &'static str, column: &'static str) -> Self {
        self.versions = Some((history, column));
        self
    }

    /// Sets one action that creating, changing and deleting need instead of their own.
    #[must_use]
    pub const fn write_action(mut self, action: &'static str) -> Self {
        self.write_action = Some(action);
        self
    }

    /// Names the column that gives a role to somebody.
    #[must_use]
    pub const fn conferring(mut self, column: &'static str) -> Self {
        self.confers = Some(column);
        self
    }

    /// Says what writing it does to rights.
    #[must_use]
    pub const fn deciding(mut self, rights: Rights) -> Self {
        self.rights = Some(rights);
        self
    }

    /// Names the columns that hold conditions, and what each is about.
    #[must_use]
    pub const fn conditions(mut self, columns: &'static [(&'static str, About)]) -> Self {
        self.conditions = columns;
        self
    }

    /// Names columns whose change needs, besides `update`, an action on a permission type: `("visibility", "project",
    /// "manage_members")`. Creating needs it for any value but the database's own, or the creator themselves.
    #[must_use]
    pub const fn guarded(mut self, columns: &'static [(&'static str, &'static str, &'static str)]) -> Self {
        self.guarded = columns;
        self
    }

    /// Names a column of which values that begin so are written by the server alone, whatever a caller may.
    #[must_use]
    pub const fn reserved(mut self, column: &'static str, beginnings: &'static [&'static str]) -> Self {
        self.reserved = Some((column, beginnings));
        self
    }

    /// The permission type and the action that changing `column` needs besides.
    pub fn guard_of(&self, column: &str) -> Option<(&'static str, &'static str)> {
        self.guarded.iter().find(|(name, ..)| *name == column).map(|(_, kind, action)| (*kind, *action))
    }

    /// The action in `authz` that `action` on this resource needs.
    pub fn needs(&self, action: &'static str) -> &'static str {
        match (self.write_action, action) {
            (Some(instead), "create" | "update" | "delete" | "restore") => instead,
            _ => action,
        }
    }

    /// Sets the order of lists that ask for none.
    #[must_use]
    pub const fn sorted_by(mut self, sort: &'static str) -> Self {
        self.default_sort = sort;
        self
    }

    /// Sets how the status moves.
    #[must_use]
    pub const fn status(mut self, moves: StatusMoves) -> Self {
        self.status = Some(moves);
        self
    }

    /// Sets what is offered.
    #[must_use]
    pub const fn verbs(mut self, verbs: &'static [Verb]) -> Self {
        self.verbs = verbs;
        self
    }

    /// Sets the section of the interface that shows it.
    #[must_use]
    pub const fn page(mut self, section: &'static str) -> Self {
        self.page = section;
        self
    }

    /// Whether `verb` is offered.
    pub fn offers(&self, verb: Verb) -> bool {
        self.verbs.contains(&verb)
    }

    /// The resource as a person says it: `test case`.
    pub fn words(&self) -> String {
        singular(&self.plural_words())
    }

    /// Several of it as a person says it: `test cases`.
    pub fn plural_words(&self) -> String {
        self.name.replace('-', " ")
    }
}

/// The singular of an English plural as our collections use them.
fn singular(plural: &str) -> String {
    match plural {
        word if word.ends_with("ies") => format!("{}y", &word[..word.len() - 3]),
        word if word.ends_with("sses") || word.ends_with("ches") => word[..word.len() - 2].to_owned(),
        word => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_plural_has_its_singular() {
        for (plural, one) in
            [("test cases", "test case"), ("repositories", "repository"), ("branches", "branch"), ("builds", "build")]
        {
            assert_eq!(super::singular(plural), one);
        }
    }
}
